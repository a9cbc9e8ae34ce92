"""What there is to train on, one row each, and how a design is made to fit it; no Keras."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from resnet_tf.design.presets import edit
from resnet_tf.design.rules import dilated_stages
from resnet_tf.design.spec import DenseNetSpec, Spec, SpecError, VGGSpec, nearest_word

LEAST_SIDE = 32  # px: smaller images are enlarged, since designs are made for maps that can shrink


@dataclass(frozen=True)
class DatasetCard:
    """A labelled set of images: what it holds, where it is from, and whether fetching it needs the network."""

    name: str
    title: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]  # (height, width, channels) as they are kept; channels 1 or 3
    images: int  # training and validation together
    source: str
    licence: str
    needs_network: bool = False
    path: str | None = None  # of somebody's own images: the .npz that `archives.keep` wrote

    @property
    def classes(self) -> int:
        return len(self.class_names)

    def as_json(self) -> dict[str, Any]:
        """All fields and `classes`, in types that JSON has."""
        return {**asdict(self), "classes": self.classes}


_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR100 = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl",
    "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair",
    "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin",
    "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp",
    "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck",
    "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel",
    "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
)  # fmt: skip

_ALPAYDIN = "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI, doi:10.24432/C50P49"
_KRIZHEVSKY = "Krizhevsky 2009, Learning Multiple Layers of Features, through keras.datasets"
_UNSTATED = "not stated by its authors"

# fmt: off
_ROWS = (
    # name, title, class names, image shape, images, source, licence, needs network
    DatasetCard("digits", "Handwritten digits (bundled)", _DIGITS, (8, 8, 1), 1_797,
                _ALPAYDIN, "CC BY 4.0"),
    DatasetCard("mnist", "MNIST", _DIGITS, (28, 28, 1), 70_000,
                "LeCun, Cortes and Burges 1998, through keras.datasets", "CC BY-SA 3.0", True),
    DatasetCard("fashion_mnist", "Fashion-MNIST", _CLOTHES, (28, 28, 1), 70_000,
                "Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747, through keras.datasets", "MIT", True),
    DatasetCard("cifar10", "CIFAR-10", _CIFAR10, (32, 32, 3), 60_000,
                _KRIZHEVSKY, _UNSTATED, True),
    DatasetCard("cifar100", "CIFAR-100", _CIFAR100, (32, 32, 3), 60_000,
                _KRIZHEVSKY, _UNSTATED, True),
)
# fmt: on

DATASETS: dict[str, DatasetCard] = {card.name: card for card in _ROWS}
DEFAULT = "digits"


def dataset(name: str) -> DatasetCard:
    """The card of a dataset that is always there. Raises SpecError for an unknown name, with the nearest one."""
    if name not in DATASETS:
        raise SpecError("dataset", "a known name", name, nearest_word(name, list(DATASETS)))
    return DATASETS[name]


def fit(spec: Spec, card: DatasetCard, image_size: int | None = None) -> Spec:
    """The design as it is trained on a dataset: its classes, its channels, and an image size that is practical.

    The size stays the design's own up to 32 px a side, or up to twice the design's total stride where that is more
    (64 px for ImageNet designs), so that the last map is at least 2 x 2; `image_size` (px a side) overrules it.
    Raises SpecError where the design cannot take that size, and where it has no classes to learn.
    """
    check_head(spec)
    if image_size is None:
        most = max(LEAST_SIDE, 2 * total_stride(spec))
        height, width = (min(side, most) for side in spec.input_shape[:2])
    else:
        height = width = image_size
    shape = (height, width, card.image_shape[2])
    changes = {"classes": card.classes, "input_shape": shape}
    return edit(spec, **{name: value for name, value in changes.items() if getattr(spec, name) != value})


def check_head(spec: Spec) -> None:
    """Raises SpecError for a network that ends in maps: there is nothing in it that could tell classes apart."""
    if not isinstance(spec, VGGSpec) and spec.head.pool == "none":
        rule = "'average' or 'average-max' to be trained on classes: without a head the network gives maps"
        raise SpecError("head.pool", rule, spec.head.pool, "average")


def what_changed(spec: Spec, fitted: Spec) -> str:
    """One sentence on what `fit` changed and why; empty where it changed nothing."""
    (height, width, channels), (new_height, new_width, new_channels) = spec.input_shape, fitted.input_shape
    parts = []
    if spec.classes != fitted.classes:
        parts.append(f"{fitted.classes:,} classes instead of {spec.classes:,}, as the images have")
    if (height, width) != (new_height, new_width):
        size = f"{new_height} x {new_width} px instead of {height} x {width}"
        parts.append(f"{size}, a size that trains in reasonable time")
    if channels != new_channels:
        parts.append(f"{new_channels:,} {'channel' if new_channels == 1 else 'channels'} instead of {channels:,}")
    if spec.model_dump().get("stem", {}).get("whitening") and not fitted.stem.whitening:
        parts.append("a stem that learns, since it has more filters than patches of so few channels have directions")
    return f"Trained with {'; '.join(parts)}." if parts else ""


def total_stride(spec: Spec) -> int:
    """By how much the network shrinks the image, a side, before its head."""
    if isinstance(spec, VGGSpec):
        return 2 ** len(spec.stages)
    if isinstance(spec, DenseNetSpec):
        return spec.stem.total_stride * 2 ** (len(spec.stages) - 1)
    return spec.stem.total_stride * prod(stage.stride for stage in dilated_stages(spec))
