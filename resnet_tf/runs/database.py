"""The connection to the store: SQLite in WAL mode, or whatever a URL names, brought to the newest schema."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from resnet_tf.runs.failures import StoreUnavailable, WorkbenchError, database_sentence
from resnet_tf.runs.home import Lock

HEAD = "0002"  # the newest migration; with it in place Alembic need not be loaded (0.3 s)
PATIENCE = 3.0  # seconds to wait for a lock that another program holds
_DRIVERS = re.compile(r"^postgres(ql)?://")  # as hosts write it, without a driver
_PASSING = (OperationalError, InterfaceError, PoolTimeout)
_MIGRATING = 0x5E5E7  # the number of Postgres' advisory lock


class Database:
    """Transactions on the store, safe in threads. Whatever goes wrong in one is raised as StoreUnavailable."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(_DRIVERS.sub("postgresql+psycopg://", url))
            self._engine = self._connectable()
        except (SQLAlchemyError, ImportError) as error:
            raise WorkbenchError(f"DATABASE_URL cannot be used: {error}") from error
        weakref.finalize(self, self._engine.dispose)  # SQLite's connections are closed by nobody else
        self._file = Path(self._url.database).absolute() if self._is_sqlite and self._url.database else None
        self._inode: int | None = None

    @property
    def place(self) -> str:
        """Where the records are, without a password."""
        return str(self._file) if self._file else self._url.render_as_string(hide_password=True)

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _connectable(self) -> Engine:
        if not self._is_sqlite:
            return create_engine(self._url, pool_pre_ping=True)
        engine = create_engine(self._url, poolclass=QueuePool, connect_args={"timeout": PATIENCE})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def migrate(self) -> None:
        """Brings the schema to the newest version; one opener does it, others wait for it."""
        if self._version() == HEAD:
            return
        if self._file is None:
            self._upgrade()
            return
        lock = Lock(self._file.with_name(f"{self._file.name}.migrating"))
        lock.acquire(wait=True)
        try:
            if self._version() != HEAD:
                self._make_sqlite()
                self._upgrade()
        finally:
            lock.release()

    def _make_sqlite(self) -> None:
        with self._spoken(), self._engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # the mode of the journal cannot change inside a transaction
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN")
        self._inode = self._inode_now()

    def _version(self) -> str | None:
        if self._file is not None and not self._file.exists():
            return None
        with self.reading() as connection:
            if not connection.dialect.has_table(connection, "alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", "resnet_tf.runs:migrations")
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATING})
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise WorkbenchError(
                    f"The records at {self.place} are not of this version ({error}): update resnet_tf, or name another "
                    "folder in RESNET_TF_HOME"
                ) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the store."""
        with self._spoken():
            self._check_file()
            with self._engine.connect() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at its end, or not at all."""
        with self._spoken():
            self._check_file()
            with self._engine.connect().execution_options(writing=True) as connection, connection.begin():
                yield connection

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """Says what went wrong: StoreUnavailable for what may pass, WorkbenchError for what will not."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            passing = isinstance(error, _PASSING) or type(error) is DatabaseError
            kind = StoreUnavailable if passing else WorkbenchError
            raise kind(database_sentence(cause, self.place)) from error

    def _inode_now(self) -> int | None:
        try:
            return os.stat(self._file).st_ino
        except FileNotFoundError:
            return None

    def _check_file(self) -> None:
        """Notices a file that was deleted or replaced: an open connection would go on writing into the void."""
        if self._file is None:
            return
        inode = self._inode_now()
        if self._inode is not None and inode != self._inode:
            self._engine.dispose()
        if self._inode is not None and inode is None:
            raise StoreUnavailable(
                f"The records are gone: {self._file} was moved or deleted. Put it back, or restart to begin a new one."
            )
        self._inode = inode


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")  # in WAL mode a killed process loses nothing that was committed


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: one that reads first and then writes cannot wait for another writer."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
