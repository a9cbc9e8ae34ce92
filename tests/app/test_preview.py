"""What goes with a link where it is posted, asked for as a chat asks for it."""

import http.client
import io
import re
import socket
import threading
from html import unescape
from typing import NamedTuple
from urllib.parse import quote

import pytest
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from app import preview
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset

PAGE = "<html><head><title>t</title></head><body>b</body></html>"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self):
        return self.body.decode()


@pytest.fixture(scope="module")
def asked():
    """A function that asks a server, which has the pictures and a page, for a path."""
    routes = [
        preview.route(),
        Route("/text", lambda request: PlainTextResponse(PAGE)),
        Route("/{page:path}", lambda request: HTMLResponse(PAGE, headers={"ETag": "of the file"})),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(preview.LinkPreview)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()

        def asked(path, method="GET", **headers):
            connection = http.client.HTTPConnection(*listening.getsockname(), timeout=60)
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": "here", **headers}.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            got = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
            connection.close()
            return got

        yield asked
        server.should_exit = True
        thread.join(timeout=30)


def said(answer):
    """The lines of a page's head, by name."""
    return {
        name: unescape(value) for name, value in re.findall(r'<meta property="(\S+)" content="([^"]*)">', answer.text)
    }


def test_a_links_page_names_its_design_and_a_picture_that_is_there(asked):
    link = to_link(preset("resnet50", classes=10))
    answer = asked(f"/?design={link}", Host="nets.example:8501", X_Forwarded_Proto="https")
    lines = said(answer)
    assert lines["og:title"] == "ResNet-50, edited"
    assert lines["og:description"].startswith("23,528,522 parameters")  # 25,557,032 less 990 x 2,049
    assert lines["og:image"] == f"https://nets.example:8501/preview/{link}.png"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "etag" not in answer.headers
    picture = asked(lines["og:image"].removeprefix("https://nets.example:8501"))
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.body)).size == (1200, 630)
    assert (lines["og:image:width"], lines["og:image:height"]) == ("1200", "630")


HOSTILE = [
    "",
    "nonsense",
    "resnet18~",
    '"><script>alert(1)</script>',
    "resnet18~" + "A" * 7_000,
    "a" * 9_000,
    "../../x",
]


@pytest.mark.parametrize("link", HOSTILE)
def test_a_link_that_holds_no_design_changes_nothing_and_has_no_picture(asked, link):
    answer = asked(f"/?design={quote(link)}")
    assert answer.text == PAGE
    assert answer.headers["etag"] == "of the file"
    picture = asked(f"/preview/{quote(link, safe='')}.png")
    assert picture.headers["content-type"].startswith("text/")


def test_a_design_too_deep_to_be_drawn_for_whoever_asks_has_no_picture(asked):
    stages = [{"blocks": 1_500, "width": 16}, {"blocks": 1_500, "width": 32, "stride": 2}]
    link = to_link(preset("resnet20_cifar10", stages=stages))
    answer = asked(f"/preview/{link}.png")
    assert answer.status == 404
    assert "at most 2,000 layers" in answer.text
    assert asked("/preview/resnet1202_cifar10.png").headers["content-type"] == "image/png"


def test_what_base64_overlooks_does_not_leave_its_place(asked):
    link = to_link(preset("resnet18", classes=7))
    lines = asked(f"/?design={quote(link)}%22%3E%3Cb%3E{'%3D' * 4}")
    assert "<b>" not in lines.text.partition("</head>")[0]


@pytest.mark.parametrize("host", ['evil"><script>', "a b", "evil/x?", ""])
def test_a_host_that_is_no_place_is_not_repeated(asked, host):
    assert "og:" not in asked("/?design=resnet18", Host=host).text


def test_other_pages_and_other_answers_stay_as_they_are(asked):
    assert asked("/").text == PAGE
    assert asked("/text?design=resnet18").text == PAGE
    assert asked("/?design=resnet18", "POST").status == 405
