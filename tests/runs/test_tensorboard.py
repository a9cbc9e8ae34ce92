"""A run's event file, read back by TensorBoard itself."""

import struct

import pytest
from benches import SPEC, until
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from resnet_tf.design.costs import costs
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.points import Point
from resnet_tf.runs.store import Happening
from resnet_tf.runs.tensorboard import event_file
from resnet_tf.runs.workbench import Workbench


def single(value):
    """A number as a file of events keeps it."""
    return struct.unpack("f", struct.pack("f", value))[0]


def accumulated(folder, name, content):
    (folder / name).write_bytes(content)
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return accumulator


def test_tensorboard_reads_the_points_of_a_run_at_their_steps_and_times(bench, tmp_path):
    run = bench.begin("steady", epochs=2)
    until(lambda: bench.state(run) == "finished")
    name, content = bench.event_file(run)
    there, began = accumulated(tmp_path, name, content), bench.run(run).started
    epochs = {f"epoch/{key}" for key in ("loss", "validation_loss", "validation_accuracy")}
    assert set(there.Tags()["scalars"]) == {"step/loss", "step/accuracy"} | epochs
    for kind, key in (("step", "loss"), ("epoch", "validation_accuracy")):
        told = [(point.step, point.value, point.wall_time) for point in there.Scalars(f"{kind}/{key}")]
        kept = [(e.step, single(e.values[key]), began + e.seconds) for e in bench.events(run, (kind,))]
        assert told == kept


def test_what_was_chosen_is_in_the_tab_of_hparams(tmp_path):
    bench = Workbench(tmp_path / "home")
    run = bench.train(SPEC, "digits", recipe(epochs=3, learning_rate=0.5), 7, name="a run")
    there = accumulated(tmp_path, *bench.event_file(run))
    content = there.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    chosen = metadata.parse_session_start_info_plugin_data(content).hparams
    assert chosen["recipe.learning_rate"].number_value == 0.5
    assert chosen["seed"].number_value == 7
    assert chosen["dataset"].string_value == "digits"
    assert chosen["costs.macs"].number_value == costs(bench.run(run).spec).macs


def test_a_run_with_very_many_points_keeps_each(tmp_path):
    bench = Workbench(tmp_path / "home")
    run = bench.train(SPEC, "digits", recipe(), name="long")
    bench._store.enter("w", "host", "home", 1)
    claimed = bench._store.claim("w", "CPU", "a test")
    for first in range(1, 5_001, 500):
        events = [Happening("step", n, 0, n / 4, {"loss": 1 / n}) for n in range(first, first + 500)]
        bench._store.append("w", claimed, events)
    there = accumulated(tmp_path, *bench.event_file(run))
    assert [point.step for point in there.Scalars("step/loss")] == list(range(1, 5_001))


def test_what_another_visitor_does_not_share_has_no_event_file(tmp_path):
    bench = Workbench(tmp_path)
    run = bench.of("ada").train(SPEC, "digits", recipe(), name="a run")
    with pytest.raises(Exception, match="no run"):
        bench.of("bob").event_file(run)


def test_a_damaged_byte_is_noticed_by_tensorboard(tmp_path):
    """The sums that our file carries are real: a test that reads any file at all would prove nothing."""
    points = [Point("step/loss", n, 1.0, 100.0 + n) for n in range(1, 50)]
    content = bytearray(event_file(points, {}, 100.0))
    assert len(accumulated(tmp_path, "events.out.tfevents.1.whole", bytes(content)).Scalars("step/loss")) == 49
    (tmp_path / "events.out.tfevents.1.whole").unlink()
    content[len(content) // 2] ^= 1
    assert len(accumulated(tmp_path, "events.out.tfevents.1.hurt", bytes(content)).Scalars("step/loss")) < 49
