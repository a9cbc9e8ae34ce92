"""A stranger's file of weights is read, or refused in a sentence, without more memory than it has bytes; no Keras."""

import io
import pickle
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from resnet_tf.learning import torch_files
from resnet_tf.learning.torch_files import UnsafeFile

TINY = Path(__file__).parents[1] / "fixtures" / "tiny.pth"
NAME = "archive/data.pkl"


class Tensor:
    """Pickled as torch pickles a tensor: a call, and a reference to the numbers in the archive."""

    def __init__(self, size, stride, key="0"):
        self.size, self.stride, self.key = size, stride, key


class Call:
    """What the pickle names: a function or a class of torch."""

    def __init__(self, name):
        self.name = name


class Pickler(pickle._Pickler):
    """The pure Python pickler, told how torch's parts look without torch."""

    def persistent_id(self, value):
        return ("storage", Call("torch\nFloatStorage"), value[1:], "cpu", 4) if self.refers(value) else None

    @staticmethod
    def refers(value):
        return isinstance(value, str) and value.startswith("@")

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Call):
            self.write(pickle.GLOBAL + value.name.encode() + b"\n")
        elif isinstance(value, Tensor):
            self.save(Call("torch._utils\n_rebuild_tensor_v2"))
            self.save((f"@{value.key}", 0, value.size, value.stride, False, {}))
            self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


def pickled(value):
    out = io.BytesIO()
    Pickler(out, 2).dump(value)
    return out.getvalue()


def archive(path, content, numbers, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr(NAME, content)
        for key, array in numbers.items():
            file.writestr(f"archive/data/{key}", array.tobytes())
    return path


def test_a_pickle_written_here_is_read_as_one_of_torch(tmp_path):
    numbers = np.arange(6, dtype=np.float32)
    path = archive(tmp_path / "w.pth", pickled({"a": Tensor((3, 2), (1, 3))}), {"0": numbers})
    np.testing.assert_array_equal(torch_files.read(path)["a"], numbers.reshape(2, 3).T)


def test_a_tensor_larger_than_its_numbers_is_refused(tmp_path):
    """With strides of 0 four numbers stand for as many as one likes."""
    content = pickled({"a": Tensor((2**20, 2**20), (0, 0))})
    with pytest.raises(UnsafeFile, match="beyond its numbers"):
        torch_files.read(archive(tmp_path / "w.pth", content, {"0": np.zeros(4, np.float32)}))


def test_many_tensors_of_one_run_of_numbers_share_it(tmp_path):
    content = pickled({str(i): Tensor((1_000,), (1,)) for i in range(1_000)})
    found = torch_files.read(archive(tmp_path / "w.pth", content, {"0": np.ones(1_000, np.float32)}))
    assert len({array.__array_interface__["data"][0] for array in found.values()}) == 1


def test_a_place_far_out_in_the_memo_is_refused(tmp_path):
    """Python keeps as many places as the highest number: 100 bytes would take 64 GB."""
    content = b"\x80\x02}" + pickle.LONG_BINPUT + struct.pack("<I", 2**32 - 1) + pickle.STOP
    with pytest.raises(UnsafeFile, match="more memory than it fills"):
        torch_files.read(archive(tmp_path / "w.pth", content, {}))


def test_what_unpacks_to_more_than_the_file_is_refused(tmp_path):
    zeros = {"0": np.zeros(10_000_000, np.float32)}
    content = pickled({"a": Tensor((10_000_000,), (1,))})
    path = archive(tmp_path / "w.pth", content, zeros, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    with pytest.raises(UnsafeFile, match="unpacks to more than it holds"):
        torch_files.read(path)


def test_a_file_that_is_not_there_is_no_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        torch_files.read(tmp_path / "w.pth")


@pytest.mark.parametrize("where", ["the pickle", "the archive"])
def test_whatever_bytes_are_changed_the_file_is_read_or_refused(tmp_path, where):
    """Tiny.pth with a few bytes changed or its end cut off, 500 times; any other exception would fail the test."""
    chance, path, whole = random.Random(where), tmp_path / "w.pth", TINY.read_bytes()
    with zipfile.ZipFile(TINY) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    (pickle_name,) = (name for name in parts if name.endswith("/data.pkl"))
    content = parts[pickle_name] if where == "the pickle" else whole
    refused = 0
    for _ in range(500):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        if chance.random() < 0.3:
            changed = changed[: chance.randrange(len(changed))]
        if where == "the archive":
            path.write_bytes(changed)
        else:
            with zipfile.ZipFile(path, "w") as file:
                for name, part in parts.items():
                    file.writestr(name, bytes(changed) if name == pickle_name else part)
        try:
            torch_files.read(path)
        except UnsafeFile:
            refused += 1
    assert refused > 100


def test_reading_them_loads_no_keras():
    code = (
        f"from resnet_tf.learning import torch_files; from pathlib import Path; torch_files.read(Path({str(TINY)!r}))"
    )
    loaded = "import sys; sys.exit(any(name in sys.modules for name in ('keras', 'tensorflow', 'torch')))"
    assert subprocess.run([sys.executable, "-c", f"{code}; {loaded}"], check=False).returncode == 0
