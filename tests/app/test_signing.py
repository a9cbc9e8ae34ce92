"""The line at the end of a page: who one is, where an instance names who vouches for people."""

import pytest

from app import signing

PROVIDER = {"client_id": "workbench", "client_secret": "s", "server_metadata_url": "http://127.0.0.1:9/config"}
SHARED = {"redirect_uri": "http://127.0.0.1/oauth2callback", "cookie_secret": "s"}


@pytest.fixture
def line(visit, monkeypatch):
    """A function that opens a page of an instance with these secrets: what the line says, and its buttons."""

    def line(auth, hosted="1"):
        monkeypatch.setenv("RESNET_TF_HOSTED", hosted)
        page = visit(secrets={"auth": auth} if auth else {})
        assert not page.exception
        said = [text.value for text in page.caption if "guest" in text.value.lower() or "Signing" in text.value]
        return said, [button.label for button in page.button if "Sign" in button.label]

    return line


def test_without_a_provider_and_on_a_laptop_there_is_no_such_line(line):
    assert line(None) == ([], [])
    assert line({**SHARED, **PROVIDER}, hosted="0") == ([], [])


def test_every_provider_has_its_button(line, monkeypatch):
    monkeypatch.setattr(signing, "find_spec", lambda name: "here")
    assert line({**SHARED, **PROVIDER})[1] == ["Sign in"]
    assert line({**SHARED, "google": PROVIDER, "okta": PROVIDER})[1] == ["Sign in with Google", "Sign in with Okta"]


def test_what_is_missing_to_sign_in_is_said_with_how_to_get_it(line, monkeypatch):
    monkeypatch.setattr(signing, "find_spec", lambda name: None)
    said, buttons = line({**SHARED, **PROVIDER})
    assert "resnet" in said[0]
    assert "auth" in said[0]
    assert buttons == []
