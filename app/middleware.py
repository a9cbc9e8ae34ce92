"""What is said around every answer of the server: security headers, and a guest's cookie on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.guests import COOKIE, LIFE, Guests

Say: TypeAlias = Callable[[MutableHeaders], None]


def is_https(scope: Scope) -> bool:
    """Whether the browser speaks TLS, to us or to the proxy before us; who lies about it fools himself alone."""
    said = Headers(scope=scope).get("x-forwarded-proto", scope.get("scheme", "http"))
    return said.partition(",")[0].strip() == "https"


async def _answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send, say: Say) -> None:
    """Answers as the app does, with what is said added to the headers."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            say(MutableHeaders(scope=message))
        await send(message)

    await app(scope, receive, sent)


class SecurityHeaders:
    """Gives every answer the same headers, and those over TLS the promise to stay there."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app, self.headers = app, dict(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        promise = {"Strict-Transport-Security": "max-age=31536000"} if is_https(scope) else {}
        await _answer(self.app, scope, receive, send, lambda headers: headers.update({**self.headers, **promise}))


class GuestCookie:
    """Gives a browser that opens a page a cookie that tells it from all others, and keeps it alive."""

    def __init__(self, app: ASGIApp, guests: Callable[[], Guests | None], path: str, is_framed: bool) -> None:
        """`guests` may take its time, and give none: it opens the records. `is_framed`: other sites show the pages."""
        self.app, self.guests, self.path, self.is_framed = app, guests, path, is_framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_page(scope):
            await self.app(scope, receive, send)
            return
        guests = await to_thread.run_sync(self.guests)
        fresh = guests and guests.renewed(cookie_of(scope))
        if fresh is None:
            await self.app(scope, receive, send)
            return
        secure = is_https(scope)
        # in a frame of another site a browser sends only what says that it may be, and to that site alone
        site = "SameSite=None; Partitioned" if secure and self.is_framed else "SameSite=Lax"
        cookie = f"{COOKIE}={fresh}; Path={self.path}; Max-Age={LIFE}; HttpOnly; {site}{'; Secure' if secure else ''}"
        await _answer(self.app, scope, receive, send, lambda headers: headers.append("Set-Cookie", cookie))


def cookie_of(scope: Scope) -> str | None:
    """The guest's cookie that came with a request."""
    return cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE)


def _is_page(scope: Scope) -> bool:
    """Whether a browser opens a page, and not one of its parts."""
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
