"""What a browser may do with the pages: the security headers of every answer."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import streamlit

_INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
_UNUSED = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")


def security_headers(frames: str) -> dict[str, str]:
    """The headers; `frames` are the sites, beside ours, that may show the pages inside their own."""
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _sources(frames).items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # a design and a shared run are in the address
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _UNUSED),
    }


def _sources(frames: str) -> dict[str, str]:
    return {
        "default-src": "'self'",
        "script-src": f"'self' blob: {_inline_scripts()}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": f"'self' {frames}".strip(),
    }


def _inline_scripts() -> str:
    """The scripts that Streamlit's own page has in its text, each by its hash: no other may be."""
    scripts = re.findall(r"<script>(.*?)</script>", _INDEX.read_text(), re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
