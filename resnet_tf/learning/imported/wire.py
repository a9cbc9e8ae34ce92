"""Protocol buffers as they lie in a file, without their schema or library: numbered fields, read as they are asked for.

Nothing is copied: what a field holds is a view into the file, so that weights are stepped over and never read.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator

from resnet_tf.design.recognition import Unrecognised

MOST_FIELDS = 5_000_000  # of one message
_LONGEST = 10  # bytes of a number


class Message:
    """A message: lists of what its fields hold, by number."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._fields: dict[int, list[int | memoryview]] = defaultdict(list)
        for number, value in _fields(memoryview(data)):
            self._fields[number].append(value)

    def messages(self, number: int) -> list[Message]:
        return [Message(view) for view in self.views(number)]

    def message(self, number: int) -> Message:
        """The last of these, as the format has it; an empty one where there is none."""
        views = self.views(number)
        return Message(views[-1] if views else b"")

    def views(self, number: int) -> list[memoryview]:
        return [value for value in self._fields.get(number, ()) if isinstance(value, memoryview)]

    def texts(self, number: int) -> list[str]:
        return [bytes(view).decode("utf-8", "replace") for view in self.views(number)]

    def text(self, number: int) -> str:
        return (self.texts(number) or [""])[-1]

    def integers(self, number: int) -> list[int]:
        """Signed numbers, whether they lie one by one or packed."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            found += [value] if isinstance(value, int) else list(_packed(value))
        return [n - (1 << 64) if n >= 1 << 63 else n for n in found]

    def integer(self, number: int, otherwise: int = 0) -> int:
        return (self.integers(number) or [otherwise])[-1]

    def floats(self, number: int) -> list[float]:
        """Numbers of 32 bits, whether they lie one by one or packed."""
        found: list[float] = []
        for view in self.views(number):
            found += struct.unpack(f"<{len(view) // 4}f", view[: len(view) // 4 * 4])
        return found


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at, count = 0, 0
    while at < len(data):
        count += 1
        key, at = _number(data, at)
        number, kind = key >> 3, key & 7
        if count > MOST_FIELDS or not number:
            raise Unrecognised("the file is damaged, or no file of its kind")
        if kind == 0:
            value, at = _number(data, at)
            yield number, value
            continue
        size, at = _number(data, at) if kind == 2 else ({1: 8, 5: 4}.get(kind, -1), at)
        if size < 0 or at + size > len(data):
            raise Unrecognised("the file is cut short, damaged, or no file of its kind")
        yield number, data[at : at + size]
        at += size


def _packed(view: memoryview) -> Iterator[int]:
    at = 0
    while at < len(view):
        value, at = _number(view, at)
        yield value


def _number(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for i in range(_LONGEST):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 127) << 7 * i
        if byte < 128:
            return value & (1 << 64) - 1, at
    raise Unrecognised("the file is cut short, damaged, or no file of its kind")
