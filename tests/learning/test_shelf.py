"""What is kept of one training for the next, and when it is not."""

from typing import NamedTuple

import pytest

from resnet_tf.learning.shelf import Shelf


class Thing(NamedTuple):
    name: str
    bytes: int = 1


def use(shelf, key, name, size=1):
    """What a run of this key is lent; `name` is made if nothing is there."""
    with shelf.lent(key, lambda: Thing(name, size)) as thing:
        return thing.name


def test_a_thing_is_made_once_for_equal_keys_that_follow_each_other():
    shelf = Shelf()
    assert [use(shelf, (1, "a"), "first"), use(shelf, (1, "a"), "second")] == ["first", "first"]
    assert shelf.has((1, "a"))


def test_another_key_has_another_thing_made_and_the_one_before_is_gone_by_then():
    shelf, seen = Shelf(), []
    use(shelf, "a", "first")

    def make():
        seen.append((shelf.has("a"), shelf._kept))
        return Thing("second")

    with shelf.lent("b", make):
        pass
    assert seen == [(False, None)]
    assert use(shelf, "a", "third") == "third"


def test_nobody_else_has_a_thing_while_it_is_lent():
    shelf = Shelf()
    use(shelf, "a", "first")
    with shelf.lent("a", lambda: Thing("not made")) as lent:
        assert lent.name == "first"
        assert not shelf.has("a")
        assert use(shelf, "a", "second") == "second"


def test_what_is_too_large_is_not_kept():
    shelf = Shelf(most=10)
    use(shelf, "a", "large", size=11)
    assert not shelf.has("a")


def test_an_error_lets_a_thing_go_and_a_stop_does_not():
    shelf = Shelf()

    def run():
        with shelf.lent("a", lambda: Thing("first")):
            yield 1
            yield 2

    stopped = run()
    next(stopped)
    stopped.close()
    assert shelf.has("a")
    failed = run()
    next(failed)
    with pytest.raises(MemoryError):
        failed.throw(MemoryError())
    assert not shelf.has("a")
