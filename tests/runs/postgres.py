"""A PostgreSQL of its own for a session of tests, from the system's packages: started, killed, started again."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg
import sqlalchemy as sa

from benchmarks.served import free_port
from resnet_tf.runs.store import Store

DEBIAN = Path("/usr/lib/postgresql")
USER, TEMPLATE = "workbench", "migrated"
START = 60.0  # seconds that a start may take, or a recovery
FAST = ("-c", "fsync=off")  # a killed process loses nothing that the system has: only a power cut would


def programs():
    """The folder of PostgreSQL's programs; None where it is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent  # all of them, where only this one is linked
    found = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name))
    return found[-1] if found else None


class Postgres:
    """A server on a free port of this machine alone. PostgreSQL refuses root, so root starts it as `postgres`."""

    def __init__(self, settings=FAST):
        found = programs()
        if found is None:
            raise FileNotFoundError("PostgreSQL is not installed: scripts/postgres does it")
        self._programs, self._settings = found, settings
        self._user = "postgres" if os.getuid() == 0 else None
        self._password, self.port = secrets.token_hex(8), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data, self.log = self.folder / "data", self.folder / "log"
        self._process = None
        self._initialise()

    def _initialise(self):
        password = self.folder / "password"
        password.write_text(self._password)
        if self._user:
            owner = pwd.getpwnam(self._user)
            for path in (self.folder, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        options = ("--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync")
        command = [self._programs / "initdb", "-D", self._data, "-U", USER, *options]
        subprocess.run(command, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL, check=True)

    def start(self):
        """Starts it; back once it answers. Right after a kill it first waits for the remains of the one before."""
        command = [self._programs / "postgres", "-D", self._data, "-p", str(self.port), "-k", self.folder]
        limit = time.monotonic() + START
        while True:
            if self._process is None or self._process.poll() is not None:
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(
                        [*command, "-h", "127.0.0.1", *self._settings], user=self._user, cwd=self.folder, stdout=log,
                        stderr=log, start_new_session=True,
                    )  # fmt: skip
            try:
                self._ask("SELECT 1")
                return
            except psycopg.OperationalError:
                assert time.monotonic() < limit, self.log.read_text()[-2000:]
                time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """Ends it: SIGINT cuts all connections and writes everything down, SIGKILL leaves it as it lies."""
        self._process.send_signal(how)
        self._process.wait(START)

    def kill(self):
        """Kills it, and every process that serves a connection."""
        self.stop(signal.SIGKILL)

    def cut(self):
        """Cuts all connections."""
        self._ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")

    def remove(self):
        if self._process is not None and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)

    def url(self, database):
        """A DATABASE_URL as hosts write it."""
        return f"postgres://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self, *, migrated=True):
        """The URL of a new database: of the newest schema, or empty."""
        if migrated and not self._ask("SELECT 1 FROM pg_database WHERE datname = %s", TEMPLATE):
            self._ask(f"CREATE DATABASE {TEMPLATE}")
            Store(self.url(TEMPLATE)).database.close()
        name = f"test_{secrets.token_hex(8)}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template0'}")
        return self.url(name)

    def drop(self, url):
        self._ask(f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)")

    def _ask(self, statement, *values):
        with closing(psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10)) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else None
