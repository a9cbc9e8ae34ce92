"""The workbench with what a script alone cannot have: guests' cookies, headers, streamed files, pictures for links.

    streamlit run app/asgi.py

`streamlit run app/main.py` serves the same pages without these.
"""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:  # `streamlit run app/asgi.py` puts only app/ there
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.routing import Route  # noqa: E402

from app import downloads, preview  # noqa: E402
from app.guests import Guests, served  # noqa: E402
from app.metrics import metrics  # noqa: E402
from app.middleware import GuestCookie, SecurityHeaders  # noqa: E402
from app.policy import security_headers  # noqa: E402
from resnet_tf.runs import logs  # noqa: E402
from resnet_tf.runs.failures import WorkbenchError  # noqa: E402
from resnet_tf.runs.settings import Settings, settings  # noqa: E402

log = logging.getLogger("resnet_tf")


def _settings() -> Settings:
    """The settings; a server with one that cannot be used says so and does not start."""
    try:
        return settings()
    except WorkbenchError as error:
        sys.exit(str(error))


def _guests() -> Guests | None:
    """Who writes guests' cookies; None while the records cannot be read: the page then says why."""
    from app import state

    try:
        return Guests(state.instance().secret("cookies"))
    except WorkbenchError as error:
        log.warning("No cookie could be written: %s", error)
        return None


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Opens the records of a host while it starts, so that the first page need not wait for them."""
    served.set()
    downloads.served.set()
    logs.begin(SETTINGS.log)
    if SETTINGS.hosted:
        Thread(target=_guests, daemon=True).start()
    yield


SETTINGS = _settings()
_options = {
    "server.maxUploadSize": SETTINGS.limit("upload_mb"),
    "server.xsrfCookieSameSite": "none" if SETTINGS.frames else None,  # which Streamlit then keeps to TLS
}
for _name, _value in _options.items():
    if _value is not None:
        st.config.set_option(_name, _value)
_middleware = [Middleware(SecurityHeaders, headers=security_headers(SETTINGS.frames))]
if SETTINGS.hosted:
    _path = f"/{st.get_option('server.baseUrlPath').strip('/')}"
    _middleware.append(Middleware(GuestCookie, guests=_guests, path=_path, is_framed=bool(SETTINGS.frames)))

_middleware.append(Middleware(preview.LinkPreview))

_routes = [Route("/metrics", metrics), downloads.route(), preview.route()]
app = st.App(ROOT / "app" / "main.py", routes=_routes, middleware=_middleware, lifespan=lifespan)
