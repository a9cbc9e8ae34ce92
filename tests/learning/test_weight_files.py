"""Files of weights that are damaged, or that point at what is none of theirs, are sentences."""

import h5py
import numpy as np
import pytest
from safetensors.numpy import save

from resnet_tf.learning.backend import keras
from resnet_tf.learning.weight_files import WeightsError, read

pytestmark = pytest.mark.keras

NUMBERS = np.arange(300, dtype=np.float32)


def h5(path, fill):
    """A file as keras.applications' are, of one layer with one kernel, which `fill` puts into it."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"conv"]
        layer = file.create_group("conv")
        layer.attrs["weight_names"] = [b"conv/kernel:0"]
        fill(layer.create_group("conv"))
    return path


def test_a_kernel_is_read_by_its_layer(tmp_path):
    path = h5(tmp_path / "w.h5", lambda group: group.create_dataset("kernel:0", data=NUMBERS))
    np.testing.assert_array_equal(read(path)["conv/kernel"], NUMBERS)


@pytest.mark.parametrize("way", ["raw numbers", "link", "virtual"])
def test_an_h5_that_reads_other_files_of_the_machine_is_refused(tmp_path, way):
    secret, other = tmp_path / "secret", tmp_path / "other.h5"
    secret.write_bytes(bytes(1_200))
    with h5py.File(other, "w") as file:
        file["numbers"] = NUMBERS
    layout = h5py.VirtualLayout((300,), "f4")
    layout[:] = h5py.VirtualSource(str(other), "numbers", (300,))
    fills = {
        "raw numbers": lambda group: group.create_dataset(
            "kernel:0", (300,), "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
        ),
        "link": lambda group: group.__setitem__("kernel:0", h5py.ExternalLink(str(other), "numbers")),
        "virtual": lambda group: group.create_virtual_dataset("kernel:0", layout),
    }
    with pytest.raises(WeightsError, match="refers to another file"):
        read(h5(tmp_path / "w.h5", fills[way]))


def test_an_h5_that_claims_more_numbers_than_it_holds_is_refused(tmp_path):
    """An HDF5 file of 4 kB may be said to hold 4 TB of zeros."""
    shape = (1_000_000, 1_000_000)
    path = h5(tmp_path / "w.h5", lambda group: group.create_dataset("kernel:0", shape, "f4", chunks=(10, 10)))
    with pytest.raises(WeightsError, match=r"4,000,000,000,000 bytes, more than the file can hold"):
        read(path)


def test_an_npz_that_unpacks_to_far_more_than_it_holds_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "w.npz", a=np.zeros(1_000_000))
    with pytest.raises(WeightsError, match=r"unpacks to 8,000,\d+ bytes"):
        read(tmp_path / "w.npz")
    np.savez_compressed(tmp_path / "w.npz", a=NUMBERS)
    np.testing.assert_array_equal(read(tmp_path / "w.npz")["a"], NUMBERS)


def written(path):
    """A whole file of each kind."""
    if path.suffix == ".safetensors":
        path.write_bytes(save({"a": NUMBERS}))
    elif path.suffix == ".npz":
        np.savez(path, a=NUMBERS)
    elif path.suffix == ".h5":
        h5(path, lambda group: group.create_dataset("kernel:0", data=NUMBERS))
    else:
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="dense")]).save(path)
    return path


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".h5", ".keras"])
def test_a_file_that_was_cut_off_or_is_no_such_file_says_so(tmp_path, suffix):
    path = written(tmp_path / f"w{suffix}")
    whole = path.read_bytes()
    assert len(read(path)) >= 1
    for content in (b"", b"GIF89a", whole[: len(whole) // 2], whole[:-20]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=rf"w\{suffix} is damaged"):
            read(path)


def test_a_file_that_is_not_there_is_no_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "w.h5")
