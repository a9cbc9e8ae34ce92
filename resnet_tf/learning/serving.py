"""An exported network as a web service: POST a picture to /predict, and its likeliest classes come back.

    from resnet_tf.learning.serving import serve
    serve("mine.savedmodel.zip", port=8000)

Whatever is wrong with a request is answered with the right status and one sentence, as JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resnet_tf.learning.pictures import (
    FORMATS,
    MOST_BYTES,
    MOST_PIXELS,
    NotAPicture,
    PictureDamaged,
    PictureTooLarge,
)
from resnet_tf.learning.served import Served, open_served

AT_ONCE = 4  # pictures that are decoded and answered at the same time; others wait
MOST_WAITING = 256  # connections, beyond which a request is turned away
PATIENCE = 30.0  # seconds for a picture to arrive
TOP = 5  # classes, where a request does not say how many
_HEARD = 5  # times what is read, and it is still heard out
_FORM = 4_096  # bytes that a form may have beside its file

_STATUS = {NotAPicture: 415, PictureTooLarge: 413, PictureDamaged: 422, FloatingPointError: 500}
_HELP = f"POST a picture ({' or '.join(FORMATS)}, up to {MOST_BYTES / 1e6:g} MB and {MOST_PIXELS / 1e6:g} megapixels)"


def serve(path: str | Path, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serves an exported file until it is interrupted. Raises NotServable."""
    import uvicorn

    uvicorn.run(application(path), host=host, port=port, limit_concurrency=MOST_WAITING, log_level="warning")


def application(path: str | Path) -> Starlette:
    """The service of an exported file (.keras, .onnx, .tflite, a SavedModel's zip or folder). Raises NotServable."""
    served, limiter = open_served(path), CapacityLimiter(AT_ONCE)

    async def about(request: Request) -> Response:
        return JSONResponse(described(served))

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "name": served.name})

    async def predict(request: Request) -> Response:
        most = _asked(request.query_params.get("top", str(TOP)), len(served.class_names))
        data = await _picture(request)
        try:
            classes = await to_thread.run_sync(served.answer, data, most, limiter=limiter)
        except tuple(_STATUS) as error:
            raise HTTPException(_STATUS[type(error)], str(error)) from error
        return JSONResponse({"name": served.name, "classes": classes})

    routes = [Route("/", about), Route("/health", health), Route("/predict", predict, methods=["POST"])]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _failed})


def described(served: Served) -> dict[str, object]:
    """What a service says of itself."""
    height, width, channels = served.shape
    return {
        "name": served.name,
        "format": served.format,
        "input": {"height": height, "width": width, "channels": channels},
        "classes": list(served.class_names),
        "predict": f"{_HELP} to /predict, as the body or as a file in a form; /predict?top=3 gives three classes",
    }


def _asked(text: str, classes: int) -> int:
    """How many classes a request asks for."""
    if not text.isdecimal() or not text.isascii() or not 1 <= int(text[:9]) <= 10_000:
        raise HTTPException(400, f"top must be a whole number from 1 to {classes:,} (got {text[:40]!r})")
    return min(int(text[:9]), classes)


async def _picture(request: Request) -> bytes:
    """The bytes of the picture in a request: its body, or the one file in its form."""
    try:
        async with asyncio.timeout(PATIENCE):
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                data = await _file_of_form(request)
            else:
                data = b"".join([chunk async for chunk in _at_most(request, MOST_BYTES)])
    except TimeoutError as error:
        raise HTTPException(408, f"The picture did not arrive within {PATIENCE:g} seconds") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The connection was closed before the picture was there") from error
    if not data:
        raise HTTPException(400, f"The request is empty: {_HELP}")
    return data


async def _file_of_form(request: Request) -> bytes:
    parser = MultiPartParser(request.headers, _at_most(request, MOST_BYTES + _FORM), max_files=1, max_fields=8)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"The form cannot be read ({error.message})") from error
    file = next((value for _, value in form.multi_items() if isinstance(value, UploadFile)), None)
    if file is None:
        raise HTTPException(400, "The form has no file: send the picture as one")
    try:
        return await file.read()
    finally:
        await form.close()


async def _at_most(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body piece by piece, as far as it is allowed to go.

    What is a little too large is read to its end and forgotten: who sends it hears the answer only then.
    """
    said = f"The request is too large: at most {MOST_BYTES / 1e6:g} MB are read"
    too_large = HTTPException(413, said, headers={"Connection": "close"})
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > _HEARD * most:
        raise too_large
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > _HEARD * most:
            raise too_large
        if read <= most:
            yield chunk
    if read > most:
        raise too_large


async def _refused(request: Request, error: HTTPException) -> Response:
    """What was wrong with a request, as JSON."""
    said = {
        404: f"There is nothing at {request.url.path}: {_HELP} to /predict",
        405: f"{request.method} is not answered at {request.url.path}: {_HELP} to /predict, or GET / and /health",
    }.get(error.status_code, error.detail)
    return JSONResponse({"error": said}, error.status_code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """What went wrong here; the log has the rest."""
    return JSONResponse({"error": f"The server failed ({type(error).__name__}); its log says why"}, 500)
