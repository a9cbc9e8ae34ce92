"""What goes with a link to a design where it is posted: a picture, and the lines in the page's head that name it."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from threading import Lock
from urllib.parse import parse_qs, quote

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.downloads import below_base
from app.middleware import is_https
from resnet_tf.design.figures import written
from resnet_tf.design.figures.preview import HEIGHT, WIDTH, preview
from resnet_tf.design.links import from_link, title_of
from resnet_tf.design.spec import SpecError
from resnet_tf.design.totals import totals

KEPT = 256  # pictures, of some 50 kB each
DEEPEST = 2_000  # layers; ResNet-1202 has 1,202
DAY = 86_400  # seconds that others may keep a picture: a link says one design for ever
_painting = Lock()
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


def route() -> Route:
    """The route of all pictures, below the path at which the pages are."""
    return Route(below_base("preview/{link}.png"), answer)


def answer(request: Request) -> Response:
    """The picture of the design in a link; a sentence where the link holds none."""
    try:
        picture = png(request.path_params["link"])
    except SpecError as error:
        return PlainTextResponse(f"This link holds no design: {error}.", 404)
    return Response(picture, media_type="image/png", headers={"Cache-Control": f"public, max-age={DAY}"})


@lru_cache(KEPT)
def png(link: str) -> bytes:
    """The picture that goes with a link. Raises SpecError where it holds no design, or one too deep."""
    spec = from_link(link)
    depth = totals(spec).depth
    if depth > DEEPEST:
        raise SpecError("design", f"of at most {DEEPEST:,} layers for a picture", depth, DEEPEST)
    with _painting:  # one at a time, however many ask: the pages have the other cores
        return written(preview(spec, title_of(link)), "png")


@lru_cache(KEPT)
def head(link: str, origin: str) -> str:
    """The lines for the page's head, as chats and search engines read them; none where a link holds no design."""
    try:
        counted, title = totals(from_link(link)), title_of(link)
    except SpecError:
        return ""
    about = f"{counted.parameters:,} parameters, {counted.macs:,} MACs, {counted.depth:,} layers"
    said = {
        "og:type": "website", "og:site_name": "resnet_tf", "og:title": title, "og:description": about,
        "og:image": f"{origin}{below_base(f'preview/{quote(link)}.png')}", "og:image:width": f"{2 * WIDTH}",
        "og:image:height": f"{2 * HEIGHT}", "og:image:alt": f"{title}: {about}", "twitter:card": "summary_large_image",
    }  # fmt: skip
    return "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in said.items())


class LinkPreview:
    """Puts a design's name and picture into the head of a page that is opened with a link to it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        link = _asked(scope)
        origin = _origin(scope) if link else None
        lines = await to_thread.run_sync(head, link, origin) if link and origin else ""
        if not lines:
            await self.app(scope, receive, send)
            return
        # as it is on the disk: neither compressed nor "as you have it"
        scope = {**scope, "headers": [each for each in scope["headers"] if each[0] not in _AS_IT_IS]}
        await self.app(scope, receive, _Inserted(send, lines.encode()).sent)


_AS_IT_IS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")


class _Inserted:
    """An answer on its way: lines go before the end of an HTML page's head, other answers go as they are."""

    def __init__(self, send: Send, lines: bytes) -> None:
        self.send, self.lines = send, lines
        self.start: Message | None = None
        self.body = b""

    async def sent(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
            return
        if self.start is None or message["type"] != "http.response.body":
            await self.send(message)
            return
        self.body += message.get("body", b"")
        if message.get("more_body", False):
            return
        page = self.body.replace(b"</head>", self.lines + b"</head>", 1)
        headers = MutableHeaders(scope=self.start)
        headers["Content-Length"] = f"{len(page)}"
        for name in ("etag", "last-modified"):  # of the file, not of what is sent
            if name in headers:
                del headers[name]
        await self.send(self.start)
        await self.send({**message, "body": page})


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return message["status"] == 200 and headers.get("content-type", "").startswith("text/html")


def _asked(scope: Scope) -> str | None:
    """The link that a page is asked for with."""
    if scope["type"] != "http" or scope["method"] != "GET" or b"design=" not in scope["query_string"]:
        return None
    (link, *_) = parse_qs(scope["query_string"].decode("latin-1")).get("design", [""])
    return link


def _origin(scope: Scope) -> str | None:
    """Where this server is, as who asks says it; None where he says no place."""
    host = Headers(scope=scope).get("host", "")
    return f"{'https' if is_https(scope) else 'http'}://{host}" if _HOST.fullmatch(host) else None
