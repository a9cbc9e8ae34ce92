"""The Train page, driven as a visitor drives it, on records as a worker writes them; no TensorFlow."""

import io
import json
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.ipc
import pytest
from PIL import Image
from reading import as_read
from recorded import SMALL, STEPS, Written
from safetensors.numpy import save

from app.components import history
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset
from resnet_tf.learning.matching import weights_of
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import WorkerStatus

ROOT = Path(__file__).parents[2]
ADVICE = "The loss is no longer a number. Try a learning rate of 0.01 instead of 0.1."


@pytest.fixture
def begin(bench):
    """A function that puts a run into the queue, for its steps to be written."""
    return lambda *what, **more: Written(bench, *what, **more)


@pytest.fixture
def train_page(visit):
    """A function that opens the Train page, on a run if one is given."""

    def train_page(run=None, design="resnet20_cifar10"):
        page = visit(design)
        if run is not None:
            page.query_params["run"] = run
        return page.switch_page("views/train.py").run()

    return train_page


def said(page):
    """All words on the page, outside of widgets."""
    kinds = (page.html, page.markdown, page.caption, page.info, page.warning, page.error)
    bars = [bar.proto.text for bar in page.get("progress")]
    return as_read("\n".join([element.value for kind in kinds for element in kind] + bars))


def buttons(page):
    return {button.key for button in page.button}


def charts(page):
    return page.get("vega_lite_chart")


def opened(page):
    found = page.query_params.get("run")
    return found[0] if isinstance(found, list) else found


# --- before there is a run


def test_without_a_run_the_page_shows_the_design_and_says_what_to_press(train_page):
    page = train_page()
    assert not page.exception
    assert not page.error
    assert "ResNet-20" in said(page)
    assert "Press **Train**" in said(page)
    assert opened(page) is None


def test_the_line_of_numbers_is_that_of_the_design_as_it_fits_the_images(train_page, bench):
    page = train_page(design="resnet18")
    fitted, sentence = bench.fit(preset("resnet18"), "digits")
    assert f"{costs(fitted).trainable_parameters:,} trainable parameters, exact" in said(page)
    assert sentence in said(page)


def test_train_queues_the_design_as_the_page_says_and_opens_the_run(train_page, bench):
    page = train_page()
    page.number_input(key="train.epochs.quick").set_value(3)
    page.number_input(key="train.seed").set_value(11)
    page.selectbox(key="train.side").select(48)
    page.button(key="train.start").click().run()
    (run,) = bench.runs()
    assert (run.recipe.epochs, run.seed, run.spec.input_shape) == (3, 11, (48, 48, 1))
    assert run.name == "ResNet-20"
    assert opened(page) == run.id


def test_what_is_chosen_under_more_is_in_the_recipe_of_the_run(train_page, bench, monkeypatch):
    monkeypatch.setattr(bench, "computes_bfloat16", lambda: True)
    page = train_page()
    page.number_input(key="train.accumulate.quick").set_value(4)
    page.number_input(key="train.patience.quick").set_value(3)
    for name in ("average", "lookahead", "balance", "precision"):
        page.toggle(key=f"train.{name}.quick").set_value(True)
    page.button(key="train.start").click().run()
    chosen = bench.runs()[0].recipe
    assert (chosen.accumulate, chosen.patience, chosen.average) == (4, 3, 0.99)
    assert (chosen.lookahead, chosen.balance, chosen.precision) == (5, True, "mixed_bfloat16")


def test_half_precision_is_offered_only_where_the_processor_has_it(train_page, bench, monkeypatch):
    monkeypatch.setattr(bench, "computes_bfloat16", lambda: False)
    page = train_page()
    assert "train.precision.quick" not in [toggle.key for toggle in page.toggle]
    page.button(key="train.start").click().run()
    assert bench.runs()[0].recipe == recipe("quick")


@pytest.mark.parametrize("design", ["vgg16", to_link(preset("resnet18", normalization={"kind": "none"}))])
def test_a_network_without_norm_is_offered_the_gentle_recipe_first(train_page, design):
    assert train_page(design=design).selectbox(key="train.recipe").value == "gentle"
    assert train_page(design="resnet18").selectbox(key="train.recipe").value == "quick"


def test_a_training_that_does_not_fit_the_memory_is_refused_in_a_sentence(train_page, bench, monkeypatch):
    def refuse(*what, **more):
        raise WorkbenchError("Training takes about 100 GB and 8 GB are there: it fits with a batch of 4")

    monkeypatch.setattr(bench, "train", refuse)
    page = train_page()
    page.button(key="train.start").click().run()
    assert [as_read(error.value) for error in page.error] == [
        "Training takes about 100 GB and 8 GB are there: it fits with a batch of 4"
    ]
    assert bench.runs() == []


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (WorkerStatus("starting", since=time.time(), usual_seconds=2000.0), "warming up: about"),
        (WorkerStatus("starting", since=time.time() - 60, usual_seconds=20.0), "warming up: any moment now"),
        (WorkerStatus("warm", "GPU", "TensorFlow sees one"), "is ready on the GPU: TensorFlow sees one"),
        (
            WorkerStatus("warm", "GPU", "JAX chose one", workers=3, nodes=2),
            "One of 3 workers on 2 nodes is ready on the GPU",
        ),
        (WorkerStatus("busy", "CPU", "no GPU is seen", workers=2), "All 2 workers on 1 node are at work on the CPU"),
        (WorkerStatus("down", why="Keras is not installed"), "is down: Keras is not installed"),
    ],
)
def test_the_worker_is_said_in_a_line(train_page, bench, monkeypatch, status, sentence):
    monkeypatch.setattr(bench, "worker", lambda: status)
    assert sentence in said(train_page())


# --- what it begins with


def weights(spec):
    """A file of a design's weights, as an upload."""
    tensors = {weight.path: np.ones(weight.shape, np.float32) for weight in weights_of(expand(spec))}
    return "theirs.safetensors", save(tensors)


def test_a_training_begins_with_a_trained_run_and_leaves_parts_of_it_as_they_are(begin, train_page, bench):
    source = begin("first").finish().id
    page = train_page()
    assert page.selectbox(key="train.from").options == [
        "Fresh weights", "first · 87.5 % · Handwritten digits (bundled)"
    ]  # fmt: skip
    assert "train.frozen" not in [box.key for box in page.selectbox]  # drawn weights are there to be trained
    page.selectbox(key="train.from").select(source).run()
    assert page.selectbox(key="train.frozen").options == [
        "Nothing: every layer is trained", "Stem", "Stem to stage 1", "Stem to stage 2", "Stem to stage 3"
    ]  # fmt: skip
    page.selectbox(key="train.frozen").select(2)
    page.button(key="train.start").click().run()
    run = bench.runs()[0]
    assert (run.start.run, run.recipe.frozen) == (source, 2)
    assert opened(page) == run.id
    assert "From first on Handwritten digits (bundled) · stem to stage 1 frozen" in said(page)


def test_only_runs_and_files_that_fit_the_design_are_offered(begin, train_page, bench):
    begin("first").finish()
    bench.add_weights(*weights(SMALL))
    assert train_page().selectbox(key="train.from").options[1:] == [
        "first · 87.5 % · Handwritten digits (bundled)", "theirs · file"
    ]  # fmt: skip
    assert train_page(design="resnet32_cifar10").selectbox(key="train.from").options == ["Fresh weights"]


def test_a_run_is_trained_on_from_its_menu_with_its_design(begin, train_page, bench):
    source = begin("first").finish().id
    page = train_page(source, design="resnet50")
    page.button(key="run.tune").click().run()
    page.run()  # a click inside a fragment draws the whole page anew
    assert (page.selectbox(key="train.from").value, page.selectbox(key="train.recipe").value) == (source, "finetune")
    assert page.session_state["desk"].spec.stages == SMALL.stages


def test_a_file_of_weights_is_added_and_chosen_or_refused_in_a_sentence(train_page, bench):
    page = train_page()
    page.button(key="train.weights.add").click().run()
    assert "Choose a file of weights first." in said(page)
    file, content = weights(preset("resnet20_cifar10", input_shape=(32, 32, 1)))
    page.file_uploader(key="train.weights").set_value((file, content, "application/octet-stream"))
    page.button(key="train.weights.add").click().run()
    assert page.selectbox(key="train.from").value == bench.starts(SMALL, "digits")[0].name
    page.button(key="train.start").click().run()
    assert bench.runs()[0].start.title == "theirs"
    assert "From theirs" in said(page)
    page.file_uploader(key="train.weights").set_value(("broken.pth", b"GIF89a", "application/octet-stream"))
    page.button(key="train.weights.add").click().run()
    assert any("broken.pth" in as_read(error.value) for error in page.error)


def test_weights_of_another_design_are_kept_and_not_chosen(train_page, bench):
    page = train_page()
    file, content = weights(preset("resnet32_cifar10"))
    page.file_uploader(key="train.weights").set_value((file, content, "application/octet-stream"))
    page.button(key="train.weights.add").click().run()
    assert "Added theirs, for other designs than this one." in said(page)
    assert page.selectbox(key="train.from").value == ""
    assert len(bench.starts(preset("resnet32_cifar10"), "digits")) == 1


def test_a_run_tells_that_its_head_began_anew_also_once_it_was_resumed(begin, train_page, bench):
    source = begin("first").finish().id
    tuned = Written(bench, "tuned", start=source)
    told = {"title": "first", "fresh": ["head.classifier"], "sentence": ""}
    tuned.claim().write("compiling", device="CPU", why="", usual_seconds=4.0, steps=2 * STEPS, steps_per_epoch=STEPS,
                        start=told)  # fmt: skip
    assert "From first on Handwritten digits (bundled) · head begun anew" in said(train_page(tuned.id))
    tuned.end("stopped")
    bench.resume(tuned.id)
    tuned.claim().write("compiling", 5, device="CPU", why="", usual_seconds=4.0, steps=2 * STEPS, start=None,
                        steps_per_epoch=STEPS)  # fmt: skip
    assert "head begun anew" in said(train_page(tuned.id))


def test_a_diverged_run_is_tried_again_from_the_same_weights(begin, train_page, bench):
    source = begin("first").finish().id
    run = Written(bench, "wild", start=source).train(5).end("diverged", ADVICE)
    page = train_page(run.id)
    page.button(key="run.gentler").click().run()
    assert bench.runs()[0].start == bench.run(run.id).start


# --- the face of each state


def test_a_queued_run_says_its_place(begin, train_page, bench, monkeypatch):
    monkeypatch.setattr(bench, "worker", lambda: WorkerStatus("busy", "CPU", "no GPU is seen"))
    runs = [begin(f"run {n}") for n in range(3)]
    assert "Next in the queue" in said(train_page(runs[0].id))
    page = train_page(runs[2].id)
    assert "Number 3 in the queue" in said(page)
    page.button(key="run.stop").click().run()
    assert bench.run(runs[2].id).state == "stopped"


def test_a_compiling_run_says_how_long_that_usually_takes(begin, train_page):
    page = train_page(begin().compile().id)
    assert "Compiling on the CPU: the first step usually takes about 4 s" in said(page)
    assert not charts(page)


def test_a_running_run_shows_its_progress_its_figures_and_five_charts(begin, train_page):
    page = train_page(begin().train(30).id)
    assert not page.exception
    assert not page.error
    assert "Epoch 2 of 2 · 75.0 % · about 1 min 35 s left" in said(page)
    assert "<b>87.5 %</b><small>validation accuracy</small>" in said(page)
    assert "<b>512</b><small>images/s</small>" in said(page)
    assert len(charts(page)) == 5
    assert "run.resume" not in buttons(page)


def test_stop_asks_the_run_to_stop_and_says_so(begin, train_page, bench):
    run = begin().train(5)
    page = train_page(run.id)
    page.button(key="run.stop").click().run()
    assert page.button(key="run.stop").label == "Stopping"
    assert page.button(key="run.stop").disabled
    run.die()
    assert bench.run(run.id).state == "stopped"  # a worker that dies unasked leaves it interrupted


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (lambda run: run.end("paused"), "Paused after 1 of 2 epochs: its sweep goes on with it"),
        (lambda run: run.end("stopped"), "Stopped after 1 of 2 epochs. Its points are kept"),
        (lambda run: run.die(), "Interrupted after 1 of 2 epochs. Its worker ended in the middle of it"),
        (lambda run: run.end("failed", "The disk is full"), "Failed after 1 of 2 epochs: The disk is full"),
    ],
)
def test_a_run_that_ended_early_says_why_keeps_its_curves_and_can_be_resumed(begin, train_page, bench, end, sentence):
    run = begin().train(25)
    end(run)
    page = train_page(run.id)
    assert sentence in said(page)
    assert len(charts(page)) == 5
    page.button(key="run.resume").click().run()
    assert (bench.run(run.id).state, bench.run(run.id).attempt) == ("queued", 2)


def test_a_resumed_run_says_that_it_compiles_again(begin, train_page, bench):
    run = begin().train(25).end("stopped")
    bench.resume(run.id)
    page = train_page(run.compile().id)
    assert "Compiling again to go on" in said(page)
    assert len(charts(page)) == 5


def test_a_diverged_run_gives_its_advice_and_trains_again_with_it(begin, train_page, bench):
    run = begin().train(5).write("diverged", 6, 0, loss=None, advice=ADVICE).end("diverged", ADVICE)
    page = train_page(run.id)
    assert ADVICE in said(page)
    assert "run.resume" not in buttons(page)
    page.button(key="run.gentler").click().run()
    again, first = bench.runs()
    assert again.recipe.learning_rate == first.recipe.learning_rate / 10
    assert again.recipe.clip_norm == 1.0
    assert (again.spec, again.seed) == (first.spec, first.seed)
    assert opened(page) == again.id


def test_a_finished_run_shows_its_answers_its_mistakes_and_its_confusion(begin, train_page):
    page = train_page(begin().finish().id)
    assert not page.exception
    assert not page.error
    assert "<b>✕ 3</b>, is &lt;b&gt;nine&lt;/b&gt;" in said(page)
    assert "✓ 0" in said(page)
    assert "<td>&lt;b&gt;nine&lt;/b&gt;</td><td>3</td><td>2</td>" in said(page)
    assert "Confusion matrix: 7 of 9 images answered rightly" in [chart.proto.alt for chart in charts(page)]


def test_a_wild_validation_leaves_the_scale_and_is_said(begin, train_page):
    run = begin().train(5).write("epoch", 5, 1, loss=1.0, accuracy=0.5, validation_loss=80.0, validation_accuracy=0.1)
    assert "up to 80, off the scale" in said(train_page(run.id))


def test_what_was_mended_on_the_way_is_said(begin, train_page):
    run = begin().train(5).write("note", 5, 0, sentence="The disk was full for 12 s: three checkpoints are missing.")
    assert "The disk was full for 12 s" in said(train_page(run.id))


def test_the_points_of_a_curve_reach_the_chart_exactly(begin, train_page):
    page = train_page(begin().train(4).id)
    table = pyarrow.ipc.open_stream(charts(page)[0].proto.data.data).read_all()
    assert table.column("x").to_pylist() == [1, 2, 3, 4]
    assert table.column("value").to_pylist() == [2 / step for step in range(1, 5)]
    assert table.column("series").to_pylist() == ["training"] * 4


def test_curves_are_drawn_without_pandas(tmp_path):
    code = """
    import sys
    from app.components.charts import Axis, curve, series
    curve(series([(1, 0.5), (2, 0.25)], "loss"), "Loss", Axis(), key="loss", names=("loss",), alt="Loss")
    curve([], "Loss", Axis(), key="nothing", names=("loss",), alt="Loss")
    print(sorted({"pandas", "altair"} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"


# --- the URL and the history


def test_a_reload_returns_to_the_run_in_the_url_beside_newer_ones(begin, train_page):
    old = begin("old").finish()
    begin("new")
    page = train_page(old.id)
    assert opened(page) == old.id
    assert "<b>✕ 3</b>" in said(page)


def test_the_newest_run_is_opened_where_the_url_names_none(begin, train_page):
    begin("old")
    new = begin("new")
    assert opened(train_page()) == new.id


def test_a_run_that_is_gone_is_said_and_another_can_be_chosen(begin, train_page):
    left = begin("left")
    page = train_page("0123456789abcdef")
    assert any("no run '0123456789abcdef'" in as_read(error.value) for error in page.error)
    page.session_state["history"] = {"chosen": left.id}
    page.query_params["run"] = left.id
    page.run()
    assert not page.error


def listed(page):
    """The names in the table of runs, from above."""
    tables = [json.loads(each.proto.json)[0] for each in page.get("bidi_component") if "rows" in each.proto.json]
    return [row["cells"][0]["shown"] for row in next(each["rows"] for each in tables if "Runs" in each["label"])]


def test_of_many_runs_the_newest_are_listed_then_older_ones_and_any_is_found_by_name(begin, train_page, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 4)
    names = [f"number {n}" for n in range(history.FEW + 1)]
    for name in names:
        begin(name)
    page = train_page()
    assert listed(page) == names[: -4 - 1 : -1]
    page.button(key="history.older").click().run()
    assert listed(page) == names[: -8 - 1 : -1]
    page.text_input(key="history.named").set_value(" Number 1 ").run()
    assert listed(page) == ["number 10", "number 1"]
    page.text_input(key="history.named").set_value("%").run()
    assert "0 runs so named" in said(page)


def test_a_run_is_deleted_with_its_points(begin, train_page, bench):
    run = begin().finish()
    page = train_page(run.id)
    page.button(key="run.delete").click().run()
    assert bench.runs() == []
    assert opened(page) is None
    assert "Press **Train**" in said(page)


def test_the_design_of_a_run_is_opened_on_the_desk(begin, train_page):
    run = begin()
    page = train_page(run.id, design="resnet50")
    page.button(key="run.design").click().run()
    assert page.session_state["desk"].spec.input_shape == (32, 32, 1)


def test_a_locked_database_is_a_sentence_and_the_page_stays(begin, train_page, bench, monkeypatch):
    run = begin().train(5)

    def gone(*what, **more):
        raise WorkbenchError("The database is gone: put it back or start anew")

    monkeypatch.setattr(bench, "events", gone)
    page = train_page(run.id)
    assert "The database is gone: put it back or start anew" in [as_read(error.value) for error in page.error]
    assert not page.exception
    assert page.button(key="train.start")


# --- one's own images


def zipped(**classes):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, count in classes.items():
            for i in range(count):
                image = io.BytesIO()
                Image.new("RGB", (40, 40), (i * 20, 0, 0)).save(image, "PNG")
                archive.writestr(f"{name}/{i}.png", image.getvalue())
    return data.getvalue()


def upload(page, name, data):
    page.file_uploader(key="train.images").upload(name, data, "application/zip").run()
    return page.button(key="train.images.add").click().run()


def test_a_zip_of_images_is_kept_and_chosen(train_page, bench):
    page = upload(train_page(), "pets.zip", zipped(cat=6, dog=6))
    card = bench.datasets()[-1]
    assert (card.title, card.class_names, card.images) == ("pets", ("cat", "dog"), 12)
    assert page.selectbox(key="train.dataset").value == card.name


def test_a_broken_archive_is_refused_in_a_sentence_and_nothing_is_chosen(train_page, bench):
    page = upload(train_page(), "pets.zip", b"PK no zip at all")
    assert any("The zip is cut short" in as_read(error.value) for error in page.error)
    assert page.selectbox(key="train.dataset").value == "digits"
    assert [card for card in bench.datasets() if card.path] == []


def test_the_curves_of_a_run_can_be_downloaded_for_tensorboard(begin, train_page, bench):
    run = begin().train(25).end("stopped")
    page = train_page(run.id)
    (button,) = [each for each in page.get("download_button") if each.proto.label == "Its curves for TensorBoard"]
    assert not button.proto.disabled
    assert button.proto.deferred_file_id  # it is made when somebody asks for it
