"""One server, by the Procfile's own command, one Chromium, and pages held to a clean console."""

import pytest
from playwright.sync_api import expect

from benchmarks.served import DESKTOP, LIGHT, chromium, served, settle

# Streamlit asks these of every page's own path first, and is answered by the root
ASKED_TWICE = ("/_stcore/health", "/_stcore/host-config")


expect.set_options(timeout=45_000)  # ms: two cores that also train


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("home")) as up:
        yield up


@pytest.fixture(scope="session")
def browser():
    with chromium(LIGHT) as running:
        yield running


@pytest.fixture
def visit(request, browser):
    """A function that opens a path in a browser of its own, and waits until the page is drawn.

    `at` is another server than the one for all tests, `cookies` what the browser has of it. When the test ends, no page
    may have written an error to its console.
    """
    contexts, complaints = [], []

    def told(message):
        asked_twice = message.location.get("url", "").endswith(ASKED_TWICE)
        if message.type == "error" and not asked_twice:
            complaints.append(f"{message.text} ({message.location.get('url')})")

    def open_path(path="", *, viewport=DESKTOP, at=None, cookies=(), **options):
        at = at or request.getfixturevalue("server")
        context = browser.new_context(viewport=viewport, **options)
        context.add_cookies([{"name": name, "value": value, "url": at.url} for name, value in dict(cookies).items()])
        contexts.append(context)
        page = context.new_page()
        page.on("console", told)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{at.url}/{path}")
        settle(page)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def phone(browser):
    """The options of a visit by phone."""
    return {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
