"""A host for many people, and what a browser of one of them brings."""

from app.guests import COOKIE, Guests
from resnet_tf.runs.workbench import Workbench

HOSTED = {"RESNET_TF_HOSTED": "1"}
ADA, BOB = "guest:ada", "guest:bob"


class Host:
    """The home of a host, and the server that it has once it is up."""

    def __init__(self, home):
        self.bench = Workbench(home)
        self.guests = Guests(self.bench.secret("cookies"))
        self.server = None

    def at(self, owner):
        """Where and as whom a browser visits."""
        return {"at": self.server, "cookies": {COOKIE: self.guests.cookie(owner)}}


def guest_of(page):
    return next(cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE)
