"""Networks of other libraries come in as designs, from their own files and by their own names; nothing is run."""

import gzip
import io
import json
import re
import zipfile
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import ALIASES, PRESETS, preset
from resnet_tf.design.recognition import Unrecognised
from resnet_tf.learning.imported import imported, imported_file, named
from resnet_tf.learning.imported.wire import Message

FIXTURES = Path(__file__).parents[1] / "fixtures"
FILES = {path.stem: gzip.decompress(path.read_bytes()) for path in (FIXTURES / "imported").glob("*.gz")}
COUNTS = json.loads((FIXTURES / "counts.json").read_text())
KERAS = {row["name"]: row for row in COUNTS if row["library"] == "keras.applications"}
TINY = FILES["ours_resnet20_cifar10.json"]
SAVED = "ours_resnet20_cifar10.saved_model"


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return packed.getvalue()


def saved_zip():
    """A SavedModel as an export of ours packs it, in a folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("model/saved_model.pb", FILES["ours_seresnet18.saved_model"])
        archive.writestr("model/variables/variables.index", b"")
    return packed.getvalue()


def refused(data, name="network.keras"):
    with pytest.raises(Unrecognised) as caught:
        imported_file(name, data)
    return str(caught.value)


# --- files


@pytest.mark.parametrize("file", [name for name in FILES if name.startswith(("ours_", "export_"))])
def test_what_is_exported_here_or_by_keras_comes_back_equal(file):
    name = file.partition("_")[2].partition(".")[0]
    kind = ".pb" if file.endswith(".saved_model") else file
    found = imported_file(kind, FILES[file])
    assert found.preset is PRESETS[name]
    assert found.spec == PRESETS[name].spec


@pytest.mark.parametrize("file", sorted(name for name in FILES if name.startswith("torch_")))
def test_what_pytorch_writes_of_torchvision_and_timm_is_recognised_with_the_librarys_own_counts(file):
    """By both of its exporters, which fold the norms that follow a convolution and leave the others."""
    _, _, library, name = file.removesuffix(".onnx").split("_", 3)
    found = imported_file("model.onnx", FILES[file])
    assert found.preset is PRESETS[name]
    counted = {(row["library"], row["name"]): row["trainable_parameters"] for row in COUNTS}
    counted["torchvision", "vgg16"] = 138_357_544  # as its documentation has it
    assert costs(found.spec).trainable_parameters == counted[library, name]


@pytest.mark.parametrize("name", [name for name in KERAS if f"keras_{name}.json" in FILES])
def test_keras_applications_own_models_are_recognised_with_their_own_counts(name):
    found = imported_file("model.keras", zipped(config__json=FILES[f"keras_{name}.json"]))
    assert found.preset is PRESETS[ALIASES[name]]
    counted = costs(found.spec)
    assert [counted.trainable_parameters, counted.macs] == [KERAS[name]["trainable_parameters"], KERAS[name]["macs"]]
    assert found.spec.initializer == "glorot_uniform"  # Keras' own, which the preset does not have
    assert any("softmax" in note for note in found.notes)


def test_keras_vgg_is_recognised():
    assert imported_file("vgg.json", FILES["keras_VGG16.json"]).preset is PRESETS["vgg16"]


def test_a_network_that_is_none_of_ours_is_refused_by_its_layer():
    assert "Conv1 pads as TensorFlow's `same` does" in refused(FILES["keras_MobileNetV2.json"])


def test_a_model_within_a_model_is_read_through():
    """As a head is put on a pretrained network."""
    inner = json.loads(FILES["ours_resnet20_cifar10.json"])
    outer = {"class_name": "Sequential", "config": {"name": "outer", "layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 32, 32, 3], "name": "images"}},
        {**inner, "name": "inner"},
        {"class_name": "Activation", "config": {"name": "chances", "activation": "softmax"}},
    ]}}  # fmt: skip
    assert imported_file("outer.json", json.dumps(outer).encode()).preset is PRESETS["resnet20_cifar10"]


def changed(kind, **changes):
    """The config of ResNet-20 with the first layer of a kind changed."""
    config = json.loads(TINY)
    layer = next(each for each in config["config"]["layers"] if each["class_name"] == kind)
    layer["config"] |= changes.pop("config", {})
    return json.dumps({**config, "config": config["config"]} if not layer.update(changes) else None).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed("Conv2D", class_name="SeparableConv2D"), "stem.conv is a separable convolution: no block"),
        (changed("Activation", class_name="Lambda"), "stem.act is a lambda"),
        (changed("Activation", config={"activation": "tanh"}), "stem.act is the activation tanh"),
        (changed("Conv2D", config={"kernel_size": [3, 1]}), "stem.conv has sides of 3 x 1"),
        (changed("Conv2D", registered_name="mine>Conv2D"), "stem.conv is a layer of somebody's own"),
        (changed("Conv2D", config={"data_format": "channels_first"}), "channels first"),
        (changed("InputLayer", config={"batch_shape": [None, None, None, 3]}), "fixed height"),
        (changed("InputLayer", config={"batch_shape": [None, 10**9, 10**9, 3]}), "fixed height"),
        (changed("Dense", config={"units": 0}), "leaves nothing"),
        (json.dumps({"class_name": "MyModel", "config": {}}).encode(), "class MyModel"),
        (b'{"class_name": "Functional", "config": {"layers": []}}', "no input"),
        (b'{"class_name": "Functional"', "not as Keras 3 writes it"),
        (b'{"class_name": "Functional", "config": ' + b"[" * 100_000, "not as Keras 3 writes it"),
        (zipped(other__json=b"{}"), "no config.json"),
        (zipped(config__json=TINY)[:-40], "cannot be read"),
        (zipped(config__json=b"{" + b" " * 70_000_000), "would grow 1,028 times"),
        (b"\x89HDF\r\n\x1a\n" + b"0" * 99, "save it as .keras"),
        (b"\x80\x04\x95", "none of .keras, .onnx"),
        (b"", "none of .keras, .onnx"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_a_sentence(data, said):
    assert said in refused(data)


def test_a_layer_of_somebody_s_own_code_is_never_run(tmp_path):
    code = f"open({str(tmp_path / 'run')!r}, 'w')"
    hostile = changed(
        "Activation", class_name="Lambda", config={"function": {"class_name": "__lambda__", "config": code}}
    )
    refused(hostile)
    assert not list(tmp_path.iterdir())


# --- SavedModels


def test_a_savedmodel_is_read_from_a_zip_and_from_its_folder(tmp_path):
    assert imported_file("model.zip", saved_zip()).preset is PRESETS["seresnet18"]
    (tmp_path / "saved_model.pb").write_bytes(FILES["ours_seresnet18.saved_model"])
    assert imported(str(tmp_path)).preset is PRESETS["seresnet18"]


def test_an_operation_of_a_savedmodel_that_no_block_has_is_named():
    data = FILES[SAVED].replace(b"Relu", b"Tanh")
    assert re.search(r"operation \S+ is a tanh: no block here has one", refused(data, "saved_model.pb"))


# --- ONNX


def torch_like(data):
    """The file as torch.onnx writes one: images with channels first, norms folded into convolutions."""
    model = onnx.load_from_string(data)
    graph, renamed = model.graph, {}
    made = {node.output[0]: node for node in graph.node}
    shapes = {tensor.name: tensor.dims for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "Transpose" and node.input[0] == "images":
            renamed[node.output[0]] = "images"
        elif node.op_type == "BatchNormalization" and made.get(node.input[0]) is not None:
            conv = made[node.input[0]]
            assert conv.op_type == "Conv"
            bias = onnx.TensorProto(name=f"{conv.name}.b", data_type=1, dims=[shapes[conv.input[1]][0]])
            graph.initializer.append(bias)
            conv.input.append(bias.name)
            renamed[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    dims = graph.input[0].type.tensor_type.shape.dim
    height, width, channels = (dims[i].dim_value for i in (1, 2, 3))
    for i, size in enumerate((channels, height, width), 1):
        dims[i].dim_value = size
    return model.SerializeToString()


@pytest.mark.parametrize("name", ["seresnet18", "resnetblur18", "ecaresnet26t"])
def test_an_onnx_file_without_norms_and_with_channels_first_is_recognised(name):
    found = imported_file("torch.onnx", torch_like(FILES[f"ours_{name}.onnx"]))
    assert found.preset is PRESETS[name]
    assert any("folded" in note for note in found.notes)


def test_an_image_of_open_size_is_said():
    model = onnx.load_from_string(FILES["ours_resnet20_cifar10.onnx"])
    for i in (1, 2):
        model.graph.input[0].type.tensor_type.shape.dim[i].dim_param = "side"
    found = imported_file("open.onnx", model.SerializeToString())
    assert found.spec == preset("resnet20_cifar10", input_shape=(224, 224, 3))
    assert any("224 × 224" in note for note in found.notes)


def test_a_node_that_no_block_has_is_named():
    model = onnx.load_from_string(FILES["ours_resnet20_cifar10.onnx"])
    model.graph.node[5].op_type = "ConvTranspose"
    assert f"node {model.graph.node[5].name} is a convolution transpose" in refused(model.SerializeToString(), "a.onnx")


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    name = data.draw(st.sampled_from(["ours_resnet20_cifar10.onnx", "ours_resnet20_cifar10.json", SAVED]))
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)) | st.just(len(content)))
    try:
        found = imported_file(".pb" if name == SAVED else name, bytes(content[:cut]))
    except Unrecognised as refusal:
        found = refusal
    assert found


def test_a_message_is_read_as_protobuf_has_it():
    """Beside onnx' own reader: packed and single numbers, negative ones, texts."""
    tensor = onnx.helper.make_tensor("t", onnx.TensorProto.INT64, [2, 2], [1, -1, 300, 2**40])
    node = onnx.helper.make_node("Conv", ["a", "b"], ["c"], name="n", pads=[1, -2], alpha=0.5)
    assert Message(tensor.SerializeToString()).integers(1) == [2, 2]
    assert Message(tensor.SerializeToString()).integers(7) == [1, -1, 300, 2**40]
    read = Message(node.SerializeToString())
    assert (read.text(4), read.texts(1)) == ("Conv", ["a", "b"])
    by_name = {each.text(1): each for each in read.messages(5)}
    assert by_name["pads"].integers(8) == [1, -2]
    assert by_name["alpha"].floats(2) == [0.5]


# --- names


NAMES = [row for row in COUNTS if row["library"] != "keras.applications"]


def as_written(row):
    """A name as one finds it in the library's own documentation."""
    name = row["name"]
    return f"timm/{name}.a1_in1k" if row["library"] == "timm" else f"torchvision.models.{name}(weights=None)"


@pytest.mark.parametrize("row", [row for row in NAMES if row["name"] in PRESETS], ids=lambda row: row["name"])
def test_a_name_of_timm_or_torchvision_is_the_network_that_was_counted_there(row):
    assert costs(named(as_written(row)).spec).trainable_parameters == row["trainable_parameters"]


def test_networks_of_timm_that_are_no_designs_are_unknown():
    others = {row["name"] for row in NAMES} - set(PRESETS)
    assert others == {"resnetv2_50d_evos", "resnetv2_50d_frn", "skresnet18", "skresnet34", "skresnet50", "skresnet50d",
                      "skresnext50_32x4d", "densenet264d", "densenetblur121d"}  # fmt: skip
    for name in others:
        with pytest.raises(Unrecognised, match=name):
            named(f"timm/{name}")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("keras.applications.ResNet50V2", "keras_resnet50v2"),
        ("tf.keras.applications.resnet.ResNet152()", "keras_resnet152"),
        ("timm.create_model('resnet50d', pretrained=True)", "resnet50d"), ("gluon_resnet50_v1b", "resnet50"),
        ("gluon_resnet101_v1d", "resnet101d"), ("ssl_resnext50_32x4d", "resnext50_32x4d"),
        ("https://huggingface.co/timm/resnet18.a1_in1k", "resnet18"), ("hf_hub:timm/seresnet50.a1_in1k", "seresnet50"),
        ("ResNet34", "resnet34"), ("resnetv2_50x1_bitm", "resnetv2_50x1_bit"),
    ],
)  # fmt: skip
def test_a_name_is_known_however_it_is_written(text, name):
    assert named(text).preset is PRESETS[name]


def test_an_unknown_name_is_refused_with_the_nearest_if_one_is_near():
    with pytest.raises(Unrecognised, match="the nearest name is resnext50_32x4d"):
        named("resnext50_32x4")
    with pytest.raises(Unrecognised, match=r"called 'efficientnet_b0'$"):
        named("efficientnet_b0")


def test_a_path_a_link_and_a_name_are_told_apart(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(preset("resnet18", classes=3).model_dump_json())
    assert imported(str(path)).spec.classes == 3
    assert imported("resnet50").preset is PRESETS["resnet50"]
    with pytest.raises(Unrecognised, match="cut"):
        imported("resnet50~nothing")
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(Unrecognised, match=r"holds no config\.json"):
        imported(str(folder))
    (folder / "config.json").write_bytes(TINY)
    assert imported(str(folder)).preset is PRESETS["resnet20_cifar10"]
