"""What a training may begin with, as a page asks: what fits is offered, and what does not is a sentence at once."""

import io
import pickle
import time

import numpy as np
import pytest
from benches import SPEC
from safetensors import safe_open
from safetensors.numpy import save

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import preset
from resnet_tf.learning.matching import peers, weights_of
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.failures import NoSuchRun, WorkbenchError
from resnet_tf.runs.quotas import QuotaReached
from resnet_tf.runs.settings import settings
from resnet_tf.runs.store import Happening
from resnet_tf.runs.workbench import Workbench

SIDE = 32
FITTED = SPEC.model_copy(update={"input_shape": (SIDE, SIDE, 1)})


def tensors(spec=FITTED):
    return {weight.path: np.ones(weight.shape, np.float32) for weight in weights_of(expand(spec))}


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def train(bench, name="a run", spec=SPEC, **more):
    return bench.train(spec, "digits", recipe(epochs=1), 0, name=name, **more)


def trained(bench, **more):
    """The id of a run that ended after an epoch, with a checkpoint."""
    run, store = train(bench, **more), bench._store
    store.enter("worker", "host", "home", 1)
    claimed = store.claim("worker", "CPU", "a test computes on nothing else")
    assert claimed.id == run
    store.append("worker", claimed, [Happening("epoch", 5, 1, 1.0, {"validation_accuracy": 0.5})])
    store.end("worker", claimed, "finished")
    with store.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET bytes = 1000 WHERE id = '{run}'")
    return run


@pytest.fixture
def bench(tmp_path):
    return Workbench(tmp_path)


def test_a_run_begins_with_another_and_says_so(bench):
    source = trained(bench, name="first")
    run = bench.run(train(bench, "second", start=source))
    assert (run.start.run, run.start.weights, run.start.name) == (source, None, source)
    assert run.start.title == "first on Handwritten digits (bundled)"
    assert bench.run(source).start is None


def test_only_what_fits_the_design_is_offered_and_at_any_size_and_classes(bench):
    source = trained(bench)
    bench.add_weights("mine.npz", npz(**tensors()))
    assert [each.run for each in bench.starts(SPEC, "cifar10")] == [source, None]
    assert [each.title for each in bench.starts(SPEC, "cifar100", 64)][1:] == ["mine"]
    assert bench.starts(preset("resnet32_cifar10"), "digits") == []


def test_a_run_that_is_not_over_or_not_trained_is_not_offered(bench):
    train(bench)
    assert bench.starts(SPEC, "digits") == []


def test_grey_weights_have_colours_read_as_grey(bench):
    source = trained(bench)
    assert bench.fit(SPEC, "cifar10")[0].input_shape == (32, 32, 3)
    fitted, sentence = bench.fit(SPEC, "cifar10", start=source)
    assert fitted.input_shape == (32, 32, 1)
    assert "1 channel instead of 3" in sentence
    assert bench.run(train(bench, start=source)).spec == fitted


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda bench: {"start": train(bench, "young")}, "young has no checkpoint yet: it has one after its first"),
        (lambda bench: {"start": bench.export(SPEC, ["spec"], name="files")}, "files is no training"),
        (lambda bench: {"start": "0" * 16}, "There is no run '0000000000000000'"),
        (lambda bench: {"start": "weights-0000000000000000"}, "There are no weights 'weights-0"),
        (lambda bench: {"start": "weights-../../x"}, "There are no weights"),
        (
            lambda bench: {"start": trained(bench, name="other"), "spec": preset("resnet32_cifar10")},
            r"other on Handwritten digits \(bundled\) does not fit this design: .* 60 missing \(stage1.block4",
        ),
    ],
)
def test_what_cannot_be_begun_with_is_a_sentence_at_once(bench, ask, sentence):
    asked = ask(bench)
    before = len(bench.runs())
    with pytest.raises(WorkbenchError, match=sentence):
        train(bench, **asked)
    assert len(bench.runs()) == before


def test_a_run_that_was_deleted_is_nothing_to_begin_with(bench):
    source = trained(bench)
    bench.delete(source)
    with pytest.raises(NoSuchRun):
        train(bench, start=source)


def test_one_begins_with_ones_own_runs_and_weights_and_with_shared_ones(bench):
    ada, bob = bench.of("ada"), bench.of("bob")
    source, weights = trained(ada), ada.add_weights("mine.npz", npz(**tensors()))
    assert bob.starts(SPEC, "digits") == []
    for start in (source, weights.name):
        with pytest.raises(WorkbenchError, match=r"There (is|are) no"):
            train(bob, start=start)
    ada.share(source)
    assert bob.run(train(bob, start=source)).start.run == source


# --- files


def test_added_weights_are_kept_as_numbers_alone_under_their_digest(bench):
    given = tensors()
    origin = bench.add_weights("My weights.npz", npz(**given))
    assert (origin.title, origin.run) == ("My weights", None)
    (path,) = bench.home.uploads("local").iterdir()
    assert path.stem == origin.name == bench.starts(SPEC, "digits")[0].name
    with safe_open(path, "numpy") as file:
        assert set(file.keys()) == set(given)
    assert bench.run(train(bench, start=origin.name)).start == origin
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(WorkbenchError, match="are damaged: delete that file and add yours again"):
        train(bench, start=origin.name)


def test_weights_in_timms_names_and_layout_are_recognised(bench):
    """As timm has them: `conv1.weight` is (filters, channels, height, width), `fc.weight` (classes, features)."""
    graph = expand(FITTED)
    theirs = {
        peer.name: np.ones(peer.shape, np.float32)
        for peer in peers(weights_of(graph), [layer.name for layer in graph], "timm")
    }
    assert (theirs["conv1.weight"].shape, theirs["fc.weight"].shape) == ((16, 1, 3, 3), (10, 64))
    origin = bench.add_weights("theirs.safetensors", save(theirs))
    assert bench.starts(SPEC, "digits") == [origin]


class Trap:
    def __reduce__(self):
        return time.sleep, (0,)


@pytest.mark.parametrize(
    ("file", "data", "sentence"),
    [
        ("w.exe", b"MZ", r"w.exe must end in one of .safetensors"),
        ("../../w.pth", b"PK nothing", "w.pth"),
        ("w.pth", pickle.dumps(Trap()), "w.pth"),
        ("w.npz", npz(a=np.array(["text"])), "a holds what is no number"),
        ("w.npz", npz(a=np.array([np.nan])), "a holds what is no number"),
        ("w.npz", npz(), "w.npz"),
        ("w.h5", b"GIF89a", "w.h5 is damaged, or no file of weights"),
        ("w.keras", b"GIF89a", "w.keras is damaged, or no file of weights"),
        ("w.safetensors", b"GIF89a", "w.safetensors is damaged, or no file of weights"),
        ("..", b"", "name must not be empty|must end in one of"),
    ],
)
def test_what_is_no_file_of_weights_is_refused_and_nothing_is_kept(bench, file, data, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        bench.add_weights(file, data)
    assert list(bench.home.uploads("local").iterdir()) == []
    assert bench.starts(SPEC, "digits") == []


def test_a_file_that_is_too_large_for_the_instance_is_refused(tmp_path):
    bench = Workbench(tmp_path, settings=settings(hosted=False, upload_mb=1))
    with pytest.raises(QuotaReached, match="RESNET_TF_UPLOAD_MB"):
        bench.add_weights("w.npz", bytes(1_000_001))


def test_uploads_take_no_more_of_the_disk_than_an_owner_may_have(tmp_path):
    bench = Workbench(tmp_path, settings=settings(hosted=False, disk_mb=2)).of("ada")
    content = npz(**tensors())
    assert len(content) > 1_000_000
    first = bench.add_weights("first.npz", content)
    with pytest.raises(QuotaReached, match=r"take 1\.\d MB and may take 2 MB .RESNET_TF_DISK_MB.*0\.\d MB are left"):
        bench.add_weights("second.npz", content)
    assert bench.starts(SPEC, "digits") == [first]
    assert bench.of("bob").add_weights("second.npz", content)
