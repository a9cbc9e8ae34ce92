"""The connection to the store: SQLite in WAL mode, or whatever a URL names, brought to the newest schema."""

from __future__ import annotations

import os
import re
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from resnet_tf.runs.answers import MOMENT, Silence
from resnet_tf.runs.clock import Watch
from resnet_tf.runs.failures import StoreUnavailable, WorkbenchError, database_remedy, database_sentence
from resnet_tf.runs.home import Lock

HEAD = "0008"  # the newest migration; with it in place Alembic need not be loaded (0.3 s)
CONNECTIONS = 15  # of a process to PostgreSQL, made as they are needed
PATIENCE = 3.0  # seconds to wait for a lock that another program holds
# a server that is gone with its whole machine, or behind a network that is cut, says nothing: seconds, milliseconds
REACH = {"connect_timeout": 3, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 3}
JUST_USED = 0.02  # seconds ago: less than any database takes to go and come back, and more than a page's questions
PAUSE = 0.1  # seconds before a connection is sought again
_DRIVERS = re.compile(r"^postgres(ql)?://")  # as hosts write it, without a driver
_GONE = (OperationalError, InterfaceError)
_PASSING = (*_GONE, PoolTimeout)
_MIGRATING = 0x5E5E7  # the number of Postgres' advisory lock


class Database:
    """Transactions on the store, safe in threads. Whatever goes wrong in one is raised as StoreUnavailable."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(_DRIVERS.sub("postgresql+psycopg://", url))
            self._engine = self._connectable()
        except (SQLAlchemyError, ImportError) as error:
            raise WorkbenchError(f"DATABASE_URL cannot be used: {error}") from error
        # PostgreSQL shows each statement what is committed by then, in a transaction or not: without one a page's
        # questions need half as many messages
        self._reader = self._engine if self._is_sqlite else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        weakref.finalize(self, self._engine.dispose)  # SQLite's connections are closed by nobody else
        self._file = Path(self._url.database).absolute() if self._is_sqlite and self._url.database else None
        self._inode: int | None = None
        self.silence, self.watch = Silence(), Watch()

    @property
    def place(self) -> str:
        """Where the records are, without a password."""
        return str(self._file) if self._file else self._url.render_as_string(hide_password=True)

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _connectable(self) -> Engine:
        if not self._is_sqlite:
            reach = REACH if self._url.get_backend_name() == "postgresql" else {}
            own = {name: value for name, value in reach.items() if name not in self._url.query}
            # kept, not made anew for a burst of questions: signing in takes longer than most of them
            engine = create_engine(
                self._url, pool_size=CONNECTIONS, max_overflow=0, pool_use_lifo=True, connect_args=own
            )
            event.listen(engine, "checkin", _note_use)
            event.listen(engine, "checkout", partial(_ask_whether_alive, engine))
            return engine
        engine = create_engine(self._url, poolclass=QueuePool, connect_args={"timeout": PATIENCE})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def close(self) -> None:
        """Lets go of all connections that nobody is using; the next question opens new ones."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Brings the schema to the newest version; one opener does it, others wait for it."""
        if self.version() != HEAD:
            self.move("head")

    def move(self, revision: str) -> None:
        """Brings the schema to a version, up or down. Raises WorkbenchError for one that there is not."""
        if self._file is None:
            self._go(revision)
            return
        lock = Lock(self._file.with_name(f"{self._file.name}.migrating"))
        lock.acquire(wait=True)
        try:
            self._make_sqlite()
            self._go(revision)
        finally:
            lock.release()

    def _make_sqlite(self) -> None:
        with self._spoken(), self._engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # the mode of the journal cannot change inside a transaction
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN")
        self._inode = self._inode_now()

    def version(self) -> str | None:
        """The migration that the schema has; None without a schema."""
        if self._file is not None and not self._file.exists():
            return None
        with self.reading() as connection:
            return self._version_in(connection)

    @staticmethod
    def _version_in(connection: Connection) -> str | None:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def _go(self, revision: str) -> None:
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
                down = revision not in ("head", HEAD) and revision < (self._version_in(connection) or "")
                (command.downgrade if down else command.upgrade)(config, revision)
            except CommandError as error:
                raise WorkbenchError(
                    f"The records at {self.place} are not of this version ({error}): update resnet_tf, or name another "
                    "folder in RESNET_TF_HOME"
                ) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """For questions; in SQLite a transaction, which sees one moment of the store."""
        with self._spoken(), self._connected(self._reader) as connection:
            yield connection

    def ask(self) -> None:
        """Returns if the records answer. Raises StoreUnavailable, as any question does."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at its end, or not at all."""
        with self._spoken(), self._connected(self._engine) as connection:
            connection.execution_options(writing=True)
            with connection.begin():
                yield connection

    def _connected(self, engine: Engine) -> Connection:
        """A connection; where the records have just ceased to answer it is sought for a moment."""
        while True:
            try:
                self._check_file()
                return engine.connect()
            except (*_GONE, StoreUnavailable):
                self.silence.begin()
                if self.silence.seconds > MOMENT:
                    raise
                time.sleep(PAUSE)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """Says what went wrong: StoreUnavailable for what may pass, WorkbenchError for what will not."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            said = database_sentence(cause, self.place)
            if not isinstance(error, _PASSING) and type(error) is not DatabaseError:
                raise WorkbenchError(said) from error
            self.silence.begin()
            raise StoreUnavailable(said, database_remedy(cause, self.place), self.silence.seconds) from error
        self.silence.end()

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
            remedy = f"{self._file} was moved or deleted. Put it back, or restart to begin a new one"
            raise StoreUnavailable(f"The records are gone: {remedy}.", remedy, self.silence.seconds)
        self._inode = inode


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ask_whether_alive(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Tells the pool where a connection is dead.

    One that was just used is not asked, as `pool_pre_ping` would: that was every other message of a page.
    """
    used = record.info.get("used")
    if used is None or time.monotonic() - used < JUST_USED:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError(str(error)) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")  # in WAL mode a killed process loses nothing that was committed


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: one that reads first and then writes cannot wait for another writer."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
