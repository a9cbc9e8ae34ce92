"""A run as a file of TensorBoard's events: its curves by step and by wall time, its choices in the tab of hparams."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.points import Point
from resnet_tf.runs.records import Run

COMPARED = ("epoch/validation_accuracy", "epoch/loss")  # what the tab of hparams shows beside the choices


def file_name(began: float, run: str) -> str:
    """What such a file must be called for TensorBoard to find it."""
    return f"events.out.tfevents.{began:.0f}.{run}"


def event_file_name(run: Run) -> str:
    return file_name(run.started or run.created, run.id)


def event_file(points: Iterable[Point], parameters: Mapping[str, Any], began: float) -> bytes:
    """The file, its points in their order, those of one moment together. Raises WorkbenchError without its library."""
    try:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary
        from tensorboardX.record_writer import RecordWriter
        from tensorboardX.summary import hparams
    except ImportError as error:
        raise WorkbenchError("TensorBoard's events need tensorboardX: pip install 'resnet_tf[export]'") from error
    chosen = {name: value if isinstance(value, bool | int | float | str) else json.dumps(value)
              for name, value in parameters.items() if value is not None}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        writer = RecordWriter(str(path))
        writer.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())
        for summary in hparams(chosen, dict.fromkeys(COMPARED)):
            writer.write(Event(wall_time=began, summary=summary).SerializeToString())
        for (step, moment), together in groupby(points, key=lambda point: (point.step, point.time)):
            values = [Summary.Value(tag=point.key, simple_value=point.value) for point in together]
            writer.write(Event(wall_time=moment, step=step, summary=Summary(value=values)).SerializeToString())
        writer.close()
        return path.read_bytes()
