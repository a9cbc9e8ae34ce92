"""The Sweeps page: what a sweep would take, its trials as they come, the front on Compare; no TensorFlow, no worker."""

import html
import json
import re

import hands
import pytest
from hands import Hand, accuracy
from reading import as_read

from app.components import sweepaxes
from app.components.parallel import scales
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.sweep_axes import parse_axis
from resnet_tf.learning.sweeps import Search
from resnet_tf.runs.records import SweepAxis, parse_values
from resnet_tf.runs.settings import settings

DESIGN = "resnet20_cifar10"
RATES = ("learning_rate=0.1,0.2,0.4",)


@pytest.fixture
def sweeps(visit):
    """Opens the Sweeps page, with the ResNet-20 on the desk."""

    def sweeps(**link):
        page = visit(DESIGN)
        for name, value in link.items():
            page.query_params[name] = value
        page.switch_page("views/sweeps.py").run()
        assert not page.exception
        return page

    return sweeps


def begin(bench, *axes, epochs=2, name="a sweep", **how):
    search = Search(axes=tuple(map(parse_axis, axes)), **how)
    return bench.sweep(preset(DESIGN), "digits", recipe(epochs=epochs), search, name=name)


def train(bench, folder, most=10**6):
    """Trains what waits, to its end or for so many moments."""
    hand = Hand(bench, folder)
    while most and hand.look():
        hand.step()
        most -= 1


def chosen(page, *fields):
    page.multiselect(key="sweep.axes").set_value(list(fields)).run()
    assert not page.exception
    return page


def values_of(page, title):
    return next(each for each in page.text_input if each.label == title)


def takes(page):
    """What the sweep would take, as the page says it; None where it says nothing of it."""
    said = next((each.value for each in page.html if 'class="plan"' in each.value), None)
    return said and [html.unescape(number) for number in re.findall("<b>(.+?)</b>", said)]


def refused(page):
    """The combinations that cannot be, and why."""
    said = next(each.value for each in page.html if 'class="refused"' in each.value)
    return [html.unescape(re.sub("<.+?>", "", line)) for line in re.findall("<li>(.+?)</li>", said)]


def table_of(page, label):
    """The heads and the rows of a table, as they are shown."""
    tables = [json.loads(each.proto.json)[0] for each in page.get("bidi_component") if "rows" in each.proto.json]
    found = next(table for table in tables if table["label"].startswith(label))
    return [column["title"] for column in found["columns"]], [[c["shown"] for c in r["cells"]] for r in found["rows"]]


def words_of(page):
    return " ".join(element.value for element in page.html)


# --- before it begins


def test_a_newcomer_reads_what_to_do_and_what_the_sweep_would_take(sweeps):
    page = sweeps()
    assert "press **Sweep**" in page.markdown[0].value
    trials, epochs, macs = takes(page)
    assert (trials, epochs) == ("6", "90")  # three widths, two learning rates, 15 epochs each
    assert macs.endswith(" T")


def test_the_plan_follows_the_axes_the_search_and_the_recipe(sweeps):
    page = chosen(sweeps(), "depth", "batch_size")
    values_of(page, "Depth ×").set_value("1, 2, 3").run()
    page.number_input(key="sweep.epochs.quick").set_value(4).run()
    page.number_input(key="sweep.repeats").set_value(2).run()
    assert takes(page)[:2] == ["12", "48"]
    page.number_input(key="sweep.trials.grid").set_value(3).run()
    assert takes(page)[:2] == ["6", "24"]
    assert any("Drawn from 6 combinations" in caption.value for caption in page.caption)


def test_asha_draws_from_ranges_and_says_about_how_much_it_takes(sweeps):
    page = sweeps()
    next(each for each in page.get("segmented_control") if each.key == "sweep.how").set_value("asha").run()
    assert values_of(page, "Learning rate").value == "0.01..1:log"
    page.number_input(key="sweep.epochs.quick").set_value(9).run()
    # 16 trials for 1 epoch, 5 of them to 3, 1 of these to 9 (Li et al. 2020, promoting 1/3 of each rung)
    assert takes(page)[:2] == ["16", str(16 + 5 * 2 + 1 * 6)]
    assert "<small>about </small>" in words_of(page)


def test_what_cannot_be_says_the_field_the_rule_the_value_and_the_nearest_and_the_rest_is_trained(sweeps, bench):
    page = chosen(sweeps(), "stem.kernel")
    values_of(page, "Kernel").set_value("2, 3").run()
    assert takes(page)[0] == "1"
    assert refused(page) == [
        "stem.kernel 2 stem.kernel must be odd, so that padding is symmetric (got 2); the nearest is 3"
    ]
    values_of(page, "Kernel").set_value("2, 4").run()
    assert takes(page)[0] == "0"
    assert page.button(key="sweep.start").disabled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "learning_rate must be given values, or a range"),
        ("0.01..1:log", "'random' or 'asha' where learning_rate has a range: a grid needs values"),
        ("a..b", "from a number to a number, as 0.01..1"),
        ("0.1, 0.1", "given each value once"),
        ("1..0.1", "greater than low, which is 1"),
    ],
)
def test_values_that_are_none_are_said_where_they_are_typed(sweeps, text, said):
    page = chosen(sweeps(), "learning_rate")
    values_of(page, "Learning rate").set_value(text).run()
    assert not page.exception
    assert said in as_read(page.error[0].value)
    assert page.button(key="sweep.start").disabled


def test_a_sweep_without_an_axis_says_what_to_choose(sweeps):
    page = chosen(sweeps())
    assert any("at least one axis" in caption.value for caption in page.caption)
    assert page.button(key="sweep.start").disabled


@pytest.mark.parametrize("how", ["grid", "asha"])
@pytest.mark.parametrize("name", [DESIGN, "resnext29_8x64d_cifar10", "vgg16", "densenet40_12_cifar10"])
def test_every_axis_that_is_offered_makes_trials_as_it_is_offered(bench, name, how):
    chosen_recipe = recipe("quick")
    for row in sweepaxes.rows(preset(name), chosen_recipe, how).values():
        taken = {"values": tuple(map(json.loads, row.chosen))} if row.choices else parse_values(row.field, row.usual)
        axis = SweepAxis(field=row.field, **taken)
        plan = bench.plan_sweep(preset(name), "digits", chosen_recipe, Search(axes=(axis,), how=how, trials=4))
        assert plan.trials, (row, plan.illegal)


# --- under way, and over


def test_a_press_begins_the_sweep_and_the_link_names_it(sweeps, bench):
    page = chosen(sweeps(), "width", "shortcut")
    values_of(page, "Width ×").set_value("0.5, 1").run()
    page.pills[0].set_value(['"projection"', '"none"']).run()
    page.button(key="sweep.start").click().run()
    assert not page.error
    (sweep,) = bench.sweeps()
    assert page.query_params["sweep"] in (sweep.id, [sweep.id])
    assert [dict(trial.values) for trial in sweep.trials] == [
        {"width": width, "shortcut": shortcut} for width in (0.5, 1) for shortcut in ("projection", "none")
    ]
    assert [run.name for run in bench.runs()] == ["ResNet-20: width 0.5, shortcut projection"]
    assert table_of(page, "Trials")[1][0][:4] == ["0", "0.5", "projection", "queued"]
    assert table_of(page, "Sweeps")[1] == [
        ["ResNet-20", "Handwritten digits (bundled)", "grid", "width, shortcut", "queued", "4", "–", "just now"]
    ]


def test_trials_are_shown_as_they_come_the_best_first_with_the_front(sweeps, bench, tmp_path):
    sweep = begin(bench, "width=0.5,1", "learning_rate=0.1,0.4")
    train(bench, tmp_path)
    page = sweeps(sweep=sweep)
    heads, rows = table_of(page, "Trials")
    assert heads == ["trial", "width", "learning_rate", "state", "epochs", "best", "front", "parameters", "MACs"]
    assert [row[:7] for row in rows] == [
        ["1", "0.5", "0.4", "finished", "2", "40.0 %", "● front"],
        ["3", "1", "0.4", "finished", "2", "40.0 %", ""],
        ["0", "0.5", "0.1", "finished", "2", "10.0 %", ""],
        ["2", "1", "0.1", "finished", "2", "10.0 %", ""],
    ]
    assert rows[1][7] == f"{269_722 - 2 * 3 * 3 * 16:,}"  # He 2015's ResNet-20, of grey images
    assert "40.0 %</b><small>best validation accuracy" in words_of(page)
    assert len(page.get("vega_lite_chart")) == 2
    assert "sweep.stop" not in [button.key for button in page.button]


def test_a_line_goes_through_the_values_of_each_trial(bench, tmp_path):
    sweep = begin(bench, "shortcut=projection,none", "learning_rate=0.1..1:log", how="random", trials=5, epochs=1)
    train(bench, tmp_path)
    found = bench.sweep_of(sweep)
    shortcut, rate, macs, reached = scales(found, found.trials)
    assert [shortcut.name, rate.name, macs.name, reached.name] == ["shortcut", "learning_rate", "MACs", "accuracy"]
    words = dict(shortcut.marks)
    assert [words[place] for place in shortcut.places] == [dict(trial.values)["shortcut"] for trial in found.trials]
    rates = [0.1 * 10**place for place in rate.places]  # from 0.1 to ten times as much, every factor as long
    assert rates == pytest.approx([dict(trial.values)["learning_rate"] for trial in found.trials])
    assert [said for _, said in rate.marks] == ["0.1", "0.2", "0.5", "1"]
    right = [accuracy(trial.run, 1) for trial in found.trials]
    assert reached.places == pytest.approx([(each - min(right)) / (max(right) - min(right)) for each in right])


def test_trials_that_are_alike_on_an_axis_go_through_its_middle(bench, tmp_path):
    sweep = begin(bench, "learning_rate=0.1,0.2", epochs=1)
    train(bench, tmp_path)
    found = bench.sweep_of(sweep)
    _, macs, _ = scales(found, found.trials)
    assert (macs.places, len(macs.marks)) == ([0.5, 0.5], 1)


def test_a_sweep_under_way_says_how_far_it_is_and_stops(sweeps, bench, tmp_path):
    sweep, hand = begin(bench, *RATES), Hand(bench, tmp_path)
    while not bench.sweep_of(sweep).settled:
        hand.look() and hand.step()
    hand.look()
    page = sweeps(sweep=sweep)
    said = page.get("progress")[0].proto.text
    assert re.match(r"1 of 3 trials · 2 of 6 epochs · 1 under way · about [\d.]+ s left", said)
    page.button(key="sweep.stop").click().run()
    assert page.button(key="sweep.stop").disabled
    while hand.run:
        hand.step()
    page.run()
    assert page.button(key="sweep.resume")
    assert [row[2] for row in table_of(page, "Trials")[1]] == ["finished", "stopped", "to come"]


def test_a_sweep_on_a_cluster_says_who_chooses(sweeps, bench, monkeypatch):
    sweep = begin(bench, "learning_rate=0.1..1", how="asha", trials=4)
    assert "Ray Tune" not in sweeps(sweep=sweep).get("progress")[0].proto.text
    monkeypatch.setattr(bench._instance, "settings", settings(ray_address="a cluster", worker="none"))
    assert sweeps(sweep=sweep).get("progress")[0].proto.text.endswith(" · Ray Tune decides which go on")


def test_a_stopped_sweep_is_taken_up_again_and_a_deleted_one_is_gone(sweeps, bench):
    sweep = begin(bench, *RATES)
    bench.stop_sweep(sweep)
    page = sweeps(sweep=sweep)
    assert "Stopped" in page.info[0].value
    page.button(key="sweep.resume").click().run()
    assert bench.sweep_of(sweep).state == "queued"
    page.button(key="sweep.delete").click().run()
    assert not page.exception
    assert (bench.sweeps(), bench.runs()) == ([], [])
    assert "press **Sweep**" in page.markdown[0].value


def test_the_front_opens_on_compare_by_rising_cost(sweeps, bench, tmp_path, monkeypatch):
    monkeypatch.setattr(hands, "accuracy", lambda run, epoch: costs(run.spec).macs / 1e9)  # the wider, the better
    sweep = begin(bench, "width=0.5,1,2", "learning_rate=0.1,0.2")
    train(bench, tmp_path)
    page = sweeps(sweep=sweep)
    page.button(key="sweep.compare").click().run()
    assert not page.exception
    widest = [trial.run.id for trial in bench.sweep_of(sweep).trials[::2]]  # of each width the first
    assert page.multiselect(key="compare.with").value == [f"run.{id}" for id in widest]


def test_a_link_to_a_sweep_that_is_not_here_is_a_sentence(sweeps):
    page = sweeps(sweep="gone")
    assert "There is no sweep" in as_read(page.error[0].value)


def test_a_name_is_shown_as_it_was_typed_and_never_as_markup(sweeps, bench):
    name = "<img src=x onerror=alert(1)> **bold**"
    page = sweeps(sweep=begin(bench, *RATES, name=name))
    assert name not in words_of(page)
    assert html.escape(name) in words_of(page)


def test_a_saved_design_is_swept_as_well_as_the_one_on_the_desk(sweeps, bench):
    bench.save_design("mine", parse_spec(preset("resnet32_cifar10").model_dump_json()))
    page = sweeps()
    page.selectbox(key="sweep.base").set_value("design.mine").run()
    page.button(key="sweep.start").click().run()
    (sweep,) = bench.sweeps()
    assert (sweep.name, sweep.base.spec) == ("mine", preset("resnet32_cifar10"))


def test_a_trial_on_the_train_page_leads_back_to_its_sweep(sweeps, bench):
    sweep = begin(bench, *RATES)
    page = sweeps()
    page.query_params["run"] = bench.sweep_of(sweep).trials[0].run.id
    page.switch_page("views/train.py").run()
    (link,) = [each.proto for each in page.get("page_link") if each.proto.label == "Its sweep"]
    assert link.query_string == f"sweep={sweep}"
