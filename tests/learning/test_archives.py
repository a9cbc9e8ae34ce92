"""Each hostile or broken set of images is made here, and must be met with a sentence."""

import io
import pickle
import stat
import struct
import warnings
import zipfile
from copy import copy

import numpy as np
import pytest
from PIL import Image

from resnet_tf.learning.archives import card_of, keep, read
from resnet_tf.learning.zips import ArchiveError


def png(color=(255, 0, 0), size=(12, 10), kind="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


def two_classes(each=3):
    return {
        f"{name}/{i}.png": png(color)
        for name, color in (("cat", (255, 0, 0)), ("dog", (0, 255, 0)))
        for i in range(each)
    }


def zipped(files, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def refused(source):
    with pytest.raises(ArchiveError) as caught:
        read(source)
    return str(caught.value)


def pictures(count=6, shape=(8, 8)):
    return np.arange(count * np.prod(shape), dtype=np.uint8).reshape(count, *shape)


def test_a_zip_of_class_folders_gives_their_images_and_names():
    found = read(zipped(two_classes()))
    assert found.class_names == ("cat", "dog")
    assert found.images.shape == (6, 10, 10, 3)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert (found.images[0] == (255, 0, 0)).all()
    assert (found.images[5] == (0, 255, 0)).all()
    assert found.notes == ()


def test_a_folder_gives_the_same_as_its_zip(tmp_path):
    for name, data in two_classes().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    folder, archive = read(tmp_path), read(zipped(two_classes()))
    assert np.array_equal(folder.images, archive.images)
    assert np.array_equal(folder.labels, archive.labels)
    assert folder.class_names == archive.class_names


def test_the_same_class_under_train_and_test_is_one():
    files = {f"pets/{part}/{name}": data for part in ("train", "test") for name, data in two_classes(1).items()}
    found = read(zipped(files))
    assert found.class_names == ("cat", "dog")
    assert len(found.labels) == 4


def test_grey_images_are_kept_with_one_channel():
    found = read(zipped({f"{c}/{i}.png": png((i, i, i)) for c in "ab" for i in range(2)}))
    assert found.images.shape == (4, 10, 10, 1)


def test_large_images_are_kept_at_a_side_of_128_px():
    found = read(zipped({f"{c}/{i}.jpg": png((9, i, 9), (400, 300), "JPEG") for c in "ab" for i in range(2)}))
    assert found.images.shape == (4, 128, 128, 3)


def test_other_files_are_left_out_by_name_and_hidden_ones_silently():
    files = {
        **two_classes(),
        "notes.txt": b"hello",
        "__MACOSX/cat/._0.png": b"x",
        "cat/.DS_Store": b"x",
        "top.png": png(),
    }
    found = read(zipped(files))
    assert len(found.labels) == 6
    assert any("notes.txt" in note for note in found.notes)
    assert any("top.png" in note for note in found.notes)
    assert not any("MACOSX" in note or "DS_Store" in note for note in found.notes)


def test_corrupt_images_are_left_out_named_and_counted():
    files = {
        **two_classes(),
        **{f"cat/bad{i}.png": b"not an image at all" for i in range(7)},
        "dog/cut.png": png()[:45],
    }
    found = read(zipped(files))
    assert len(found.labels) == 6
    (note,) = found.notes
    assert note.startswith("8 files were left out (unreadable): cat/bad0.png")
    assert "and 3 more" in note


@pytest.mark.parametrize("position", range(0, 70, 3))
def test_an_image_with_any_damaged_byte_ends_in_images_or_a_sentence(position):
    data = bytearray(png())
    data[position % len(data)] ^= 0xFF
    found = read(zipped({**two_classes(), "cat/damaged.png": bytes(data)}))
    assert len(found.labels) + len(found.notes) == 7


def test_nothing_but_corrupt_images_is_refused():
    assert "unreadable" in refused(zipped({"a/1.png": b"x", "b/1.png": b"y"}))


@pytest.mark.parametrize("name", ["../evil.png", "cat/../../evil.png", "/etc/evil.png", "..\\evil.png", "C:\\evil.png"])
def test_an_entry_that_points_outside_the_zip_refuses_it(name):
    assert "points outside" in refused(zipped({**two_classes(), name: png()}))


def test_a_link_in_a_zip_refuses_it():
    buffer = io.BytesIO(zipped(two_classes()))
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("cat/link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "is a link" in refused(buffer.getvalue())


def test_links_in_a_folder_are_left_out(tmp_path):
    for name, data in two_classes().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "cat" / "link.png").symlink_to(tmp_path / "dog" / "0.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = read(tmp_path)
    assert len(found.labels) == 6
    assert any("link" in note for note in found.notes)


def test_an_entry_that_grows_a_thousand_times_is_refused():
    bomb = zipped({**two_classes(), "cat/bomb.png": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    assert "would grow" in refused(bomb)


def test_many_entries_that_are_too_much_together_are_refused():
    """As Fifield 2019 makes them: every name in the list has the same packed bytes, and the zip itself is small."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/0.png", bytes(9_000_000))  # too small for the rule on a single entry
        for i in range(1, 460):
            entry = copy(archive.getinfo("cat/0.png"))
            entry.filename = f"cat/{i}.png"
            archive.filelist.append(entry)
    assert "4.1 GB" in refused(buffer.getvalue())


def test_a_list_of_more_entries_than_can_be_read_is_refused_before_it_is_read():
    data = bytearray(zipped(two_classes()))
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", 2_000_000_000)
    assert "too many entries" in refused(bytes(data))


def test_a_picture_of_a_huge_size_is_left_out_unread():
    header = png(size=(10, 10))
    ihdr = bytearray(header[12:29])
    ihdr[4:12] = struct.pack(">II", 60_000, 60_000)
    crc = struct.pack(">I", zipfile.crc32(bytes(ihdr)))
    huge = header[:12] + bytes(ihdr) + crc + header[33:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read(zipped({**two_classes(), "cat/huge.png": huge}))
    assert len(found.labels) == 6
    assert "cat/huge.png" in found.notes[0]


def test_an_encrypted_zip_is_refused():
    data = bytearray(zipped(two_classes()))
    start = data.find(b"PK\x01\x02")
    data[start + 8] |= 1
    assert "encrypted" in refused(bytes(data))


def test_a_truncated_zip_is_refused_wherever_it_is_cut():
    whole = zipped(two_classes())
    for length in range(2, len(whole), 97):
        assert refused(whole[:length])


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"\x89PNG\r\n", bytes(1000)])
def test_what_is_no_archive_is_refused(data):
    assert refused(data)


def test_a_path_that_is_not_there_is_refused(tmp_path):
    assert "no folder" in refused(tmp_path / "nowhere")


def test_one_class_is_refused_by_name():
    assert "only 'cat' was found" in refused(zipped({"cat/1.png": png(), "cat/2.png": png()}))


def test_no_class_is_refused():
    assert "one folder per class" in refused(zipped({"1.png": png(), "2.png": png()}))


def test_an_empty_zip_is_refused():
    assert "No image" in refused(zipped({}))


def test_a_class_with_one_image_is_refused_by_name():
    assert "'dog' has 1 images" in refused(zipped({"cat/1.png": png(), "cat/2.png": png(), "dog/1.png": png()}))


def test_one_image_is_refused():
    assert "two classes" in refused(zipped({"cat/1.png": png()}))


def test_an_npz_of_images_and_labels_is_read():
    found = read(npz(images=pictures(), labels=np.array([0, 1, 0, 1, 0, 1]), class_names=np.array(["no", "yes"])))
    assert found.images.shape == (6, 8, 8, 1)
    assert np.array_equal(found.images[..., 0], pictures())
    assert found.class_names == ("no", "yes")


def test_an_npz_of_shares_and_named_labels_is_read():
    found = read(npz(x=pictures() / 255.0, y=np.array(["b", "a"] * 3)))
    assert np.array_equal(found.images[..., 0], pictures())
    assert found.class_names == ("a", "b")
    assert found.labels.tolist() == [1, 0] * 3


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": pictures(), "labels": np.array([0, 1, 2, -1, 0, 1])}, "from -1 to 2"),
        ({"images": pictures(), "labels": np.arange(6) + 2**40}, "whole numbers from 0"),
        ({"images": pictures(), "labels": np.array([0, 5] * 3), "class_names": np.array(["a", "b"])}, "from 0 to 1"),
        ({"images": pictures(), "labels": np.array([0.5, 1] * 3)}, "whole numbers"),
        ({"images": pictures(), "labels": np.array([0, 2] * 3)}, "'1' has 0 images"),
        ({"images": pictures(), "labels": np.zeros(6, int)}, "two classes"),
        ({"images": pictures(), "labels": np.array([0, 1])}, "one label per image"),
        ({"images": pictures()}, "'labels'"),
        ({"labels": np.array([0, 1])}, "'images'"),
        ({"images": pictures(shape=(8, 8, 4)), "labels": np.array([0, 1] * 3)}, "1 or 3"),
        ({"images": pictures(shape=(8,)), "labels": np.array([0, 1] * 3)}, "shape"),
        ({"images": np.zeros((0, 8, 8)), "labels": np.zeros(0, int)}, "shape"),
        ({"images": pictures().astype(int) * 9, "labels": np.array([0, 1] * 3)}, "0 to 255"),
        ({"images": np.full((6, 8, 8), np.nan), "labels": np.array([0, 1] * 3)}, "0 to 255"),
        ({"images": pictures().astype("U3"), "labels": np.array([0, 1] * 3)}, "must be numbers"),
    ],
)
def test_arrays_that_are_no_labelled_images_are_refused(arrays, said):
    assert said in refused(npz(**arrays))


def test_a_pickle_in_an_npz_is_never_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "pwned"), "w"))

    array = np.empty(2, object)
    array[:] = Evil()
    assert "Python objects" in refused(npz(images=array, labels=np.array([0, 1])))
    assert pickle.dumps(array)
    (tmp_path / "pwned").unlink(missing_ok=True)
    refused(npz(images=array, labels=np.array([0, 1])))
    assert not (tmp_path / "pwned").exists()


def test_an_npz_header_that_claims_a_terabyte_is_refused_unread():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 1000, 1000)})
    files = {"images.npy": header.getvalue(), "labels.npy": header.getvalue()}
    assert "1,000.0 GB" in refused(zipped(files))


def test_what_is_kept_comes_back_as_a_card_and_as_images(tmp_path):
    found = read(zipped(two_classes()))
    card = keep(found, "My pets", tmp_path)
    assert card == card_of(card.path)
    assert (card.title, card.class_names, card.classes) == ("My pets", ("cat", "dog"), 2)
    assert (card.image_shape, card.images, card.needs_network) == ((10, 10, 3), 6, False)
    assert keep(found, "My pets", tmp_path).path == card.path
    assert len(list(tmp_path.iterdir())) == 1
