"""Small still pictures: well-formed, inside their frame, light, and telling designs apart."""

from xml.etree import ElementTree

import pytest

from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.thumbnail import thumbnail

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ["resnet18", "resnet152", "resnet1202_cifar10", "densenet201", "vgg19", "senet154"])
def test_a_thumbnail_is_well_formed_light_and_inside_its_frame(name):
    text = thumbnail(preset(name))
    root = ElementTree.fromstring(text)
    left, top, width, height = map(float, root.get("viewBox").split())
    assert len(text) < 6_000
    tall = float(root.find(f"{SVG}g").get("transform").removeprefix("scale(1 ").removesuffix(")"))
    boxes = [{key: float(box.get(key)) for key in ("x", "y", "width", "height")} for box in root.iter(f"{SVG}rect")]
    assert boxes
    assert all(left <= box["x"] and box["x"] + box["width"] <= left + width for box in boxes)
    assert all(top <= tall * box["y"] and tall * (box["y"] + box["height"]) <= top + height + 0.1 for box in boxes)


def test_no_two_families_of_networks_look_alike():
    names = ("resnet18", "resnet50", "resnet101", "wide_resnet50_2", "vgg16", "densenet121", "resnet20_cifar10")
    assert len({thumbnail(PRESETS[name].spec) for name in names}) == len(names)
