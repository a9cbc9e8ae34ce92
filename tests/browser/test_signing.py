"""Signing in by OpenID Connect, at a provider that runs here."""

import subprocess
import sys

import pytest
from hosting import HOSTED, Host, guest_of
from playwright.sync_api import expect
from recorded import SMALL, Written

from app.guests import COOKIE
from app.signing import BEFORE
from app.visitor import name_of
from benchmarks.served import DESKTOP, end, free_port, procfile, settle, start
from resnet_tf.design.presets import preset

pytestmark = pytest.mark.services

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a secret of this test"
client_id = "workbench"
client_secret = "workbench's secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider():
    """The address of a provider at which everybody is who he says he is."""
    port = free_port()
    said = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}"
    said.kill()
    said.wait()


@pytest.fixture
def host(provider, tmp_path):
    home, port, secrets = tmp_path / "home", free_port(), tmp_path / "secrets.toml"
    secrets.write_text(SECRETS.format(port=port, provider=provider))
    host = Host(home)
    host.provider = provider
    host.server = start(home, f"{procfile()} --secrets.files {secrets}", port=port, variables=HOSTED)
    yield host
    end(host.server)


@pytest.fixture
def visit(browser, host):
    """A function that opens a path; the provider's own page may complain of what it likes."""
    contexts = []

    def open_path(path, **cookies):
        context = browser.new_context(viewport=DESKTOP)
        context.add_cookies([{"name": name, "value": value, "url": host.server.url} for name, value in cookies.items()])
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{host.server.url}/{path}")
        settle(page)
        return page

    yield open_path
    for context in contexts:
        context.close()


def sign_in(page, name):
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_placeholder("sub").fill(name)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()
    settle(page)


def test_who_signs_in_takes_his_work_along_to_every_browser_and_leaves_none_behind(visit, host):
    page = visit("")
    guest = host.guests.owner(guest_of(page)["value"])
    run = Written(host.bench.of(guest), "the run of Ada").finish().id
    host.bench.of(guest).save_design("the design of Ada", SMALL)
    ada = name_of({"iss": host.provider, "sub": "ada"})

    sign_in(page, "ada")
    page.goto(f"{host.server.url}/train")
    settle(page)
    expect(page.get_by_role("main").get_by_role("button", name="the run of Ada", exact=True)).to_be_visible()
    assert host.bench.of(None).run(run).owner == ada
    assert [design.name for design in host.bench.of(ada).designs()] == ["the design of Ada"]
    assert host.bench.of(guest).runs(None) == []

    other = visit("", **{COOKIE: host.guests.cookie("guest:another browser")})
    sign_in(other, "ada")
    other.goto(f"{host.server.url}/train?run={run}")
    settle(other)
    expect(other.get_by_role("button", name="Share")).to_be_visible()  # it is her own there too

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # at the provider
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    page.goto(f"{host.server.url}/train?run={run}")
    settle(page)
    expect(page.get_by_text("it is another visitor's")).to_be_visible()


def test_a_design_that_was_not_saved_outlives_signing_in(visit, host):
    page = visit("?design=resnet34")
    page.get_by_role("combobox", name="Start from").fill("ResNet-50")
    page.get_by_role("option", name="ResNet-50 ·").first.click()
    page.wait_for_url("**design=resnet50*")
    settle(page)
    sign_in(page, "bob")
    page.goto(f"{host.server.url}/compare")
    settle(page)
    (design,) = host.bench.of(name_of({"iss": host.provider, "sub": "bob"})).designs()
    assert (design.name, design.spec) == (BEFORE, preset("resnet50"))
