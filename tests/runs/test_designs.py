"""Saved designs with their versions, tags and notes, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from benches import SPEC

from resnet_tf.design.presets import preset
from resnet_tf.runs import designs
from resnet_tf.runs.failures import NoSuchDesign, WorkbenchError
from resnet_tf.runs.workbench import Workbench

SPECS = [preset("resnet20_cifar10", classes=classes) for classes in range(2, 12)]


@pytest.fixture
def bench(tmp_path, database_url):
    return Workbench(tmp_path, database_url)


def numbers(bench, name="mine"):
    return [version.number for version in bench.versions(name)]


def test_each_save_of_a_name_keeps_what_it_was_before(bench):
    for spec in SPECS[:3]:
        bench.save_design("mine", spec)
    assert [(version.number, version.spec) for version in bench.versions("mine")] == [
        (3, SPECS[2]), (2, SPECS[1]), (1, SPECS[0])
    ]  # fmt: skip
    saved = [version.saved for version in bench.versions("mine")]
    assert saved == sorted(saved, reverse=True)
    bench.save_design("mine", SPECS[0])  # as one restores it
    assert bench.designs()[0].spec == SPECS[0]
    assert numbers(bench) == [4, 3, 2, 1]


def test_a_save_that_changes_nothing_is_no_version(bench):
    for _ in range(3):
        bench.save_design("mine", SPEC)
    assert numbers(bench) == [1]


def test_the_oldest_versions_go_when_there_are_too_many(bench, monkeypatch):
    monkeypatch.setattr(designs, "MOST_VERSIONS", 4)
    for spec in SPECS:
        bench.save_design("mine", spec)
    assert numbers(bench) == [10, 9, 8, 7]


def test_two_who_save_at_once_get_a_version_each(bench):
    bench.save_design("mine", SPEC)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda spec: bench.save_design("mine", spec), SPECS))
    assert numbers(bench) == list(range(len(numbers(bench)), 0, -1))
    assert bench.versions("mine")[0].spec == bench.designs()[0].spec


def test_tags_and_notes_are_kept_trimmed_and_outlive_a_save(bench):
    bench.save_design("mine", SPEC)
    bench.describe_design("mine", tags=["  wide  one", "cifar", "CIFAR", ""], notes=" For the talk. \n")
    bench.save_design("mine", SPECS[0])
    (design,) = bench.designs()
    assert design.tags == ("wide one", "CIFAR")
    assert design.notes == "For the talk."
    bench.describe_design("mine", notes="")
    assert (bench.designs()[0].tags, bench.designs()[0].notes) == (("wide one", "CIFAR"), "")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"tags": ["x" * 31]}, r"at most 30 characters long \(got 31\)"),
        ({"tags": [str(n) for n in range(13)]}, r"at most 12 tags \(got 13\)"),
        ({"notes": "x" * 4_001}, r"at most 4,000 characters long \(got 4,001\)"),
    ],
)
def test_too_much_is_refused_in_a_sentence(bench, said, sentence):
    bench.save_design("mine", SPEC)
    with pytest.raises(WorkbenchError, match=sentence):
        bench.describe_design("mine", **said)


def test_more_designs_than_an_owner_may_save_are_refused(bench, monkeypatch):
    monkeypatch.setattr(designs, "MOST_DESIGNS", 2)
    for name in ("a", "b"):
        bench.save_design(name, SPEC)
    with pytest.raises(WorkbenchError, match="2 designs are saved and at most 2 may be: delete one first"):
        bench.save_design("c", SPEC)
    bench.save_design("b", SPECS[0])  # another version is no other design


def test_a_deletion_is_taken_back_whole(bench):
    for spec in SPECS[:3]:
        bench.save_design("mine", spec)
    bench.describe_design("mine", tags=["cifar"], notes="For the talk.")
    before, versions = bench.designs(), bench.versions("mine")
    kept = bench.delete_design("mine")
    assert bench.designs() == []
    with pytest.raises(NoSuchDesign):
        bench.versions("mine")
    bench.put_back(kept)
    assert (bench.designs(), bench.versions("mine")) == (before, versions)
    with pytest.raises(WorkbenchError, match="mine was saved anew meanwhile"):
        bench.put_back(kept)


def test_nobody_sees_or_changes_anothers(bench):
    ada, bob = bench.of("ada"), bench.of("bob")
    ada.save_design("mine", SPEC)
    with pytest.raises(NoSuchDesign):
        bob.versions("mine")
    with pytest.raises(NoSuchDesign):
        bob.describe_design("mine", notes="x")
    assert bob.delete_design("mine") is None
    assert numbers(ada) == [1]


def test_a_guest_who_signs_in_keeps_versions_tags_and_notes(bench):
    guest, user = bench.of("guest:1"), bench.of("user:1")
    for spec in SPECS[:2]:
        guest.save_design("mine", spec)
    guest.describe_design("mine", tags=["a"], notes="n")
    user.save_design("mine", SPEC)
    bench.adopt("guest:1", "user:1")
    assert [version.spec for version in user.versions("mine 2")] == [SPECS[1], SPECS[0]]
    assert {design.name: design.tags for design in user.designs()} == {"mine": (), "mine 2": ("a",)}
