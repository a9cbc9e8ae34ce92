"""`/metrics`: the instance in figures, for a Prometheus that may read them."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.settings import Settings

FORMAT = "text/plain; version=0.0.4; charset=utf-8"  # as Prometheus names its own


def metrics(request: Request) -> Response:
    """The figures; 404 to whom they are none of his business, 503 while the records cannot be read."""
    from app import state  # and not before a server is up

    bench = state.instance()
    if not may_read(bench.settings, request.headers.get("authorization", "")):
        return PlainTextResponse("Not Found", 404)
    try:
        return Response(bench.metrics(), media_type=FORMAT)
    except WorkbenchError as error:
        return PlainTextResponse(str(error), 503)


def may_read(settings: Settings, authorization: str) -> bool:
    """Whether who sends this header may read the figures: who has the token; without one nobody on a host."""
    if settings.metrics_token:
        return hmac.compare_digest(authorization.encode(), f"Bearer {settings.metrics_token}".encode())
    return not settings.hosted
