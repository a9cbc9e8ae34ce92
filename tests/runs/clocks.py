"""A clock that is set while processes run: `python clocks.py FILE PROGRAM ...` runs a program by it.

The file says by how many seconds it is ahead of the system's. What tells the time is replaced: Python's own, SQLite's
in its connections, and in a database of PostgreSQL the function that the records ask. Steady clocks go on.
"""

import runpy
import sqlite3
import sys
import time
from pathlib import Path

import sqlalchemy as sa

NOW = time.time
UNIX_EPOCH = 2_440_587.5  # as a Julian day
FUNCTION = """
    CREATE TABLE public.clock (ahead double precision);
    INSERT INTO public.clock VALUES (0);
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT pg_catalog.clock_timestamp() + (SELECT ahead FROM public.clock) * interval '1 second' $$
"""
OURS_FIRST = "options=-csearch_path%3Dpublic%2Cpg_catalog"


class Clock:
    """A clock of this process's, of those that were started by it, and of their records."""

    def __init__(self, file, url=""):
        self.file, self._server = Path(file), None
        if url.startswith("postgres"):
            self._server = sa.create_engine(url.replace("postgres://", "postgresql+psycopg://"), poolclass=sa.NullPool)
            self._tell(FUNCTION)
            url = f"{url}?{OURS_FIRST}"
        self.url = url
        self.set(0.0)

    @classmethod
    def of(cls, file):
        """A clock that another process sets."""
        found = cls.__new__(cls)
        found.file = Path(file)
        return found

    @property
    def ahead(self):
        return float(self.file.read_text())

    def _tell(self, statement):
        with self._server.begin() as connection:
            connection.exec_driver_sql(statement)

    def set(self, ahead):
        """Sets it to so many seconds ahead of the system's."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(ahead))
        fresh.rename(self.file)
        if self._server is not None:
            self._tell(f"UPDATE public.clock SET ahead = {ahead}")

    def now(self):
        return NOW() + self.ahead

    def on_connect(self, connection, _record):
        if isinstance(connection, sqlite3.Connection):
            connection.create_function("julianday", 1, lambda _: self.now() / 86_400 + UNIX_EPOCH)


def follow(clock):
    """Has this process tell the time by a clock."""
    time.time = clock.now
    sa.event.listen(sa.Engine, "connect", clock.on_connect)


def forget(clock):
    time.time = NOW
    sa.event.remove(sa.Engine, "connect", clock.on_connect)


if __name__ == "__main__":
    file, *sys.argv = sys.argv[1:]
    follow(Clock.of(file))
    runpy.run_path(sys.argv[0], run_name="__main__")
