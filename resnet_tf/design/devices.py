"""GPUs by name, how long a training step takes on one by a roofline, and which memory a step fits. All estimated.

A roofline (Williams et al. 2009, Roofline, CACM 52-4): an operation takes as long as its multiplications at the
device's peak, or as its bytes at the memory's bandwidth, whichever is longer. Real networks reach a share of that; the
shares below are the geometric means of what NVIDIA and others published for ResNet-50 and ResNeXt-101 32x4d on five
GPUs (tests/design/test_devices.py has the figures): every one of them is met within a third.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from resnet_tf.design.costs import Costs
from resnet_tf.design.memory import PRECISIONS, check_precision
from resnet_tf.design.spec import SpecError, nearest_word
from resnet_tf.design.work import Pass, update_bytes

REACHED = 0.75  # of a roofline
REACHED_TF32 = 0.5  # of it in float32 on tensor cores, whose inputs lose 13 of their binary digits
LAUNCH = 4e-6  # seconds, however small the operation (NVIDIA 2019, Getting Started with CUDA Graphs: 3.8 microseconds)
_TERA, _GIGA = 1e12, 1e9


class Hardware(Protocol):
    """Something that trains: a GPU of the table, or this machine once it is calibrated."""

    @property
    def title(self) -> str: ...

    @property
    def precisions(self) -> Collection[str]:
        """What it multiplies in, or was measured in."""
        ...

    def step_seconds(self, costs: Costs, batch: int, precision: str) -> float:
        """Seconds of one training step, estimated. Raises SpecError for any other precision."""
        ...


@dataclass(frozen=True, eq=False)
class Device:
    """A GPU as its maker describes it, without sparsity. `peaks` are FLOP/s by precision: none where it has none."""

    name: str
    title: str
    memory: int  # bytes
    bandwidth: float  # bytes a second
    peaks: Mapping[str, float]
    source: str
    tf32: bool = False  # float32 is multiplied on tensor cores, as TensorFlow and PyTorch do by default

    @property
    def precisions(self) -> Collection[str]:
        return self.peaks.keys()

    def step_seconds(self, costs: Costs, batch: int = 32, precision: str = "float32") -> float:
        """Seconds of one training step, estimated. Raises SpecError for a precision that it does not multiply in."""
        check_on(self, precision)
        reached = REACHED_TF32 if self.tf32 and precision == "float32" else REACHED
        size, peak = PRECISIONS[precision], self.peaks[precision]
        seconds = update_bytes(costs.trainable_parameters) / self.bandwidth
        for each in _passes(costs):
            flops, moved = batch * each.flops, batch * each.elements * size
            seconds += max(flops / peak, moved / self.bandwidth) / reached + LAUNCH
        return seconds


def check_on(hardware: Hardware, precision: str) -> None:
    """Raises SpecError for a precision that no training has, or that this hardware has not."""
    check_precision(precision)
    if precision not in hardware.precisions:
        rule = f"one of {', '.join(hardware.precisions)} on {hardware.title}"
        raise SpecError("precision", rule, precision, [*hardware.precisions][-1])


def _passes(costs: Costs) -> Iterator[Pass]:
    for layer in costs.work:
        yield from filter(None, (layer.forward, layer.backward))


def _gpu(
    name: str, title: str, gigabytes: int, bandwidth: float, float32: float, half: float, source: str, *,
    tf32: bool = False, bfloat16: bool = True,
) -> Device:  # fmt: skip
    """A row in the units of data sheets: GB, GB/s and TFLOP/s."""
    peaks = {"float32": float32 * _TERA, "mixed_float16": half * _TERA}
    if bfloat16:
        peaks["mixed_bfloat16"] = half * _TERA
    return Device(name, title, gigabytes * 10**9, bandwidth * _GIGA, peaks, source, tf32)


# half precision is multiplied with sums in float32, as training needs it; GeForce cards do that at half their rate
_ROWS = (
    _gpu("t4", "T4", 16, 320, 8.1, 65, "NVIDIA T4, product brief PB-09256-001", bfloat16=False),
    _gpu("v100", "V100 SXM2", 16, 900, 15.7, 125, "NVIDIA V100, data sheet, January 2020", bfloat16=False),
    _gpu("rtx3060", "RTX 3060", 12, 360, 12.7, 25.5, "NVIDIA, GeForce RTX 3060; GA10x as in its GA102 white paper",
         tf32=True),
    _gpu("rtx3090", "RTX 3090", 24, 936, 35.6, 71, "NVIDIA, Ampere GA102 GPU architecture, appendix A", tf32=True),
    _gpu("rtx4090", "RTX 4090", 24, 1_008, 82.6, 165.2, "NVIDIA, Ada GPU architecture, appendix A", tf32=True),
    _gpu("l4", "L4", 24, 300, 60.5, 121, "NVIDIA L4, data sheet", tf32=True),
    _gpu("a100_40gb", "A100 40 GB", 40, 1_555, 156, 312, "NVIDIA A100 SXM, data sheet", tf32=True),
    _gpu("a100_80gb", "A100 80 GB", 80, 2_039, 156, 312, "NVIDIA A100 SXM, data sheet", tf32=True),
    _gpu("h100", "H100 SXM", 80, 3_350, 494.5, 989.5, "NVIDIA H100 SXM, data sheet", tf32=True),
    _gpu("h200", "H200 SXM", 141, 4_800, 494.5, 989.5, "NVIDIA H200 SXM, data sheet", tf32=True),
)  # fmt: skip
DEVICES: dict[str, Device] = {each.name: each for each in _ROWS}


def device(name: str) -> Device:
    """A GPU by its name. Raises SpecError for an unknown one, with the nearest."""
    if name not in DEVICES:
        raise SpecError("device", f"one of {', '.join(DEVICES)}", name, nearest_word(name, list(DEVICES)))
    return DEVICES[name]


def epoch_seconds(costs: Costs, hardware: Hardware, images: int, batch: int = 32, precision: str = "float32") -> float:
    """Seconds to train on so many images once, estimated; the last batch may be smaller and takes as long."""
    return ceil(images / batch) * hardware.step_seconds(costs, batch, precision)


# what people have, in bytes: a free host's share, a laptop's card, a workstation's, a server's
MEMORIES = {"1 GB, hosted": 10**9, "8 GB": 8 * 10**9, "24 GB": 24 * 10**9, "80 GB": 80 * 10**9}


def fits_on(bytes: int) -> str | None:
    """The smallest memory that holds so many bytes, in words; None where not even the largest does."""
    return next((words for words, most in MEMORIES.items() if bytes <= most), None)
