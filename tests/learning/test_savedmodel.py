"""A SavedModel as TF Serving takes it: named, of any batch, with or without the scaling inside, and without Keras."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from resnet_tf.design.expand import expand
from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning import savedmodel
from resnet_tf.learning.build import build
from resnet_tf.learning.scaling import SCALINGS

pytestmark = pytest.mark.keras

SPEC = ResNetSpec(
    input_shape=(32, 32, 3), classes=5, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=1, width=8), Stage(blocks=1, width=16, stride=2)),
)  # fmt: skip
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, pixels from 0 to 1, as torchvision has it


@pytest.fixture(scope="module")
def network():
    return build(SPEC, seed=3, name="served")


def unpacked(path):
    import shutil

    shutil.unpack_archive(path, path.with_suffix(""))
    return path.with_suffix("")


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "served.zip"
    savedmodel.write(network, expand(SPEC), path)
    return unpacked(path)


def test_it_takes_any_number_of_images_by_name_and_gives_logits_and_probabilities(network, folder):
    import tensorflow as tf

    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (images,) = serve.structured_input_signature[1].values()
    assert (images.name, images.dtype, images.shape.as_list()) == ("images", tf.float32, [None, 32, 32, 3])
    assert set(serve.structured_outputs) == {"logits", "probabilities"}
    found = serve(images=tf.constant(PIXELS / 127.5 - 1, tf.float32))
    np.testing.assert_allclose(found["logits"], network(PIXELS / np.float32(127.5) - 1), atol=1e-5)
    powers = np.exp(found["logits"].numpy())
    np.testing.assert_allclose(found["probabilities"], powers / powers.sum(axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("training", PIXELS / 127.5 - 1),
        ("imagenet", (PIXELS / 255 - MEAN) / DEVIATION),
        ("caffe", PIXELS[..., ::-1] - np.array([103.939, 116.779, 123.68])),
    ],
)
def test_one_of_pixels_scales_them_itself(network, tmp_path, name, expected):
    import tensorflow as tf

    savedmodel.write_of_pixels(network, expand(SPEC), SCALINGS[name], tmp_path / "pixels.zip")
    loaded = tf.saved_model.load(str(unpacked(tmp_path / "pixels.zip")))
    logits = network(expected.astype(np.float32)).numpy()
    of_bytes = loaded.signatures["serving_default"](images=tf.constant(PIXELS))["logits"]
    of_floats = loaded.signatures["floats"](images=tf.constant(PIXELS, tf.float32))["logits"]
    np.testing.assert_allclose(of_bytes, logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(of_floats, logits, rtol=1e-4, atol=1e-4)


def test_it_loads_where_keras_cannot_be_imported(network, folder, tmp_path):
    np.save(tmp_path / "images.npy", (PIXELS / 127.5 - 1).astype(np.float32))
    script = f"""
        import sys
        sys.modules["keras"] = None  # from here on `import keras` fails: TensorFlow would load it, if only to have it
        import numpy, tensorflow
        serve = tensorflow.saved_model.load({str(folder)!r}).signatures["serving_default"]
        logits = serve(images=tensorflow.constant(numpy.load("images.npy")))["logits"]
        numpy.save("logits.npy", logits)
        assert [name for name, module in sys.modules.items() if name.startswith("keras") and module] == []
    """
    command = [sys.executable, "-I", "-c", textwrap.dedent(script)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    found = np.load(tmp_path / "logits.npy")
    np.testing.assert_allclose(found, network(PIXELS / np.float32(127.5) - 1), atol=1e-5)


def test_the_folder_is_what_tf_serving_looks_for(folder):
    assert (folder / "saved_model.pb").is_file()
    assert (folder / "variables" / "variables.index").is_file()
