"""Reports of what is compared and of a run, as the pages hand them out; no TensorFlow."""

import json

import handmade
import pypdfium2
import pytest
from recorded import SMALL, Written

from app.components.report import FILES, _made
from resnet_tf.design.presets import preset
from resnet_tf.reports.record import from_json, to_json
from resnet_tf.reports.subjects import Subject, report_of
from resnet_tf.runs.failures import NoSuchRun
from resnet_tf.runs.records import PROFILED
from resnet_tf.runs.store import Happening

MADE = {"versions": {"keras": "3.12.0"}, "cores": 2, "data": "ab" * 32}


@pytest.fixture
def finished(bench):
    """A run that is over, of two epochs, whose worker said what it was made with."""
    run = Written(bench, "ResNet-20").claim()
    run.write("compiling", device="CPU", why="", usual_seconds=4.0, steps=40, steps_per_epoch=20, **MADE)
    for epoch, reached in ((1, 0.5), (2, 0.875)):
        run.write("epoch", 20 * epoch, epoch, loss=1 / epoch, accuracy=reached, validation_loss=0.25,
                  validation_accuracy=reached, learning_rate=0.1)  # fmt: skip
    run.write("finished", 40, 2, validation_accuracy=0.875, validation_loss=0.25, seconds=40.0)
    return bench.run(run.end("finished").id)


def profile(bench, spec):
    """Has a design measured."""
    bench.laboratory.profile(spec, name="ResNet-20")
    home, host = bench._instance.place
    bench._store.enter("p", host, home, 1)
    run = bench._store.claim("p", "CPU", "a test")
    values = {**handmade.profile().as_json(), "made": MADE}
    bench._store.append("p", run, [Happening(PROFILED, 4, 0, 1.0, values)])
    bench._store.end("p", run, "finished")


def buttons(page):
    return {button.proto.label for button in page.get("download_button")}


def opened(page, key):
    page.session_state[key] = True
    return page.run()


def test_what_is_compared_is_offered_as_a_report_in_four_forms(visit):
    page = visit("resnet18").switch_page("views/compare.py").run()
    assert not {file.title for file in FILES} & buttons(page), "they are made when somebody wants them"
    page = opened(page, "compare.report")
    assert {file.title for file in FILES} <= buttons(page)
    assert not page.exception
    assert not page.error


def test_nothing_compared_has_no_report(visit):
    page = visit().switch_page("views/compare.py").run()
    page.multiselect(key="compare.with").set_value([]).run()
    assert not buttons(opened(page, "compare.report"))


def test_a_run_that_is_over_is_offered_as_a_report(visit, finished):
    page = visit("resnet20_cifar10")
    page.query_params["run"] = finished.id
    page = opened(page.switch_page("views/train.py").run(), "run.report")
    assert not page.exception
    assert {file.title for file in FILES} <= buttons(page)


def test_a_report_has_the_runs_curves_as_they_were_told_and_all_that_repeats_it(bench, finished):
    subject = Subject("ResNet-20", "run on digits", finished.spec, finished)
    (experiment,) = report_of(bench, [subject]).experiments
    assert [each["validation_accuracy"] for each in experiment.found["epochs"]] == [0.5, 0.875]
    assert experiment.found["result"]["validation_accuracy"] == 0.875
    assert experiment.made.versions == MADE["versions"]
    assert experiment.made.data == MADE["data"]
    assert experiment.made.device == "CPU, 2 cores"
    assert experiment.asked["seed"] == 7
    assert experiment.asked["recipe"]["epochs"] == 2
    assert "--dataset digits" in experiment.made.command
    assert "--with epochs=2" in experiment.made.command
    assert "--seed 7" in experiment.made.command


def test_a_run_of_an_earlier_version_is_reported_without_what_was_not_recorded(bench):
    run = bench.run(Written(bench, "old").finish().id)
    made = report_of(bench, [Subject("old", "", run.spec, run)])
    assert made.experiments[0].made.data == ""
    assert made.experiments[0].made.versions == {}
    for file in FILES:
        assert file.write(made)


def test_a_profile_that_was_measured_is_in_the_report(bench):
    assert not _made(bench, (Subject("ResNet-20", "", SMALL),)).experiments
    profile(bench, SMALL)
    made = _made(bench, (Subject("ResNet-20", "", SMALL), Subject("VGG-19", "", preset("vgg19"))))
    (experiment,) = made.experiments
    assert experiment.kind == "profile"
    assert experiment.made.data == MADE["data"]
    assert experiment.found == json.loads(json.dumps(handmade.profile().as_json()))
    assert any("1603.05027" in source for source in made.sources)


def test_a_design_without_a_head_is_reported_all_the_same(bench):
    spec = preset("resnet20_cifar10", head={"pool": "none"})
    made = _made(bench, (Subject("maps", "", spec),))
    assert from_json(to_json(made)) == made
    for file in FILES:
        assert file.write(made)


def test_every_form_of_a_report_is_whole(bench, finished):
    profile(bench, finished.spec)
    made = _made(bench, (Subject("ResNet-20", "run", finished.spec, finished), Subject("VGG", "", preset("vgg19"))))
    page, paper, papers, data = (file.write(made) for file in FILES)
    assert page.count('class="chart"') == 4 + 5  # by epoch, and by block
    assert "143,667,240" in page
    document = pypdfium2.PdfDocument(paper)
    assert "143,667,240" in "".join(sheet.get_textpage().get_text_bounded() for sheet in document)
    document.close()
    assert "@inproceedings{simonyan2015," in papers
    assert from_json(data) == made


def test_what_others_have_measured_is_read_with_the_visitors_own_eyes(bench, finished):
    """A button is pressed outside of the page's script, where there is no visitor: the workbench is the page's."""
    other = bench.of("somebody else")
    with pytest.raises(NoSuchRun):
        _made(other, (Subject("ResNet-20", "", finished.spec, finished),))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_lessons_outcome_is_offered_as_a_report(visit, language):
    page = visit()
    page.query_params["lesson"], page.query_params["lang"] = "degradation", language
    page = opened(page.switch_page("views/lessons.py").run(), "lessons.report")
    assert not page.exception
    assert not page.error
    assert {file.title for file in FILES} <= buttons(page)
