"""Checkpoints outlive whatever interrupts them: a death or a full disk at every step, a cut at every byte."""

import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from benches import until
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.runs.checkpoints import Checkpoints, Retention

HERE = Path(__file__).parent
EARLIER, NEW = b"earlier", bytes(range(256)) * 16


def text(path):
    return path.read_bytes()


@contextmanager
def no_file_beyond(count):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_at_any_byte_leaves_the_earlier_checkpoint_and_no_rest(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.keep(1, lambda path: path.write_bytes(EARLIER))
    for byte in range(0, len(NEW), 61):
        with no_file_beyond(byte), pytest.raises(OSError, match="File too large"):
            checkpoints.keep(2, lambda path: path.write_bytes(NEW))
        assert checkpoints.newest(text) == EARLIER
        assert len(list(tmp_path.iterdir())) == 1
    with no_file_beyond(len(NEW)):
        checkpoints.keep(2, lambda path: path.write_bytes(NEW))
    assert checkpoints.newest(text) == NEW


def test_a_checkpoint_cut_at_any_byte_is_passed_over(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step, data in enumerate((EARLIER, NEW)):
        checkpoints.keep(step, lambda path, data=data: path.write_bytes(data))
    newest = max(tmp_path.iterdir())
    for byte in range(len(NEW) - 1, -1, -1):
        os.truncate(newest, byte)
        assert checkpoints.newest(text) == EARLIER


def test_who_tells_on_from_the_records_takes_no_checkpoint_beyond_them_while_there_is_another(tmp_path):
    checkpoints = Checkpoints(tmp_path, Retention(3))
    for step in (20, 40, 60):
        checkpoints.keep(step, lambda path, step=step: path.write_bytes(bytes([step])))
    taken = {known: checkpoints.newest(text, known)[0] for known in (0, 19, 20, 39, 40, 59, 60, 99)}
    assert taken == {0: 20, 19: 20, 20: 20, 39: 20, 40: 40, 59: 40, 60: 60, 99: 60}
    os.truncate(min(tmp_path.iterdir()), 0)  # that of step 20
    assert checkpoints.newest(text, 39)[0] == 40
    assert checkpoints.newest(text, 60)[0] == 60


@given(place=st.integers(0, len(NEW) - 1), bit=st.integers(0, 7))
def test_a_checkpoint_with_one_bit_turned_is_passed_over(tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("run")
    checkpoints = Checkpoints(folder)
    checkpoints.keep(1, lambda path: path.write_bytes(EARLIER))
    checkpoints.keep(2, lambda path: path.write_bytes(NEW))
    damaged = bytearray(NEW)
    damaged[place] ^= 1 << bit
    max(folder.iterdir()).write_bytes(damaged)
    assert checkpoints.newest(text) == EARLIER


@pytest.mark.parametrize("how", ["kill", "full"])
def test_a_death_or_a_full_disk_at_any_step_of_keeping_leaves_a_whole_checkpoint(tmp_path, how):
    command = [sys.executable, str(HERE / "interrupted.py"), str(tmp_path / "run"), how]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [line.split() for line in said.splitlines()]
    assert lines[-1][-3:] == ["0", "newnewn", "0"]  # nothing was left to stop at
    assert {line[0] for line in lines} >= {"open", "os.rename"}
    seen = [newest for *_, newest, _ in lines]
    assert set(seen) == {"earlier", "newnewn"}  # never none
    assert seen == sorted(seen)  # from one moment on it is the new one
    if how == "full":
        assert {left for *_, left in lines} == {"0"}


def test_what_a_killed_writer_left_is_gone_with_the_next_checkpoint(tmp_path):
    for name in ("unfinished.npz", ".unfinished.npz.4711"):
        (tmp_path / name).write_bytes(b"half")
    Checkpoints(tmp_path).keep(1, lambda path: path.write_bytes(NEW))
    assert [path.name[:13] for path in tmp_path.iterdir()] == ["000000000001-"]


def test_a_damaged_checkpoint_takes_no_place_of_a_whole_one(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (5, 6):
        checkpoints.keep(step, lambda path: path.write_bytes(NEW))
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    assert checkpoints.newest(text) is None
    for step in (1, 2):  # from the beginning
        checkpoints.keep(step, lambda path: path.write_bytes(b"again"))
    assert Checkpoints(tmp_path).newest(text) == b"again"


def test_a_checkpoint_that_was_damaged_and_is_written_again_is_there(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step, data in ((1, EARLIER), (2, NEW)):
        checkpoints.keep(step, lambda path, data=data: path.write_bytes(data))
    os.truncate(max(tmp_path.iterdir()), 100)
    assert checkpoints.newest(text) == EARLIER
    checkpoints.keep(2, lambda path: path.write_bytes(NEW))  # a training done again is the same to the bit
    assert checkpoints.newest(text) == NEW


@given(
    sizes=st.lists(st.integers(0, 100), min_size=1, max_size=8),
    count=st.integers(1, 5),
    most=st.one_of(st.none(), st.integers(0, 300)),
)
def test_as_many_are_kept_as_number_and_size_allow_and_the_newest_always(tmp_path_factory, sizes, count, most):
    folder = tmp_path_factory.mktemp("run")
    checkpoints = Checkpoints(folder, Retention(count, most))
    for step, size in enumerate(sizes):
        checkpoints.keep(step, lambda path, size=size: path.write_bytes(bytes(size)))
    left = sorted(int(path.name.split("-")[0]) for path in folder.iterdir())
    assert left == list(range(left[0], len(sizes)))  # the newest ones, without a gap
    assert len(left) <= count
    taken = sum(sizes[step] for step in left)
    assert most is None or taken <= most or len(left) == 1
    assert checkpoints.bytes == taken


@pytest.mark.parametrize(
    ("count", "most", "kept"),
    [(1, None, [4]), (3, None, [2, 3, 4]), (9, 50, [3, 4]), (9, 49, [4]), (9, 0, [4]), (9, 120, [0, 1, 2, 3, 4])],
)
def test_what_is_dropped_is_the_oldest(count, most, kept):
    sizes = {f"{step:012d}-": size for step, size in enumerate((30, 20, 20, 20, 30))}
    assert [int(name[:-1]) for name in sizes if name not in Retention(count, most).surplus(sizes)] == kept


def test_a_run_keeps_the_checkpoints_and_says_the_bytes_that_the_settings_name(open_bench, monkeypatch):
    monkeypatch.setenv("RESNET_TF_CHECKPOINTS", "3")
    bench = open_bench()
    bench.start()
    run = bench.begin("steady", epochs=5)
    until(lambda: bench.state(run) == "finished")
    kept = sorted(bench.home.checkpoints(run).iterdir())
    assert [int(path.name.split("-")[0]) for path in kept] == [60, 80, 100]
    assert bench.run(run).bytes == sum(path.stat().st_size for path in kept) == bench._store.disk("local")
