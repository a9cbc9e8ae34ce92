"""The Export page in every state of an export; no TensorFlow."""

import pytest
from test_compare import trained

from resnet_tf.design.presets import preset
from resnet_tf.runs.records import Artifact
from resnet_tf.runs.settings import settings
from resnet_tf.runs.store import Happening

SPEC = preset("resnet20_cifar10")


@pytest.fixture
def export(visit):
    """Opens the Export page, at an export if one is named."""

    def export(id=None):
        page = visit("resnet20_cifar10")
        if id is not None:
            page.query_params["export"] = id
        page.switch_page("views/export.py").run()
        assert not page.exception
        return page

    return export


def words_of(page):
    return " ".join(element.value for element in page.html)


def claimed(bench, formats=("savedmodel", "spec")):
    """A running export and its worker's name."""
    bench.export(SPEC, formats, name="ResNet-20")
    bench._store.enter("w", "host", "elsewhere", 1)
    return bench._store.claim("w", "CPU", "a test")


def place(bench, run, name):
    """Where a file of an export lies."""
    return bench.home.make(bench.home.artifacts(run.id)) / name


def artifact(format, path, **facts):
    usual = {
        "bytes": 1_234_567,
        "seconds": 2.5,
        "verified": None,
        "difference": None,
        "load": "import x",
        "error": None,
        "note": None,
    }
    return Artifact(**{"format": format, "path": path and str(path), **usual, **facts})


def test_before_the_first_export_the_page_says_what_to_do(export):
    page = export()
    assert any("Press **Export**" in text.value for text in page.markdown)
    assert page.selectbox(key="export.source").options == ["ResNet-20, fresh weights"]
    assert page.page_link[0].value.startswith("Train it first")


def test_a_press_on_export_queues_the_usual_formats_and_the_link_names_it(export, bench):
    page = export()
    page.button(key="export.start").click().run()
    assert not page.exception
    (run,) = bench.runs("export")
    assert run.formats == ("savedmodel", "keras", "onnx", "litert", "spec", "python", "costs", "dot")
    assert run.source is None
    assert page.query_params["export"] == run.id
    assert page.progress


def test_a_trained_run_is_exported_with_what_it_learnt(export, bench):
    run = trained(bench, "mine", SPEC, [0.5, 0.97])
    page = export()
    page.button(key="export.start").click().run()
    assert bench.runs("export")[0].source == run


def test_no_format_is_no_export(export):
    page = export()
    page.pills(key="export.formats").set_value([]).run()
    assert page.button(key="export.start").disabled


def test_a_running_export_has_a_bar_a_stop_and_the_files_written_so_far(export, bench):
    run = claimed(bench)
    file = place(bench, run, "network.spec.json")
    file.write_text("{}")
    bench._store.append("w", run, [Happening("compiling", 0, 0, 0.0, {"steps": 2})])
    bench._store.add_artifact("w", run, artifact("spec", file))
    page = export(run.id)
    assert page.progress[0].value == 33  # of the two that were asked for and their card
    assert "network.spec.json" in words_of(page)
    page.button(key="export.stop").click().run()
    assert bench._store.is_to_stop(run)


def test_a_verified_file_says_so_with_its_largest_difference_size_and_time(export, bench):
    run = claimed(bench)
    file = place(bench, run, "network.savedmodel.zip")
    file.write_bytes(b"PK")
    bench._store.add_artifact("w", run, artifact("savedmodel", file, verified=True, difference=2.4e-7))
    bench._store.end("w", run, "finished")
    page = export(run.id)
    said = words_of(page)
    assert "✓ Verified" in said
    assert "largest difference 2.4e-07" in said
    assert "1.23 MB, written in 2 s" in said
    assert page.code[0].value == "import x"
    assert page.get("download_button")
    assert not page.progress


def test_a_file_of_fewer_digits_says_what_that_costs(export, bench):
    run = claimed(bench, ("litert_int8",))
    file = place(bench, run, "network.int8.tflite")
    file.write_bytes(b"TFL3")
    note = "off by at most 1.20 % of the outputs' range; 97.5 % right before and 97.2 % after, on 360 validation images"
    bench._store.add_artifact("w", run, artifact("litert_int8", file, verified=True, difference=0.05, note=note))
    bench._store.end("w", run, "finished")
    said = words_of(export(run.id))
    assert "✓ Verified" in said
    assert "97.5 % right before and 97.2 % after" in said


def test_a_savedmodel_comes_with_the_command_that_serves_it(export, bench):
    run = claimed(bench)
    file = place(bench, run, "network.savedmodel.zip")
    file.write_bytes(b"PK")
    bench._store.add_artifact("w", run, artifact("savedmodel", file, verified=True, difference=0.0))
    bench._store.end("w", run, "finished")
    page = export(run.id)
    assert page.code[1].language == "sh"
    assert "resnet_tf serve network.savedmodel.zip" in page.code[1].value
    assert '-v "$PWD/models/network:/models/network" -e MODEL_NAME=network tensorflow/serving' in page.code[1].value


def test_a_card_lies_beside_the_files(export, bench):
    run = claimed(bench)
    file = place(bench, run, "network.card.md")
    file.write_text("# network")
    bench._store.add_artifact("w", run, artifact("card", file, load=""))
    bench._store.end("w", run, "finished")
    page = export(run.id)
    assert "Model card" in words_of(page)
    assert not page.code


def test_a_format_whose_library_is_missing_is_not_offered_and_says_how_to_get_it(export, monkeypatch):
    monkeypatch.setattr("resnet_tf.learning.formats.find_spec", lambda name: None)
    page = export()
    assert "ONNX" not in page.pills(key="export.formats").options
    assert any("pip install" in text.value for text in page.caption)


def test_a_file_that_answers_otherwise_is_never_called_verified(export, bench):
    run = claimed(bench)
    file = place(bench, run, "network.keras")
    file.write_bytes(b"PK")
    bench._store.add_artifact("w", run, artifact("keras", file, verified=False, difference=0.3))
    bench._store.end("w", run, "finished")
    said = words_of(export(run.id))
    assert "✕ Not verified" in said
    assert "✓" not in said


def test_a_format_that_could_not_be_written_says_why_and_has_no_button(export, bench):
    run = claimed(bench)
    bench._store.add_artifact("w", run, artifact("savedmodel", None, error="<disk> is full"))
    bench._store.end("w", run, "finished")
    page = export(run.id)
    assert "Not written: &lt;disk&gt; is full" in words_of(page)
    assert not page.get("download_button")


def test_a_file_that_was_deleted_is_said(export, bench):
    run = claimed(bench)
    bench._store.add_artifact("w", run, artifact("spec", "gone.json"))
    bench._store.end("w", run, "finished")
    assert "no longer on the server" in export(run.id).warning[0].value


def test_an_export_that_has_expired_says_when_and_is_written_again_on_a_click(export, bench):
    run = claimed(bench)
    bench._store.add_artifact("w", run, artifact("spec", None, expired=1_749_988_800.0))
    bench._store.end("w", run, "finished")
    page = export(run.id)
    assert "Expired on 15 June 2025: export it again" in words_of(page)
    assert "have expired" in page.warning[0].value
    assert not page.get("download_button")
    page.button(key="export.again").click().run()
    assert [one.state for one in bench.runs("export")] == ["queued", "finished"]
    assert bench.runs("export")[0].formats == run.formats


def test_a_file_in_an_object_store_is_offered_without_asking_that(export, bench, monkeypatch):
    monkeypatch.setattr(bench._instance, "settings", settings(artifact_url="s3://bucket/folder"))
    run = claimed(bench)
    bench._store.add_artifact("w", run, artifact("spec", "elsewhere.json"))
    bench._store.end("w", run, "finished")
    page = export(run.id)
    assert page.get("download_button")
    assert not page.warning


def test_a_failed_export_says_why_and_begins_again_on_a_click(export, bench):
    run = claimed(bench)
    bench._store.end("w", run, "failed", "The disk is full")
    page = export(run.id)
    assert "The disk is full" in page.warning[0].value
    page.button(key="export.again").click().run()
    assert [one.state for one in bench.runs("export")] == ["queued", "failed"]


def test_a_link_to_an_export_that_is_gone_is_a_sentence(export):
    page = export("no-such-export")
    assert "may have been deleted" in page.error[0].value


def test_an_earlier_export_can_be_opened_again(export, bench):
    first = claimed(bench)
    bench._store.end("w", first, "finished")
    second = bench.export(SPEC, ["dot"], name="another")
    page = export()
    assert page.query_params["export"] == second
    page.selectbox(key="export.pick").set_value(first.id).run()
    assert page.query_params["export"] == first.id
