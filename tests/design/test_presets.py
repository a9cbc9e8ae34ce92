"""Published counts, to the integer."""

import json
from pathlib import Path

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, edit, preset, preset_of
from resnet_tf.design.spec import SpecError

COUNTS = json.loads((Path(__file__).parents[1] / "fixtures" / "counts.json").read_text())
# what these libraries have and we do not: selective kernels, norms that activate, two unusual DenseNets
LEFT_OUT = {"resnetv2_50d_evos", "resnetv2_50d_frn", "skresnet18", "skresnet34", "skresnet50", "skresnet50d",
            "skresnext50_32x4d", "densenet264d", "densenetblur121d"}  # fmt: skip
REFERENCES = json.loads((Path(__file__).parents[1] / "fixtures" / "references.json").read_text())


def test_every_reference_is_a_preset():
    assert {row["name"] for row in REFERENCES} <= set(PRESETS)


@pytest.mark.parametrize("row", REFERENCES, ids=lambda row: row["name"])
def test_a_preset_has_the_published_counts(row):
    spec = preset(row["name"])
    counted = costs(spec)
    assert list(spec.input_shape) == row["input_shape"]
    assert spec.classes == row["classes"]
    assert counted.trainable_parameters == row["trainable_parameters"]
    assert counted.non_trainable_parameters == row["non_trainable_parameters"]
    assert counted.macs == row["macs"]


def name_here(row):
    """Our name of a library's network: its own, but where two libraries have different networks of one name."""
    return f"keras_{row['name'].lower()}" if row["library"] == "keras.applications" else row["name"]


def test_every_residual_network_of_the_libraries_is_a_preset():
    assert {name_here(row) for row in COUNTS} - set(PRESETS) == LEFT_OUT


@pytest.mark.parametrize(
    "row", [row for row in COUNTS if row["name"] not in LEFT_OUT], ids=lambda row: f"{row['library']}-{row['name']}"
)
def test_a_preset_has_the_counts_of_the_library_that_names_it(row):
    counted = costs(preset(name_here(row)))
    assert counted.trainable_parameters == row["trainable_parameters"]
    assert counted.non_trainable_parameters == row["non_trainable_parameters"]
    assert counted.macs == row["macs"]
    assert counted.activations == row.get("activations", counted.activations)


def test_the_presets_that_are_said_to_be_in_timm_are():
    theirs = {row["name"] for row in COUNTS if row["library"] == "timm"}
    assert {name for name, row in PRESETS.items() if row.in_timm} == theirs - LEFT_OUT


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_known_whatever_its_images_and_classes(name):
    found = preset_of(preset(name, input_shape=(256, 320, 1), classes=7))
    assert found.spec.model_dump(exclude={"input_shape", "classes"}) == preset(name).model_dump(
        exclude={"input_shape", "classes"}
    )


def test_a_design_that_nobody_published_is_no_preset():
    assert preset_of(preset("resnet50", activation="silu")) is None


@pytest.mark.parametrize("row", [row for row in COUNTS if row["library"] == "keras.applications"], ids=str)
def test_a_network_of_keras_is_found_by_the_name_it_has_there(row):
    assert preset(row["name"]) == preset(name_here(row))


@pytest.mark.parametrize("row", REFERENCES, ids=lambda row: row["name"])
def test_a_published_error_is_quoted_as_published(row):
    quoted = PRESETS[row["name"]].published.values()
    # a row of v1.5 also names the error of its v1 sibling, which here stands with the sibling
    own = {k: v for k, v in row["published_error_percent"].items() if isinstance(v, float) and "(v1)" not in k}
    assert set(own.values()) <= {*quoted, 4.62}  # 4.62: the second figure of ResNet-1001, at batch 64


@pytest.mark.parametrize(
    ("name", "depth"),
    [("resnet18", 18), ("resnet34_c", 34), ("resnet50_v1", 50), ("resnet152", 152), ("vgg16", 16), ("vgg19", 19),
     ("plain34", 34), ("resnet1202_cifar10", 1202), ("preresnet164_cifar10", 164), ("preresnet1001_cifar10", 1001),
     ("resnext29_8x64d_cifar10", 29), ("seresnet50", 50)],
)  # fmt: skip
def test_the_depth_is_the_one_in_the_name(name, depth):
    assert costs(preset(name)).depth == depth


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(SpecError, match="resnet50") as caught:
        preset("resnet_50")
    assert caught.value.field == "preset"
    assert caught.value.nearest == "resnet50"


def test_changes_make_a_new_spec_and_are_validated():
    assert costs(preset("resnet50", classes=10)).trainable_parameters == 25_557_032 - 2049 * 990
    with pytest.raises(SpecError, match="classes"):
        preset("resnet50", classes=0)


def test_changing_the_block_takes_along_what_it_implies():
    bottleneck = edit(preset("resnet34"), block="bottleneck")
    assert bottleneck == preset("resnet50")
    assert edit(preset("resnet34"), block="plain") == preset("plain34")
    assert edit(preset("plain34"), block="basic") == preset("resnet34")


def test_block_names_are_stable_and_cover_every_layer_but_the_image():
    graph = expand(preset("resnet50"))
    assert [block.name for block in graph.blocks][:3] == ["stem", "stage1.block1", "stage1.block2"]
    assert graph.blocks[0].start == 1
    assert graph.blocks[-1].stop == len(graph)
    assert all(a.stop == b.start for a, b in zip(graph.blocks, graph.blocks[1:], strict=False))
    assert "stage3.block6.conv2" in graph.by_name
