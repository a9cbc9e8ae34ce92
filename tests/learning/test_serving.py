"""A served network answers pictures as the model does, many at once, and hostile requests with a sentence."""

import asyncio
import http.client
import io
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from test_pictures import file_of, header

from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning import export as exporting
from resnet_tf.learning import serving
from resnet_tf.learning.build import build
from resnet_tf.learning.card import Training
from resnet_tf.learning.catalogue import dataset
from resnet_tf.learning.evaluate import softmax
from resnet_tf.learning.export import export
from resnet_tf.learning.proof import Verdict
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.served import NotServable, open_served

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parents[2]
SPEC = ResNetSpec(
    input_shape=(32, 32, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=1, width=8), Stage(blocks=1, width=16, stride=2)),
)  # fmt: skip
FORMATS = ("keras", "savedmodel", "savedmodel_pixels", "onnx", "litert", "litert_int8")
PIXELS = np.random.default_rng(7).integers(0, 256, (12, 32, 32, 3), np.uint8)
PICTURES = [file_of(Image.fromarray(pixels)) for pixels in PIXELS]


@pytest.fixture(scope="module")
def network():
    model = build(SPEC, seed=2, name="mine")
    kernel = model.get_layer("head.classifier").kernel
    kernel.assign(8 * kernel.value)  # so that the classes are not all alike
    return model


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    epoch = {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "validation_loss": 1.0, "validation_accuracy": 0.5}
    training = Training(dataset("fashion_mnist"), recipe(), 0, (epoch,))
    with pytest.MonkeyPatch.context() as patched:  # what is served is compared below: nobody else need run the files
        patched.setattr(exporting, "verdicts", lambda files, *_: ((row, Verdict(True)) for row in files))
        records = list(export(network, SPEC, folder, FORMATS, training=training))
    assert not [record.error for record in records if record.error]
    return folder


@pytest.fixture(scope="module")
def expected(network):
    """The probabilities that Keras gives."""
    return softmax(np.asarray(network(PIXELS / np.float32(127.5) - 1)))


@pytest.fixture(scope="module")
def port(folder):
    """The port of a real server of the ONNX file, in a process that needs no TensorFlow."""
    script = f"""
import socket, sys
from resnet_tf.learning import serving
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
print(port, flush=True)
application = serving.application
def light(path):
    made = application(path)
    print([name for name in ("keras", "tensorflow") if name in sys.modules], flush=True)
    return made
serving.application = light
serving.serve({str(folder / "mine.onnx")!r}, port=port)
"""
    # glibc gives large pieces back at once, and does not learn to keep them: what then stays is a leak
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "500000"}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            port = int(server.stdout.readline())
            assert server.stdout.readline() == "[]\n"
            limit = time.monotonic() + 60
            while not ready(port):
                assert time.monotonic() < limit
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()  # whatever went wrong: `with` waits for its end


def ready(port):
    try:
        return ask(port, "GET", "/health")[0] == 200
    except OSError:
        return False


def ask(port, method, path, body=None, headers=None):
    """Status and decoded JSON of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def form(data, filename="p.png", field="file"):
    """The body and the headers of a form with one file."""
    name = f'; filename="{filename}"' if filename else ""
    head = f'--edge\r\nContent-Disposition: form-data; name="{field}"{name}\r\nContent-Type: image/png\r\n\r\n'
    return head.encode() + data + b"\r\n--edge--\r\n", {"Content-Type": "multipart/form-data; boundary=edge"}


@pytest.mark.parametrize("name", ["mine.keras", "mine.savedmodel.zip", "mine.pixels.savedmodel.zip", "mine.onnx",
                                  "mine.tflite", "mine.int8.tflite"])  # fmt: skip
def test_every_format_answers_as_the_model_does_with_the_names_of_its_card(folder, expected, name):
    served = open_served(folder / name)
    tolerance = 0.15 if "int8" in name else 1e-4
    for data, probabilities in zip(PICTURES[:3], expected, strict=False):
        found = served.answer(data, 10)
        assert [answer["probability"] for answer in found] == sorted((a["probability"] for a in found), reverse=True)
        assert {a["name"] for a in found} == set(dataset("fashion_mnist").class_names)
        for answer in found:
            assert answer["probability"] == pytest.approx(probabilities[answer["class"]], abs=tolerance)
            assert answer["name"] == dataset("fashion_mnist").class_names[answer["class"]]


def test_the_folder_that_tf_serving_takes_is_served_and_its_newest_version_too(folder, tmp_path):
    import shutil

    for version in ("2", "10"):
        shutil.unpack_archive(folder / "mine.savedmodel.zip", tmp_path / "mine" / version)
    (tmp_path / "mine" / "2" / "saved_model.pb").write_bytes(b"an old one, broken")
    assert open_served(tmp_path / "mine").shape == (32, 32, 3)
    assert open_served(tmp_path / "mine" / "10").class_names == tuple("0123456789")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mine.pt", b"x", "none of .keras, .onnx, .tflite, .zip"),
        ("mine.onnx", b"nothing of the kind", "could not be opened as onnx"),
        ("mine.keras", b"PK", "could not be opened as keras"),
        ("empty", None, "holds no SavedModel"),
        ("gone.keras", ..., "There is no file and no folder"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start_with_a_sentence(tmp_path, name, content, said):
    path = tmp_path / name
    if content is None:
        path.mkdir()
    elif content is not ...:
        path.write_bytes(content)
    with pytest.raises(NotServable, match=said):
        open_served(path)


def test_a_broken_card_is_said_rather_than_passed_over(folder, tmp_path):
    (tmp_path / "mine.onnx").write_bytes((folder / "mine.onnx").read_bytes())
    (tmp_path / "mine.card.md").write_text("# mine")
    with pytest.raises(NotServable, match=r"mine\.card\.md is no model card"):
        open_served(tmp_path / "mine.onnx")


def test_the_server_says_what_it_serves_and_that_it_is_well(port):
    status, said = ask(port, "GET", "/")
    assert status == 200
    assert (said["name"], said["format"]) == ("mine", "onnx")
    assert said["input"] == {"height": 32, "width": 32, "channels": 3}
    assert said["classes"] == list(dataset("fashion_mnist").class_names)
    assert ask(port, "GET", "/health") == (200, {"status": "ok", "name": "mine"})


def test_a_picture_as_the_body_and_in_a_form_is_answered_alike(port, expected):
    status, said = ask(port, "POST", "/predict?top=3", PICTURES[0])
    assert status == 200
    assert [answer["class"] for answer in said["classes"]] == list(np.argsort(-expected[0])[:3])
    assert ask(port, "POST", "/predict?top=3", *form(PICTURES[0])) == (200, said)
    assert len(ask(port, "POST", "/predict", PICTURES[0])[1]["classes"]) == 5


def test_a_photograph_of_any_size_is_brought_to_the_networks(port):
    photograph = file_of(Image.fromarray(PIXELS[0]).resize((1200, 900)), "JPEG")
    status, said = ask(port, "POST", "/predict?top=10", photograph)
    assert status == 200
    assert sum(answer["probability"] for answer in said["classes"]) == pytest.approx(1)


def test_many_requests_at_once_are_each_answered_for_their_own_picture(port, expected):
    order = [i % len(PICTURES) for i in range(120)]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda i: ask(port, "POST", "/predict?top=1", PICTURES[i]), order))
    for i, (status, said) in zip(order, answers, strict=True):
        assert status == 200
        assert said["classes"][0]["class"] == expected[i].argmax()
        assert said["classes"][0]["probability"] == pytest.approx(expected[i].max(), abs=1e-4)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "said"),
    [
        ("POST", "/predict", b"", {}, 400, "The request is empty"),
        ("POST", "/predict", b"<html>", {}, 415, "send PNG or JPEG"),
        ("POST", "/predict", file_of(Image.new("RGB", (8, 8)), "GIF"), {}, 415, "send PNG or JPEG"),
        ("POST", "/predict", PICTURES[0][:-300], {}, 422, "cannot be read to its end"),
        ("POST", "/predict", header(20_000, 20_000), {}, 413, "megapixels"),
        ("POST", "/predict", bytes(12_000_000), {}, 413, "at most 10 MB"),
        ("POST", "/predict", *form(bytes(12_000_000)), 413, "at most 10 MB"),
        ("POST", "/predict", None, {"Content-Length": "10000000000"}, 413, "at most 10 MB"),
        ("POST", "/predict", *form(b""), 400, "The request is empty"),
        ("POST", "/predict", *form(PICTURES[0], filename=None), 400, "has no file"),
        ("POST", "/predict", b"--edge", {"Content-Type": "multipart/form-data"}, 400, "form cannot be read"),
        ("POST", "/predict", form(PICTURES[0])[0][:90], form(b"")[1], 400, "The form"),
        ("POST", "/predict?top=0", PICTURES[0], {}, 400, "top must be a whole number from 1 to 10"),
        ("POST", "/predict?top=9999999999999999999999", PICTURES[0], {}, 400, "top must be a whole number"),
        ("POST", "/predict?top=%D9%A3", PICTURES[0], {}, 400, "top must be a whole number"),
        ("GET", "/predict", None, {}, 405, "GET is not answered at /predict"),
        ("DELETE", "/", None, {}, 405, "DELETE is not answered"),
        ("GET", "/../../etc/passwd", None, {}, 404, "There is nothing at"),
    ],
)
def test_a_hostile_request_is_answered_with_its_status_and_a_sentence(port, method, path, body, headers, status, said):
    found, answer = ask(port, method, path, body, headers)
    assert (found, list(answer)) == (status, ["error"])
    assert said in answer["error"]
    assert ask(port, "GET", "/health")[0] == 200


def test_a_body_without_an_end_is_cut_off(port):
    """Sent in pieces, without a length: the server reads as much as a picture may have, answers and closes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("POST", "/predict")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    sent = 0
    try:
        while sent < 200:
            connection.send(b"100000\r\n" + bytes(2**20) + b"\r\n")
            sent += 1
    except OSError:
        pass  # it no longer listens
    connection.close()
    heard = serving._HEARD * serving.MOST_BYTES  # what is read and forgotten before the answer
    assert heard // 2**20 <= sent < 100  # what is on its way between the two comes on top
    assert ask(port, "POST", "/predict", PICTURES[0])[0] == 200


def test_a_picture_that_never_arrives_is_given_up(monkeypatch):
    monkeypatch.setattr(serving, "PATIENCE", 0.1)

    async def receive():
        await asyncio.sleep(60)

    request = serving.Request({"type": "http", "headers": []}, receive)
    with pytest.raises(serving.HTTPException) as raised:
        asyncio.run(serving._picture(request))
    assert raised.value.status_code == 408


def test_hostile_requests_leave_no_memory_behind(port):
    (process,) = (p for p in psutil.Process().children() if any(c.laddr.port == port for c in p.net_connections()))
    bombs = [header(20_000, 20_000), PICTURES[0][:-300], b"x" * 9_000_000]
    for bomb in bombs:
        ask(port, "POST", "/predict", bomb)
    before = process.memory_info().rss
    for _ in range(20):
        for bomb in bombs:
            assert ask(port, "POST", "/predict", bomb)[0] in (413, 415, 422)
    assert process.memory_info().rss - before < 30e6


def test_the_bytes_of_a_tall_picture_are_not_kept(port):
    buffer = io.BytesIO()
    Image.new("RGB", (100, 40_000)).save(buffer, "PNG")
    assert ask(port, "POST", "/predict", buffer.getvalue())[0] == 200
