"""Many people on one instance, each in a browser of his own."""

import urllib.request

import pytest
from hosting import ADA, BOB, HOSTED, Host, guest_of
from playwright.sync_api import expect
from recorded import Written

from app.guests import COOKIE
from benchmarks.served import procfile, served, settle


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A hosted instance on which Ada has trained."""
    home = tmp_path_factory.mktemp("host")
    host = Host(home)
    host.run = Written(host.bench.of(ADA), "the run of Ada").finish().id
    with served(home, variables=HOSTED) as host.server:
        yield host


def test_a_guests_cookie_is_for_this_server_alone_and_no_script_reads_it(visit, host):
    page = visit(at=host.server)
    cookie = guest_of(page)
    assert host.guests.owner(cookie["value"]).startswith("guest:")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    assert COOKIE not in page.evaluate("document.cookie")
    page.goto(f"{host.server.url}/train")
    settle(page)
    assert guest_of(page)["value"] == cookie["value"]


def test_behind_tls_a_cookie_stays_there(host):
    asked = urllib.request.Request(host.server.url, headers={"Accept": "text/html", "X-Forwarded-Proto": "https"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")
        assert answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["", "train", "compare", "export"])
def test_every_page_has_the_security_headers_and_breaks_none(visit, host, path):
    page = visit(path, **host.at(ADA))  # which fails where the browser complains
    headers = page.request.get(page.url).headers
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers  # there is no TLS to stay on


def test_a_run_opens_for_others_once_its_owner_shares_its_link(visit, host):
    ada, path = visit(f"train?run={host.run}", **host.at(ADA)), f"train?run={host.run}"
    foreign = visit(path, **host.at(BOB))
    expect(foreign.get_by_text("it may have been deleted, or it is another visitor's")).to_be_visible()
    expect(foreign.get_by_text("the run of Ada")).to_have_count(0)

    ada.get_by_role("button", name="Share").click()
    ada.get_by_text("Anyone with this link can look at this run").click()
    link = ada.get_by_test_id("stPopoverBody").get_by_role("code").inner_text()
    settle(ada)
    assert link.split("?")[0] == f"{host.server.url}/train"

    bob = visit(link.removeprefix(f"{host.server.url}/"), **host.at(BOB))
    expect(bob.get_by_text("Shared with you")).to_be_visible()
    expect(bob.get_by_role("group", name="Figures of this run")).to_contain_text("87.5 %")
    expect(bob.get_by_test_id("stVegaLiteChart").first).to_be_visible(
        timeout=90_000
    )  # a third browser loads its charts
    expect(bob.get_by_text("Confusion", exact=True)).to_be_visible()
    for name in ("Stop", "Resume", "Share"):
        expect(bob.get_by_role("main").get_by_role("button", name=name, exact=True)).to_have_count(0)
    bob.get_by_role("button", name="More").last.click()
    expect(bob.get_by_role("button", name="Open its design")).to_be_visible()
    expect(bob.get_by_role("button", name="Delete this run")).to_have_count(0)

    ada.get_by_text("Anyone with this link can look at this run").click()
    settle(ada)
    bob.reload()
    expect(bob.get_by_text("it may have been deleted, or it is another visitor's")).to_be_visible()


def test_a_guest_is_known_after_a_restart_and_a_forged_cookie_is_a_stranger(visit, tmp_path):
    host = Host(tmp_path / "home")
    Written(host.bench.of(ADA), "the run of Ada").finish()
    with served(tmp_path / "home", variables=HOSTED) as host.server:
        page = visit("train", **host.at(ADA))
        expect(page.get_by_role("main").get_by_role("button", name="the run of Ada", exact=True)).to_be_visible()
        cookie = guest_of(page)["value"]
        page.context.close()  # before its server goes
    with served(tmp_path / "home", variables=HOSTED) as host.server:
        again = visit("train", at=host.server, cookies={COOKIE: cookie})
        expect(again.get_by_role("main").get_by_role("button", name="the run of Ada", exact=True)).to_be_visible()
        assert guest_of(again)["value"] == cookie
        forged = "ada" + cookie[cookie.index(".") :][:-2] + "xx"
        stranger = visit("train", at=host.server, cookies={COOKIE: forged})
        expect(stranger.get_by_text("Press Train")).to_be_visible()
        assert host.guests.owner(guest_of(stranger)["value"]) not in (ADA, None)
        for page in (again, stranger):
            page.context.close()


def test_the_pages_script_alone_knows_a_guest_again_too(visit, tmp_path):
    home = tmp_path / "home"
    host = Host(home)
    with served(home, procfile().replace("asgi.py", "main.py"), variables=HOSTED) as host.server:
        page = visit("train", at=host.server)
        expect(page.get_by_text("Press Train")).to_be_visible()
        page.wait_for_function(f"document.cookie.includes('{COOKIE}=')")
        ada = host.guests.owner(guest_of(page)["value"])
        Written(host.bench.of(ada), "the run of Ada").finish()
        page.reload()
        expect(page.get_by_role("main").get_by_role("button", name="the run of Ada", exact=True)).to_be_visible()
        assert host.guests.owner(guest_of(page)["value"]) == ada
        page.context.close()
