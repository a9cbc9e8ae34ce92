"""What a process keeps of one training for the next; no Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

MOST = 500_000_000  # bytes of variables: what is larger would take from the next run the memory that it needs


class Weighty(Protocol):
    """What can be kept: it knows how many bytes it takes."""

    @property
    def bytes(self) -> int: ...


T = TypeVar("T", bound=Weighty)


class Shelf:
    """Keeps the last thing that was made, with what it was made for. One process, one thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._key: Any = None
        self._kept: Any = None

    def has(self, key: Any) -> bool:
        """Whether what was made for an equal key is here."""
        return self._kept is not None and self._key == key

    @contextmanager
    def lent(self, key: Any, make: Callable[[], T]) -> Iterator[T]:
        """What was made for an equal key, or else made now; nobody else has it meanwhile.

        It comes back when it is no longer used, unless an error ended that, or it is too large. Another thing that was
        kept is let go before anything is made: the memory may not be enough for both.
        """
        thing = self._kept if self.has(key) else None
        self._key = self._kept = None
        if thing is None:
            thing = make()
        try:
            yield thing
        except Exception:
            thing = None
            raise
        finally:
            if thing is not None and thing.bytes <= self._most:
                self._key, self._kept = key, thing
