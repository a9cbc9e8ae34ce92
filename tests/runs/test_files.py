"""Files beyond one machine: a folder that machines share in place of an object store (see test_object_store.py)."""

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from benches import Bench, until

from resnet_tf.runs import porter
from resnet_tf.runs.failures import FilesUnavailable, NoSuchRun, WorkbenchError
from resnet_tf.runs.files import Files
from resnet_tf.runs.home import Home
from resnet_tf.runs.porter import Porter
from resnet_tf.runs.settings import settings


@pytest.fixture
def files(tmp_path):
    """A function that gives the files of a machine; all share a folder."""
    return lambda machine="a", **chosen: Files(
        Home(tmp_path / machine), settings(artifact_url=str(tmp_path / "shared"), **chosen)
    )


def pets(tmp_path):
    path = tmp_path / "pets.npz"
    np.savez(path, images=np.zeros((8, 16, 16, 3), np.uint8), labels=np.arange(8) % 2)
    return path.read_bytes()


def kept(checkpoints, step, data=b"weights"):
    checkpoints.keep(step, lambda path: path.write_bytes(data))


def read(path):
    return path.read_bytes()


def test_a_folder_that_machines_share_is_a_store(files, tmp_path):
    sent = files("a").checkpoints("run")
    for step in (1, 2, 3):
        kept(sent, step, bytes([step]))
        sent.send()
    assert len(list((tmp_path / "shared" / "checkpoints" / "run").iterdir())) == 2
    assert files("b").checkpoints("run").newest(read) == bytes([3])
    files("b").forget("run")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "a" not in path.parents] == []


def test_half_a_file_in_a_shared_folder_has_no_name_yet(files, tmp_path):
    sent = files("a").checkpoints("run")
    kept(sent, 1)
    sent.send()
    (whole,) = (tmp_path / "shared" / "checkpoints" / "run").iterdir()
    whole.rename(whole.with_name(f"{whole.name}.unfinished"))  # as a sender leaves it that is killed
    assert files("b").checkpoints("run").newest(read) is None
    files("b").objects.drop_unfinished(before=0.0)  # somebody may be at it
    assert len(list((tmp_path / "shared").rglob("*.unfinished"))) == 1
    files("b").objects.drop_unfinished(before=whole.parent.stat().st_mtime + 60)
    assert not list((tmp_path / "shared").rglob("*.unfinished"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("memory://runs", "what is in memory is no other process's"),
        ("ftp://host/runs", r"must be s3://bucket/folder or a folder .* got 'ftp://host/runs'"),
    ],
)
def test_a_url_of_no_known_kind_is_refused_with_those_that_are(tmp_path, url, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        assert Files(Home(tmp_path), settings(artifact_url=url)).objects


def test_without_s3fs_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(WorkbenchError, match=r"needs s3fs: pip install 'resnet_tf\[s3\]'"):
        assert Files(Home(tmp_path), settings(artifact_url="s3://bucket")).objects


def test_without_a_store_nothing_of_it_is_loaded(tmp_path):
    files = Files(Home(tmp_path), settings())
    kept(files.checkpoints("run"), 1)
    files.send_soon("run", files.checkpoints("run"))
    assert files.porter.wait(0)
    assert files.link("run", "network.keras") is None
    assert files.checkpoints("run").newest(read) == b"weights"


@pytest.mark.parametrize("id", ["", ".", "..", "../artifacts", "a/b", "*", "a" * 65, "a\x00b", "a\n", "é"])
def test_no_path_is_made_of_an_id_that_is_none(files, tmp_path, id):
    with pytest.raises(NoSuchRun):
        Bench(tmp_path / "a").artifacts(id)
    for ask in (files().checkpoints, files().forget, lambda id: files().artifact(id, "x", 1)):
        with pytest.raises(NoSuchRun):
            ask(id)


class Sent:
    """Checkpoints that a store takes or does not."""

    def __init__(self):
        self.is_down, self.times, self.tried = False, 0, threading.Event()

    def send(self):
        self.tried.set()
        if self.is_down:
            raise FilesUnavailable("s3://bucket", "no answer")
        self.times += 1


def test_what_a_store_does_not_take_waits_is_said_once_and_is_sent_later(monkeypatch):
    monkeypatch.setattr(porter, "AGAIN", 0.01)
    carried, checkpoints = Porter(), Sent()
    checkpoints.is_down = True
    carried.ask("run", checkpoints)
    (said,) = until(lambda: carried.said("run"))
    assert said.startswith("The files at s3://bucket cannot be reached (no answer). What it has not taken stays on")
    assert not carried.wait(60)  # which does not wait for a store that is down
    checkpoints.tried.clear()
    assert checkpoints.tried.wait(60)
    assert carried.said("run") == []
    checkpoints.is_down = False
    (said,) = until(lambda: carried.said("run"))
    assert "answers again" in said
    assert carried.wait(60)
    assert checkpoints.times == 1


def test_what_was_added_on_another_machine_is_there_to_choose_soon(tmp_path):
    data = pets(tmp_path)
    first, second = (Bench(tmp_path / name, settings=settings(artifact_url=str(tmp_path / "shared"))) for name in "ab")
    card = first.of("ada").add_images("pets", data)
    first.add_images("pets", data)  # of who is alone there
    found = until(lambda: [one for one in second.of("ada").datasets() if one.path], 60)
    assert [(one.name, one.title) for one in found] == [(card.name, "pets")]
    assert Path(found[0].path).is_relative_to(tmp_path / "b")
    assert [one for one in second.of("bob").datasets() if one.path] == []


def test_images_that_lie_nowhere_are_left_to_who_loads_them(files, tmp_path):
    card = Bench(tmp_path / "alone").add_images("pets", pets(tmp_path))
    os.remove(card.path)
    assert files().with_images(card) == card
    outside = card.__class__(**{**vars(card), "path": str(tmp_path / "elsewhere" / "uploads" / ".." / "x.npz")})
    assert files().with_images(outside) == outside
    assert Path(card.path).parent == tmp_path / "alone" / "uploads"
