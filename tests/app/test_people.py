"""Two visitors of one hosted instance: what one makes is not there for the other, until it is shared."""

import pytest
from reading import as_read
from recorded import SMALL, Written

from app import state
from app.visitor import KEY, name_of
from resnet_tf.runs.settings import settings
from resnet_tf.runs.workbench import Workbench

ADA, BOB = "guest:ada", "guest:bob"
FOREIGN = "it may have been deleted, or it is another visitor's"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The workbench of a host; its worker is never started."""
    return hosted(tmp_path, monkeypatch)


def hosted(tmp_path, monkeypatch, **limits):
    bench = Workbench(tmp_path / "home", settings=settings(hosted=True, **limits))
    for name, value in {"instance": lambda: bench, "workbench_soon": lambda: None, "PAINT": 0.0}.items():
        monkeypatch.setattr(state, name, value)
    return bench


@pytest.fixture
def as_visitor(visit):
    """A function that opens a page as a visitor, with a query."""

    def as_visitor(owner, name="train", **query):
        page = visit("resnet20_cifar10", {KEY: owner})
        for key, value in query.items():
            page.query_params[key] = value
        page.switch_page(f"views/{name}.py").run()
        assert not page.exception
        return page

    return as_visitor


def words_of(page):
    kinds = (page.html, page.markdown, page.caption, page.info, page.warning, page.error)
    return as_read("\n".join(element.value for kind in kinds for element in kind))


def everything(page):
    """All that is sent to the browser, but for the tables of charts."""
    return "".join(str(getattr(node, "proto", "")) for node in page.main)


def keys_of(page):
    return {button.key for button in page.button}


def test_a_run_is_nowhere_on_anothers_pages(as_visitor, bench):
    Written(bench.of(ADA), "the run of Ada").finish()
    bench.of(ADA).save_design("the design of Ada", SMALL)
    for name, what in {"train": "run", "compare": "design", "export": "run"}.items():
        assert f"the {what} of Ada" in everything(as_visitor(ADA, name))
    for name in ("design", "train", "compare", "export"):
        page = as_visitor(BOB, name)
        assert "of Ada" not in everything(page)
    assert bench.of(BOB).runs(None) == []


@pytest.mark.parametrize("end", ["claim", "compile", "die", "finish"])
def test_the_id_of_anothers_run_opens_a_sentence_and_no_button(as_visitor, bench, end):
    written = Written(bench.of(ADA), "the run of Ada")
    getattr(written if end != "die" else written.train(20), end)()
    page = as_visitor(BOB, run=written.id)
    assert [as_read(error.value) for error in page.error] == [f"There is no run '{written.id}': {FOREIGN}"]
    assert not keys_of(page) & {"run.stop", "run.resume", "run.delete", "run.export", "run.design", "run.gentler"}
    assert "the run of Ada" not in words_of(page)


@pytest.mark.parametrize("end", ["claim", "compile", "die", "diverge", "stop", "finish"])
def test_a_shared_run_is_looked_at_and_not_changed(as_visitor, bench, end):
    written = Written(bench.of(ADA), "the run of Ada")
    ends = {
        "die": lambda: written.train(20).die(),
        "diverge": lambda: written.train(3).write("diverged", 4, advice="smaller steps").end("diverged"),
        "stop": lambda: written.train(20).end("stopped"),
    }
    ends.get(end, lambda: getattr(written, end)())()
    bench.of(ADA).share(written.id)
    page = as_visitor(BOB, run=written.id)
    assert not page.error
    assert "the run of Ada" in words_of(page)
    assert "Shared with you" in words_of(page)
    assert "Resume" not in words_of(page)
    assert not keys_of(page) & {"run.stop", "run.resume", "run.delete", "run.gentler"}
    assert f"run.shared.{written.id}" not in {toggle.key for toggle in page.toggle}
    bench.of(ADA).share(written.id, False)
    assert FOREIGN in as_visitor(BOB, run=written.id).error[0].value


def test_its_owner_shares_a_run_and_takes_that_back(as_visitor, bench):
    run = Written(bench.of(ADA), "the run of Ada").finish().id
    page = as_visitor(ADA, run=run)
    key = f"run.shared.{run}"
    assert page.toggle(key=key).value is False
    assert any(code.value.endswith(f"?run={run}") for code in page.code)
    page.toggle(key=key).set_value(True).run()
    assert bench.run(run).shared
    assert as_visitor(ADA, run=run).toggle(key=key).value is True
    page.toggle(key=key).set_value(False).run()
    assert not bench.of(ADA).run(run).shared


def test_a_shared_run_is_compared_and_exported_by_whoever_has_its_link(as_visitor, bench):
    run = Written(bench.of(ADA), "the run of Ada").finish().id
    link = {"with": [f"run.{run}", "desk"]}
    assert "another visitor's" in as_visitor(BOB, "compare", **link).warning[0].value
    bench.of(ADA).share(run)
    page = as_visitor(BOB, "compare", **link)
    assert not page.warning
    assert "the run of Ada" in words_of(page)
    page = as_visitor(BOB, run=run).button(key="run.export").click().run()
    assert page.selectbox(key="export.source").value == run
    page.switch_page("views/export.py").run()  # which AppTest does not follow
    page.button(key="export.start").click().run()
    (export,) = bench.of(BOB).runs("export")
    assert (export.source, export.owner, bench.of(ADA).runs("export")) == (run, BOB, [])


def test_an_export_of_another_is_a_sentence(as_visitor, bench):
    export = bench.of(ADA).export(SMALL, ["keras"], name="the export of Ada")
    page = as_visitor(BOB, "export", export=export)
    assert FOREIGN in page.error[0].value
    assert "export.stop" not in keys_of(page)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ({"epochs": 1}, "epochs must be at most 1 (got 15; nearest 1)"),
        ({"parameters": 1000}, "may have 1,000"),
        ({"queue": 1}, "1 runs wait already"),
    ],
)
def test_more_than_the_instance_allows_is_said_where_train_was_pressed(visit, as_visitor, monkeypatch, tmp_path, limit,
                                                                     sentence):  # fmt: skip
    bench = hosted(tmp_path, monkeypatch)
    bench.of(ADA).train(SMALL, "digits", "quick", name="one that waits")
    hosted(tmp_path, monkeypatch, **limit)
    page = as_visitor(BOB)
    page.button(key="train.start").click().run()
    assert not page.exception
    said = [as_read(error.value) for error in page.error]
    assert any(sentence in error and "The limit is this instance's" in error for error in said)
    assert bench.of(BOB).runs() == []


def test_a_person_is_who_vouches_for_him_and_his_number_there():
    ada = {"iss": "https://login.example", "sub": "1", "email": "ada@example.org", "is_logged_in": True}
    assert name_of(ada) == "user:https://login.example|1" == name_of({**ada, "email": "ada@new.example"})
    names = {name_of({"iss": "https://login.example", "sub": f"{i}" * 250}) for i in range(3)}
    assert len(names) == 3
    assert all(len(name) <= 200 for name in names)
