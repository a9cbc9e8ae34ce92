"""An instance in figures, read by Prometheus' own parser and compared with what its pages say."""

import pytest
from benches import SPEC, until
from prometheus_client.parser import text_string_to_metric_families

from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.polls import BOUNDS, Polls
from resnet_tf.runs.records import Artifact
from resnet_tf.runs.settings import settings
from resnet_tf.runs.store import Happening
from resnet_tf.runs.workbench import Workbench


def figures(bench):
    """(name, its labels' values in the order of the labels' names) -> value, of everything that is ours."""
    families = text_string_to_metric_families(bench.metrics())
    return {
        (sample.name.removeprefix("resnet_tf_"), *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("resnet_tf_")
    }


def test_the_figures_are_what_the_pages_say(bench):
    done, runs = bench.begin("steady", epochs=1), [bench.begin(f"steady {n}", epochs=500) for n in range(3)]
    until(lambda: bench.steps(runs[0]))
    bench.stop(runs[2])
    before = len(bench.steps(done)) + len(bench.steps(runs[0]))
    there = figures(bench)
    states = [bench.state(run) for run in (done, *runs)]
    assert states == ["finished", "running", "queued", "stopped"]
    assert {state: there["runs", state, "train"] for state in states} == dict.fromkeys(states, 1)
    assert sum(value for (name, *_), value in there.items() if name == "runs") == 4
    assert (there["queue_length",], there["workers", "busy"], there["workers", "idle"]) == (1, 1, 0)
    assert there["queue_oldest_seconds",] > 0
    assert there["points_written_total",] >= before > 20
    assert there["files_bytes", "checkpoints"] >= bench.run(done).bytes > 0


def test_bytes_of_exports_are_those_that_are_still_there(tmp_path):
    bench = Workbench(tmp_path)
    bench.export(SPEC, ["keras", "onnx"], name="an export")
    bench._store.enter("w", "host", "home", 1)
    claimed = bench._store.claim("w", "CPU", "a test")
    for name, size, expired in (("keras", 70, None), ("onnx", 30, 1.0)):
        artifact = Artifact(name, f"/{name}", size, 0.1, True, 0.0, "", None, expired=expired)
        bench._store.add_artifact("w", claimed, artifact)
    assert figures(bench)["files_bytes", "exports"] == 70


def test_an_empty_instance_has_all_its_figures_at_zero(tmp_path):
    there = figures(Workbench(tmp_path))
    assert set(there.values()) == {0.0}
    assert {"runs", "queue_length", "queue_oldest_seconds", "workers", "points_written_total"} < {n for n, *_ in there}


def test_the_server_says_what_its_process_takes(tmp_path):
    assert "process_resident_memory_bytes" in Workbench(tmp_path).metrics()


def test_how_far_the_mirror_is_behind_is_there_where_there_is_one(tmp_path):
    bench = Workbench(tmp_path, settings=settings(mlflow_tracking_uri="http://127.0.0.1:9"))
    bench.train(SPEC, "digits", recipe(), name="a run")
    bench._store.enter("w", "host", "home", 1)
    run = bench._store.claim("w", "CPU", "a test")
    bench._store.append("w", run, [Happening("step", 1, 0, 0.1, {"loss": 1.0})])
    assert figures(bench)["mirror_runs_behind",] == 1
    assert ("mirror_runs_behind",) not in figures(Workbench(tmp_path))


@pytest.mark.parametrize(("seconds", "bound"), [(0.0, "0.001"), (0.001, "0.001"), (0.03, "0.05"), (11.0, "+Inf")])
def test_an_answer_counts_in_every_bucket_that_is_wide_enough(tmp_path, seconds, bound):
    bench = Workbench(tmp_path)
    bench._instance.polls = Polls()
    bench._instance.polls.note("events", seconds)
    there = figures(bench)
    counts = {name[1]: value for name, value in there.items() if name[0] == "poll_seconds_bucket"}
    bounds = [*map(str, BOUNDS), "+Inf"]
    assert [counts[name] for name in bounds] == [float(i >= bounds.index(bound)) for i in range(len(bounds))]
    assert there["poll_seconds_sum", "events"] == seconds


def test_what_a_page_asks_is_timed(tmp_path):
    bench = Workbench(tmp_path)
    run = bench.train(SPEC, "digits", recipe(), name="a run")
    for _ in range(3):
        bench.run(run)
        bench.events(run)
    there = figures(bench)
    assert (there["poll_seconds_count", "run"], there["poll_seconds_count", "events"]) == (3, 3)
