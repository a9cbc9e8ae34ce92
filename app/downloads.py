"""Files of exports as streams: a page gives a signed address, and whoever opens it gets the file piece by piece."""

from __future__ import annotations

import threading

import streamlit as st
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from resnet_tf.runs.failures import FilesUnavailable, StoreUnavailable, WorkbenchError

LIFE = 6 * 3600  # seconds that an address is good for
served = threading.Event()  # set where this server has the route


def route() -> Route:
    """The route of all files, below the path at which the pages are."""
    return Route(below_base("files/{token}"), answer)


def address(secret: str, run: str, format: str) -> str:
    """Where whoever has it gets a file of an export, for some hours."""
    return below_base(f"files/{_signer(secret).dumps([run, format])}")


def answer(request: Request) -> Response:
    """The file; a sentence where the address is none of ours or too old, or where the file cannot be had."""
    from app import state  # and not before a server is up

    bench = state.instance().of(None)  # who may have it was asked when the address was made
    try:
        run, format = _signer(bench.secret("files")).loads(request.path_params["token"], max_age=LIFE)
        path = bench.download(run, format)
    except BadData:
        return PlainTextResponse("This address has expired: open the page of the export again.", 403)
    except WorkbenchError as error:
        return PlainTextResponse(f"{error}.", 503 if isinstance(error, _PASSING) else 404)
    said = {"Cache-Control": "private, no-store"}
    return FileResponse(path, filename=path.name, media_type="application/octet-stream", headers=said)


_PASSING = (FilesUnavailable, StoreUnavailable)


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="resnet_tf.file")


def below_base(path: str) -> str:
    """A path of this server's own, below the one at which the pages are."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"
