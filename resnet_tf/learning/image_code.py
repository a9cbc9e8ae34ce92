"""The images of a training as plain code: a cell that loads them. No Keras here."""

from __future__ import annotations

from typing import NamedTuple

from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DATASETS, DatasetCard


class Images(NamedTuple):
    """What the images are, the code that loads them and what it imports, whether batches of them are to be resized."""

    about: str
    code: str
    imports: tuple[str, ...] = ()
    is_resized: bool = False


_BY_CLASSES = {10: "cifar10", 100: "cifar100"}
_REPLACED = "Whatever gives images (n, height, width, channels) from 0 to 255 and labels from 0 on can stand here."
_PICTURES = "`images/train` and `images/test` have a folder of pictures for each class."
_ARRAYS = "`images.npz` has them as arrays: pictures of that many channels have no usual format."
_SKLEARN = "They come with scikit-learn: `pip install scikit-learn`."

_DOWNLOADED = """\
(train_images, train_labels), (test_images, test_labels) = keras.datasets.{name}.load_data()
train_labels, test_labels = train_labels.ravel(), test_labels.ravel()
"""
_DIGITS = """\
digits = load_digits()
images = np.rint(digits.images * (255 / 16)).astype("uint8")
order = np.random.default_rng(0).permutation(len(images))
train, test = order[len(order) // 5 :], order[: len(order) // 5]
train_images, train_labels = images[train], digits.target[train]
test_images, test_labels = images[test], digits.target[test]
"""
_FOLDER = """\
def load(folder):
    \"\"\"The images of a folder that has one folder for each class, and their labels.\"\"\"
    classes = sorted(path for path in Path(folder).iterdir() if path.is_dir())
    files = [(path, label) for label, each in enumerate(classes) for path in sorted(each.iterdir())]
    pictures = [keras.utils.load_img(path, color_mode="{mode}", target_size=INPUT_SHAPE[:2]) for path, _ in files]
    images = np.stack([keras.utils.img_to_array(picture, dtype="uint8") for picture in pictures])
    return images, np.array([label for _, label in files])


train_images, train_labels = load("images/train")
test_images, test_labels = load("images/test")
"""
_LOADED = """\
with np.load("images.npz") as arrays:
    train_images, train_labels = arrays["train_images"], arrays["train_labels"]
    test_images, test_labels = arrays["test_images"], arrays["test_labels"]
"""
_WITH_AXIS = """\
train_images, test_images = train_images[..., None], test_images[..., None]
"""
_TO_RGB = """\
train_images, test_images = train_images.repeat(3, axis=3), test_images.repeat(3, axis=3)  # grey as RGB
"""
_TO_GREY = """\
luma = np.array([0.299, 0.587, 0.114], "float32")  # ITU-R 601
train_images, test_images = (np.rint(images @ luma)[..., None] for images in (train_images, test_images))
"""
_MODES = {1: "grayscale", 3: "rgb"}


def images_of(spec: Spec, card: DatasetCard | None) -> Images:
    """The images that a design is trained on: a catalogue's, those with as many classes, or a folder's."""
    channels = spec.input_shape[2]
    if card is None and channels in _MODES:
        card = DATASETS.get(_BY_CLASSES.get(spec.classes, ""))
    if card is None or card.path is not None:
        return _own(channels, f"{card.title}. " if card else "")
    code = _DOWNLOADED.format(name=card.name) if card.needs_network else _DIGITS
    code += _WITH_AXIS if card.image_shape[2] == 1 else ""
    if card.image_shape[2] != channels:
        code += _TO_RGB if channels == 3 else _TO_GREY
    about = f"{card.title}: {card.images:,} images of {card.classes:,} classes. {card.source}."
    extra, imports = ("", ()) if card.needs_network else (f" {_SKLEARN}", ("from sklearn.datasets import load_digits",))
    return Images(f"{about}{extra} {_REPLACED}", code, imports, card.image_shape[:2] != spec.input_shape[:2])


def _own(channels: int, title: str) -> Images:
    """Images that are somebody's own."""
    if channels not in _MODES:
        return Images(f"{title}{_ARRAYS} {_REPLACED}", _LOADED)
    code = _FOLDER.format(mode=_MODES[channels])
    return Images(f"{title}{_PICTURES} {_REPLACED}", code, ("from pathlib import Path",))
