"""Guests' cookies: whose they are, and which are nobody's."""

import time

import pytest
from itsdangerous import Signer, TimestampSigner

from app.guests import LIFE, RENEWED, Guests, new_guest

DAY = 86_400
GUESTS = Guests("a secret")


@pytest.fixture
def later(monkeypatch):
    """A function that lets so many seconds pass, or has the clock put back."""
    now = time.time()

    def later(seconds):
        monkeypatch.setattr(time, "time", lambda: now + seconds)

    return later


def test_a_guest_is_known_by_his_cookie_on_every_server_of_the_same_secret():
    guest = new_guest()
    assert Guests("a secret").owner(GUESTS.cookie(guest)) == guest != new_guest()


FORGED = {
    "none": None,
    "empty": "",
    "unsigned": "guest:1",
    "three parts": "1.2.3",
    "of a user": "user:ada.awaFzw.qB6ggz-w39zfWU3Dwa9RIxUyAeM",
    "another secret": Guests("another secret").cookie("guest:1"),
    "another use": TimestampSigner("a secret", salt="another use").sign("1").decode(),
    "without a time": Signer("a secret", salt="resnet_tf.guest").sign("1").decode(),
    "another guest": GUESTS.cookie("guest:1").replace("1.", "2.", 1),
    "cut off": GUESTS.cookie("guest:1")[:-1],
    "no text": "\x00.é.ÿ",
}


# by names of their own: signatures differ from second to second, and both processes must know the same tests
@pytest.mark.parametrize("cookie", FORGED.values(), ids=FORGED)
def test_a_forged_cookie_is_nobodys_and_gives_a_new_guest(cookie):
    assert GUESTS.owner(cookie) is None
    assert GUESTS.owner(GUESTS.renewed(cookie)).startswith("guest:")


def test_no_cookie_makes_a_guest_of_a_user():
    assert GUESTS.owner(GUESTS.cookie("user:ada")) == "guest:user:ada"


def test_a_cookie_lives_on_with_every_visit_and_is_stale_without(later):
    cookie = GUESTS.cookie("guest:1")
    later(RENEWED - 1)
    assert GUESTS.renewed(cookie) is None
    later(LIFE - DAY)
    renewed = GUESTS.renewed(cookie)
    assert GUESTS.owner(renewed) == "guest:1"
    later(LIFE + DAY)
    assert (GUESTS.owner(cookie), GUESTS.owner(renewed)) == (None, "guest:1")
    assert GUESTS.owner(GUESTS.renewed(cookie)) != "guest:1"


def test_a_clock_that_is_put_back_makes_no_guest_a_stranger(later):
    cookie = GUESTS.cookie("guest:1")
    later(-30 * DAY)
    assert (GUESTS.owner(cookie), GUESTS.renewed(cookie)) == ("guest:1", None)
