"""How a network is trained: optimiser, schedule, augmentation, epochs. One frozen row per recipe; no Keras."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from resnet_tf.design.spec import Part, SpecError, nearest_word

Share = Annotated[float, Field(ge=0, lt=1)]


class Recipe(Part):
    """All that training needs to be told beside the network, the images and a seed.

    The learning rate climbs linearly over the first `warmup` of all steps, then follows its schedule: `step` multiplies
    it by `factor` at each of `milestones` (shares of all steps), `cosine` and `linear` take it to 0. `weight_decay`
    acts on kernels, not on biases and norms: added to the gradient (L2, as the papers have it), decoupled for adamw.
    `shift` moves an image by up to that many pixels each way, black coming in; `flip` "random" mirrors half of the
    images. In "mixed_bfloat16" layers compute with 8 bits of mantissa and weights stay in float32; results are always
    float32's. `flip` "alternating" mirrors an image in every second epoch, which half of them in the first (Jordan
    2024). `mixup` blends every image with another, by a share drawn from Beta(mixup, mixup) for each step (Zhang 2018).
    `average` keeps a moving average of the weights with this momentum, and judges and exports that. Every `lookahead`
    updates the weights go back to where slow ones are that have come `lookahead_step` of the way to them (Zhang 2019);
    without an `average` the slow ones are judged and exported. `accumulate` steps make one update, as if their batches
    were one. `balance` weighs a class by how rare it is. `patience` ends a training after so many epochs without a
    better validation accuracy. `test_flip` answers with the mean of an image's and its mirror image's logits. `frozen`
    leaves that many parts as they begin, the stem first, then the stages.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)] = "custom"
    title: Annotated[str, Field(max_length=120)] = "Custom"
    source: Annotated[str, Field(max_length=300)] = ""
    reached: Annotated[str, Field(max_length=300)] = ""
    optimizer: Literal["sgd", "nesterov", "adam", "adamw"] = "nesterov"
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.1
    momentum: Share = 0.9
    schedule: Literal["constant", "step", "cosine", "linear"] = "cosine"
    milestones: Annotated[tuple[Share, ...], Field(max_length=20)] = (0.5, 0.75)
    factor: Annotated[float, Field(gt=0, le=1)] = 0.1
    warmup: Share = 0.0
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    label_smoothing: Share = 0.0
    clip_norm: Annotated[float, Field(gt=0, le=1e6)] | None = None
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 10
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    shift: Annotated[int, Field(ge=0, le=256)] = 0
    flip: Literal["none", "random", "alternating"] = "none"
    mixup: Annotated[float, Field(ge=0, le=10)] = 0.0
    average: Annotated[float, Field(gt=0, lt=1)] | None = None
    lookahead: Annotated[int, Field(ge=1, le=10_000)] | None = None
    lookahead_step: Annotated[float, Field(gt=0, le=1)] = 0.5
    accumulate: Annotated[int, Field(ge=1, le=4_096)] = 1
    balance: bool = False
    patience: Annotated[int, Field(ge=1, le=10_000)] | None = None
    test_flip: bool = False
    frozen: Annotated[int, Field(ge=0, le=13)] = 0

    @field_validator("flip", mode="before")
    @classmethod
    def _flip_was_a_switch(cls, value: object) -> object:
        """Runs of earlier versions are kept with a truth value here."""
        return {True: "random", False: "none"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _milestones_climb(self) -> Self:
        if list(self.milestones) != sorted(self.milestones):
            nearest = tuple(sorted(self.milestones))
            raise SpecError("milestones", "in ascending order", self.milestones, nearest)
        return self

    def learning_rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, in a run of so many steps."""
        warm = round(self.warmup * steps)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        return self.learning_rate * _SCHEDULES[self.schedule](self, step / steps, (step - warm) / (steps - warm))


# schedule -> the factor on the learning rate, from the share of all steps and of those after warm-up
_SCHEDULES = {
    "constant": lambda recipe, share, after: 1.0,
    "step": lambda recipe, share, after: recipe.factor ** sum(share >= milestone for milestone in recipe.milestones),
    "cosine": lambda recipe, share, after: (1 + math.cos(math.pi * after)) / 2,
    "linear": lambda recipe, share, after: 1 - after,
}

HE2015 = "He et al. 2015, arXiv:1512.03385, section 4.2"
HE2016 = "He et al. 2016, Identity Mappings, arXiv:1603.05027, appendix"
HE2019 = "He et al. 2019, Bag of Tricks, arXiv:1812.01187"
LI = "momentum and decay as is usual, Li et al. 2020, arXiv:2002.11770, introduction"
WRN = "Zagoruyko and Komodakis 2016, arXiv:1605.07146, section 3"

_ROWS = (
    Recipe(
        name="quick",
        title="Quick: digits in a minute",
        source="Tuned here on the bundled digits",
        reached="99.2 to 99.4 % of the bundled digits with ResNet-20 (three seeds)",
        learning_rate=0.1,
        warmup=0.1,
        weight_decay=5e-4,
        epochs=15,
        batch_size=64,
        shift=2,
    ),
    Recipe(
        name="laptop",
        title="Minutes on a laptop: CIFAR",
        source="Tuned here; the flip is Jordan 2024's, arXiv:2404.00498",
        reached="72.3 % of a held-out fifth of CIFAR-10 with ResNet-20: 158 s on 2 cores in bfloat16, one seed",
        learning_rate=0.2,
        warmup=0.2,
        weight_decay=5e-4,
        epochs=3,
        batch_size=128,
        shift=4,
        flip="alternating",
        test_flip=True,
    ),
    # Jordan's rate of 11.5 for 1,024 images is for their summed loss and not multiplied by what momentum makes of a
    # step, 1 + 1 / (1 - 0.85): for their mean loss it is 11.5 / 7.667 = 1.5, and the decay 0.0153 / 11.5 = 0.00133
    Recipe(
        name="speedrun",
        title="Speed run on one GPU: CIFAR",
        source="After airbench94: Jordan 2024, arXiv:2404.00498; Lookahead's step is Zhang 2019's, arXiv:1907.08610",
        reached="94.01 % of CIFAR-10 in 3.29 s on one A100 with airbench94's own network and code, as published; "
        "this recipe was not run on a GPU here",
        learning_rate=1.5,
        momentum=0.85,
        schedule="linear",
        warmup=0.23,
        weight_decay=0.00133,
        label_smoothing=0.2,
        epochs=10,
        batch_size=1024,
        shift=2,
        flip="alternating",
        lookahead=5,
        test_flip=True,
    ),
    Recipe(
        name="he2015",
        title="He 2015, CIFAR",
        source=HE2015,
        reached="8.75 % error on CIFAR-10 with ResNet-20, 6.43 % with ResNet-110 (Table 6)",
        optimizer="sgd",
        schedule="step",
        milestones=(0.5, 0.75),
        weight_decay=1e-4,
        epochs=164,
        batch_size=128,
        shift=4,
        flip="random",
    ),
    Recipe(
        name="wrn",
        title="Wide ResNet, CIFAR",
        source=WRN,
        reached="4.00 % error on CIFAR-10 with WRN-28-10 (Table 5)",
        schedule="step",
        milestones=(0.3, 0.6, 0.8),
        factor=0.2,
        weight_decay=5e-4,
        epochs=200,
        batch_size=128,
        shift=4,
        flip="random",
    ),
    Recipe(
        name="he2016",
        title="He 2016, CIFAR: pre-activation",
        source=HE2016,
        reached="5.46 % error on CIFAR-10 with pre-activation ResNet-164, 4.92 % with ResNet-1001 (Table 4)",
        optimizer="sgd",
        schedule="step",
        milestones=(0.5, 0.75),
        warmup=0.00625,  # 400 of 64,000 steps, there at a rate of 0.01
        weight_decay=1e-4,
        epochs=164,
        batch_size=128,
        shift=4,
        flip="random",
    ),
    Recipe(
        name="tricks",
        title="Bag of tricks: cosine, warm-up, smooth labels, mixup",
        source=HE2019,
        reached="79.29 % of ImageNet with ResNet-50 and all tricks, 75.3 % without (abstract)",
        warmup=0.025,  # 5 of 200 epochs
        weight_decay=1e-4,
        label_smoothing=0.1,
        mixup=0.2,
        epochs=200,
        batch_size=256,
        shift=4,
        flip="random",
    ),
    Recipe(
        name="finetune",
        title="Fine-tuning: begin with other weights",
        source=f"Tuned here on few digits; {LI}",
        reached="72 % of the digits 5 to 9 with ResNet-20, from 5 images of each and a network that knew 0 to 4; "
        "44 % from drawn weights (three seeds)",
        learning_rate=0.03,
        weight_decay=1e-4,
        epochs=30,
        batch_size=16,
        shift=2,
    ),
    Recipe(
        name="adam",
        title="Adam, quick",
        source="Kingma and Ba 2015, arXiv:1412.6980, default rates",
        optimizer="adam",
        learning_rate=0.001,
        schedule="constant",
        epochs=10,
        batch_size=64,
        shift=2,
    ),
    Recipe(
        name="gentle",
        title="Gentle: for networks without norm (VGG, plain)",
        source="Loshchilov and Hutter 2019, arXiv:1711.05101; rate and clipping chosen here",
        optimizer="adamw",
        learning_rate=0.0003,
        warmup=0.1,
        weight_decay=0.01,
        clip_norm=1.0,
        epochs=10,
        batch_size=64,
        shift=2,
    ),
)

RECIPES: dict[str, Recipe] = {row.name: row for row in _ROWS}
DEFAULT = "quick"


def recipe(name: str = DEFAULT, **changes: object) -> Recipe:
    """A recipe with fields changed: `recipe("he2015", epochs=3)`.

    Raises SpecError for an unknown name (with the nearest one) and for a value that no training can use.
    """
    if name not in RECIPES:
        raise SpecError("recipe", "a known name", name, nearest_word(name, list(RECIPES)))
    return Recipe(**{**RECIPES[name].model_dump(), **changes})
