"""Studies of a design, or of what a training made of it, become a report. No Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from resnet_tf.learning.card import versions
from resnet_tf.learning.studies import as_json
from resnet_tf.reports.record import Experiment, Made, Report, design_of
from resnet_tf.reports.subjects import about, device_of, now, then, trained
from resnet_tf.runs.records import Run

if TYPE_CHECKING:
    from resnet_tf.runs.studies import Studied
    from resnet_tf.runs.workbench import Workbench


class Look(NamedTuple):
    """What a kind of study is called in a report's title, and the papers that it follows."""

    title: str
    sources: tuple[str, ...]


_VEIT, _LI = "Veit et al. 2016, arXiv:1605.06431", "Li et al. 2018, arXiv:1712.09913"
_ORDERS = ("He et al. 2016, Figure 4, arXiv:1603.05027", "Brock et al. 2021, arXiv:2101.08692")
LOOKS = {
    "paths": Look("paths", (f"{_VEIT}, sections 3 and 5",)), "variance": Look("orders of norm and activation", _ORDERS),
    "lesion": Look("lesions", (f"{_VEIT}, section 4",)), "surface": Look("loss surface", (f"{_LI}, section 4",)),
}  # fmt: skip


class StudyOf(NamedTuple):
    """What was studied, under a name: a design at first weights, or the weights of a trained run."""

    name: str
    studied: Studied
    run: Run | None = None


def title_of(kind: str, subjects: Sequence[StudyOf]) -> str:
    """What a report of studies is called."""
    return f"{' beside '.join(each.name for each in subjects)}, {LOOKS[kind].title}"


def report_of_studies(bench: Workbench, kind: str, subjects: Sequence[StudyOf]) -> Report:
    """The report of one study, or of one kind of several runs; what these trained is asked of a workbench."""
    designs = tuple(
        design_of(each.studied.spec, each.name, "as trained" if each.run else "fitted to the images")
        for each in subjects
    )
    experiments = tuple(_experiment(bench, kind, each) for each in subjects)
    recipes = [each.run.recipe.source for each in subjects if each.run and each.run.recipe]
    images = [each.studied.dataset.source for each in subjects]
    sources = [*(design.source for design in designs), *LOOKS[kind].sources, *recipes, *images]
    return Report(
        title_of(kind, subjects), about(len(designs), experiments), now(), designs, experiments, versions(),
        tuple(dict.fromkeys(sources)),
    )  # fmt: skip


def _experiment(bench: Workbench, kind: str, subject: StudyOf) -> Experiment:
    """A study as it was asked for and found: of a trained run with the training, since its weights come of that."""
    name, studied, run = subject
    asked: dict[str, Any] = {"study": kind, "spec": studied.spec.model_dump(mode="json")}
    found: dict[str, Any] = {"images": studied.images, "found": as_json(studied.found)}
    command = ""
    if run:
        training = trained(bench, name, run)
        asked |= training.asked | {"run": name}
        found["training"] = training.found
        command = training.made.command
    else:
        each = studied.found[0] if isinstance(studied.found, tuple) else studied.found
        asked |= {"dataset": studied.dataset.name, "seeds": list(each.seeds)}
    made = Made(
        device_of(studied.device, studied.made), studied.made.get("versions", {}), studied.dataset.title,
        studied.made.get("data", ""), then(studied.measured), None, command,
    )  # fmt: skip
    return Experiment("study", f"{name}, {LOOKS[kind].title}", asked, found, made)
