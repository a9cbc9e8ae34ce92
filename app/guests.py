"""Guests: visitors who have not signed in, each known by a signed cookie."""

from __future__ import annotations

import threading
import time
from secrets import token_urlsafe

from itsdangerous import BadSignature, TimestampSigner

COOKIE = "resnet_tf_guest"
LIFE = 180 * 86_400  # seconds after the last visit
served = threading.Event()  # set where a middleware writes the cookies, which no script can read then
RENEWED = 86_400  # seconds: a visit gives an older cookie its whole life again


def new_guest() -> str:
    """An owner whom nobody else can guess."""
    return f"guest:{token_urlsafe(16)}"


class Guests:
    """Writes guests' cookies and reads them again: one that we did not sign, or too long ago, is nobody's."""

    def __init__(self, secret: str) -> None:
        self._signer = TimestampSigner(secret, salt="resnet_tf.guest")

    def cookie(self, guest: str) -> str:
        return self._signer.sign(guest.removeprefix("guest:")).decode()

    def _read(self, cookie: str | None) -> tuple[str, float] | None:
        """The guest and the seconds since the cookie was written."""
        try:
            name, written = self._signer.unsign(cookie or "", return_timestamp=True)
        except BadSignature:
            return None
        age = time.time() - written.timestamp()  # below 0 where the server's clock was put back: not the guest's fault
        return (f"guest:{name.decode()}", age) if age < LIFE else None

    def owner(self, cookie: str | None) -> str | None:
        """The guest whose cookie it is; None for a forged or stale one."""
        found = self._read(cookie)
        return found and found[0]

    def renewed(self, cookie: str | None) -> str | None:
        """The cookie that takes this one's place: the same guest's, or a new guest's; None where it may stay."""
        guest, age = self._read(cookie) or (new_guest(), LIFE)
        return self.cookie(guest) if age > RENEWED else None
