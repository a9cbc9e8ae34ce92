"""Checkpoints and exports in a real S3 server: there, damaged, gone for a while, and found from another machine."""

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest
from benches import SPEC, Bench, until
from fake_worker import STEPS_PER_EPOCH
from s3 import S3

from resnet_tf.runs.failures import FilesUnavailable, WorkbenchError
from resnet_tf.runs.files import Files
from resnet_tf.runs.home import Home
from resnet_tf.runs.objects import Objects
from resnet_tf.runs.records import Artifact
from resnet_tf.runs.settings import settings
from resnet_tf.runs.tidy import tidy

pytestmark = pytest.mark.services
HERE = Path(__file__).parent
DATA = bytes(range(256)) * 100_000  # goes in more than one part


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s3 = S3(tmp_path_factory.mktemp("s3") / "data")
    yield s3
    s3.stop()


@pytest.fixture
def s3(server, monkeypatch):
    """An S3 server that is up, and named in the environment."""
    server.restart()
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def files(s3, tmp_path):
    """A function that gives the files of a machine of its own."""
    return lambda machine="a", **limits: Files(Home(tmp_path / machine), settings(**limits))


def kept(checkpoints, step, data=DATA):
    checkpoints.keep(step, lambda path: path.write_bytes(data))


def read(path):
    return path.read_bytes()


def stored(s3, run):
    return [int(name.split("-")[0]) for name in s3.names(f"workbench/checkpoints/{run}")]


def test_a_checkpoint_that_one_machine_sent_is_read_by_another(files, s3):
    sent = files("a").checkpoints("round")
    for step in (1, 2, 3):
        kept(sent, step, DATA + bytes([step]))
        sent.send()
    assert stored(s3, "round") == [2, 3]  # as many as are kept
    assert files("b").checkpoints("round").newest(read) == DATA + bytes([3])


@pytest.mark.parametrize("at", [0, 1, len(DATA) // 2, len(DATA) - 1])
def test_a_truncated_object_is_passed_over_and_sent_again(files, s3, at):
    run = f"cut{at}"
    sent = files("a").checkpoints(run)
    for step, data in ((1, b"earlier"), (2, DATA)):
        kept(sent, step, data)
    sent.send()
    newest = max((s3.bucket / "workbench" / "checkpoints" / run).iterdir())
    os.truncate(newest, at)
    s3.restart()
    other = files("b").checkpoints(run)
    assert other.newest(read) == b"earlier"
    sent.send()  # who has it whole mends it
    assert files("c").checkpoints(run).newest(read) == DATA


def test_a_damaged_object_is_removed_by_who_went_on_from_the_one_before(files, s3):
    sent = files("a").checkpoints("damaged")
    for step, data in ((1, b"earlier"), (5, DATA)):
        kept(sent, step, data)
    sent.send()
    newest = max((s3.bucket / "workbench" / "checkpoints" / "damaged").iterdir())
    newest.write_bytes(b"x" * len(DATA))
    s3.restart()
    other = files("b").checkpoints("damaged")
    assert other.newest(read) == b"earlier"
    kept(other, 2, b"later")
    other.send()
    assert stored(s3, "damaged") == [1, 2]


def test_a_store_that_is_down_says_so_and_what_is_here_is_used(files, s3):
    here = files("a").checkpoints("down")
    kept(here, 1, b"here")
    here.send()
    s3.stop()
    assert here.newest(read) == b"here"
    with pytest.raises(FilesUnavailable, match="cannot be reached"):
        here.send()
    with pytest.raises(FilesUnavailable, match="cannot be reached"):
        files("b").checkpoints("down").newest(read)  # rather than none


@pytest.mark.parametrize("seed", range(5))
def test_a_store_that_dies_while_it_is_sent_to_has_a_whole_checkpoint_ever_after(files, s3, seed):
    run = f"dies{seed}"
    sent = files("a").checkpoints(run)
    kept(sent, 1, b"earlier")
    sent.send()
    kept(sent, 2)
    began = time.monotonic()
    files("scales").objects.put(max((files("a").home.checkpoints(run)).iterdir()), "scales/2")
    usual = time.monotonic() - began
    death = threading.Timer(random.Random(seed).uniform(0, usual), s3.stop)
    death.start()
    with suppress(FilesUnavailable):  # or it was there in time
        sent.send()
    death.join()
    s3.start()
    found = files("b").checkpoints(run).newest(read)
    assert found in (b"earlier", DATA)
    sent.send()
    assert files("c").checkpoints(run).newest(read) == DATA


def test_a_wrong_secret_and_a_missing_bucket_say_what_to_mend(files, monkeypatch):
    checkpoints = files("a").checkpoints("mend")
    kept(checkpoints, 1)
    with monkeypatch.context() as changed:
        changed.setenv("AWS_SECRET_ACCESS_KEY", "guessed")
        with pytest.raises(FilesUnavailable, match="AWS_SECRET_ACCESS_KEY"):
            files("a").checkpoints("mend").send()
    monkeypatch.setenv("ARTIFACT_URL", "s3://no-such-bucket/workbench")
    with pytest.raises(FilesUnavailable, match="make the bucket"):
        files("a").checkpoints("mend").send()


def test_a_run_goes_on_while_the_store_is_down_and_all_is_there_when_it_is_back(s3, open_bench):
    bench = open_bench()
    bench.start()
    run = bench.begin("steady", epochs=25)
    until(lambda: stored(s3, run), 60)
    s3.stop()
    until(lambda: any("cannot be reached" in said for said in notes(bench, run)), 60)
    seen = len(bench.steps(run))
    until(lambda: len(bench.steps(run)) > seen + 2 * STEPS_PER_EPOCH, 60)
    s3.start()
    until(lambda: bench.state(run) == "finished", 120)
    assert bench.steps(run) == list(range(1, 25 * STEPS_PER_EPOCH + 1))
    assert any("answers again" in said for said in notes(bench, run))
    assert stored(s3, run) == [step * STEPS_PER_EPOCH for step in (24, 25)]


def notes(bench, run):
    return [event.values["sentence"] for event in bench.events(run, ("note",))]


def test_a_run_goes_on_in_another_home_from_what_the_first_had_sent(s3, open_bench, tmp_path):
    first = open_bench()
    first.start()
    run = first.begin("steady", epochs=12)
    until(lambda: len(stored(s3, run)) == 2, 60)
    first.kill()
    first.close()
    sent = stored(s3, run)
    script = f"""
        from benches import Bench, FAKE, until
        from resnet_tf.runs import executor
        executor.FIRST_PAINT = 0.0
        bench = Bench({str(tmp_path / "another")!r}, {first._instance.url!r}, worker=FAKE)
        until(lambda: bench.state({run!r}) == "interrupted", 60)
        bench.resume({run!r})
        bench.start()
        until(lambda: bench.state({run!r}) == "finished", 120)
        bench.close()
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=environment, check=True)
    begun = [event.step for event in first.events(run, ("compiling",))]
    assert begun[0] == 0
    assert begun[1] in sent
    assert first.steps(run) == list(range(1, 12 * STEPS_PER_EPOCH + 1))


@pytest.fixture
def exported(s3, tmp_path):
    """An export that one machine wrote: the run's id, and a workbench of another machine with the same records."""
    bench = Bench(tmp_path / "a")
    run = bench.export(SPEC, ["keras"], name="taken away")
    bench._store.enter("w", "host", "home", 1)
    claimed = bench._store.claim("w", None, None)
    folder = bench.home.make(bench.home.artifacts(run))
    (folder / "network.keras").write_bytes(DATA)
    bench._instance.files.send_artifact(run, "network.keras")
    facts = {"seconds": 1.0, "verified": True, "difference": 0.0, "load": "", "error": None}
    bench._store.add_artifact("w", claimed, Artifact("keras", "network.keras", len(DATA), **facts))
    bench._store.end("w", claimed, "finished")
    return run, Bench(tmp_path / "b", bench._instance.url), bench


def test_an_export_is_downloaded_on_another_machine_byte_for_byte(exported, s3):
    run, other, _ = exported
    assert other.download(run, "keras").read_bytes() == DATA
    s3.stop()
    assert other.download(run, "keras").read_bytes() == DATA  # the copy


def test_an_export_that_cannot_be_had_says_why(exported, s3):
    run, other, _ = exported
    s3.stop()
    with pytest.raises(WorkbenchError, match="cannot be reached"):
        other.download(run, "keras")
    s3.start()
    object_ = s3.bucket / "workbench" / "artifacts" / run / "network.keras"
    os.truncate(object_, 100)
    s3.restart()
    with pytest.raises(WorkbenchError, match="came in part"):
        other.download(run, "keras")
    object_.unlink()
    s3.restart()
    with pytest.raises(WorkbenchError, match="no longer there: export it again"):
        other.download(run, "keras")
    with pytest.raises(WorkbenchError, match="no file in the format 'onnx'"):
        other.download(run, "onnx")


def test_a_link_gives_a_browser_the_file_and_nothing_else(exported, s3, monkeypatch, tmp_path):
    run, other, _ = exported
    assert other.link(run, "keras") is None  # browsers may not reach the store
    monkeypatch.setenv("RESNET_TF_ARTIFACT_LINKS", s3.endpoint)
    link = Bench(tmp_path / "b", other._instance.url).link(run, "keras")
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == DATA
        assert answer.headers["Content-Disposition"] == 'attachment; filename="network.keras"'
        assert answer.headers["Content-Type"] == "application/octet-stream"
    for forged in (link.partition("?")[0], link.replace(run, "0" * 16), link.replace("Expires=21600", "Expires=99999")):
        with pytest.raises(HTTPError, match=r"40[03]"):
            urllib.request.urlopen(forged)


def test_a_deleted_run_leaves_nothing_in_the_store_and_others_alone(exported, files, s3):
    run, other, _ = exported
    for name in (run, f"{run[:-1]}", f"{run}0"):
        kept(checkpoints := files("a").checkpoints(name), 1, b"x")
        checkpoints.send()
    other.delete(run)
    left = [name for name in s3.names() if run[:-1] in name]
    assert {name.split("/")[1] for name in left} == {run[:-1], f"{run}0"}


def test_a_store_to_which_nobody_ever_sent_in_parts_has_nothing_unfinished(s3):
    objects = Objects("s3://fresh/workbench")
    objects._files.mkdir("fresh")
    objects.drop_unfinished(time.time())


def test_an_upload_in_parts_that_nobody_completed_goes_after_a_while(files, s3):
    objects = files().objects
    bucket = s3.bucket.name
    begun = [
        objects._files.call_s3("create_multipart_upload", Bucket=bucket, Key=f"{folder}/checkpoints/run/1.npz")
        for folder in ("workbench", "somebody else's")
    ]
    objects.drop_unfinished(time.time() - 60)
    assert len(objects._files.list_multipart_uploads(bucket)) == 2  # somebody may be at it
    objects.drop_unfinished(time.time() + 60)
    (left,) = objects._files.list_multipart_uploads(bucket)
    assert left["UploadId"] == begun[1]["UploadId"]


def test_tidying_up_sends_what_waited_and_removes_what_was_deleted_while_the_store_was_down(exported, s3):
    run, other, bench = exported
    files, limits = bench._instance.files, bench.settings
    waiting = bench.begin("waits")
    kept(files.checkpoints(waiting), 1)
    s3.stop()
    bench.delete(run)
    with pytest.raises(FilesUnavailable):
        tidy(files, bench._store, limits)
    assert bench.home.checkpoints(waiting).exists()
    s3.start()
    tidy(files, bench._store, limits)
    assert stored(s3, waiting) == [1]
    assert not [name for name in s3.names() if run in name]
    with pytest.raises(WorkbenchError, match="There is no run"):
        other.download(run, "keras")


def test_added_images_are_found_on_another_machine(s3, tmp_path):
    import numpy as np

    path = tmp_path / "pets.npz"
    images, labels = np.zeros((8, 16, 16, 3), np.uint8), np.arange(8) % 2
    np.savez(path, images=images, labels=labels, class_names=np.array(["cat", "dog"]))
    card = Bench(tmp_path / "a").of("ada").add_images("pets", path.read_bytes())
    there = Files(Home(tmp_path / "b"), settings())
    Path(card.path).rename(tmp_path / "moved.npz")
    found = there.with_images(card)
    assert Path(found.path).read_bytes() == (tmp_path / "moved.npz").read_bytes()
    assert Path(found.path).is_relative_to(tmp_path / "b")
