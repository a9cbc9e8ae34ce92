"""A recipe as plain Keras code: cells that follow a network's own code and the images'. No Keras here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from resnet_tf.design.graph import Layer
from resnet_tf.learning.fit_code import fit_code, is_scheduled, is_spread, optimizer_code, whitening_code
from resnet_tf.learning.recipes import Recipe


def settings_code(recipe: Recipe, seed: int) -> str:
    """The recipe's numbers as constants."""
    lines = [
        f"SEED = {seed}",
        f"EPOCHS = {recipe.epochs}",
        f"BATCH_SIZE = min({recipe.batch_size}, len(train_labels))",
        f"LEARNING_RATE = {recipe.learning_rate!r}",
    ]
    if recipe.weight_decay or recipe.optimizer == "adamw":
        lines.append(f"WEIGHT_DECAY = {recipe.weight_decay!r}  # of kernels, not of biases and norms")
    if is_scheduled(recipe):
        lines.append("STEPS = EPOCHS * (len(train_labels) // BATCH_SIZE)")
    if recipe.warmup:
        lines.append(f"WARM_UP = round({recipe.warmup!r} * STEPS)")
    return "\n".join(lines) + "\n"


def batches_code(recipe: Recipe, is_resized: bool) -> str:
    """The class that gives batches: images in a new order each epoch, moved and mirrored as the recipe has it."""
    does = [*(["moved"] if recipe.shift else []), *(["mirrored"] if recipe.flip == "random" else [])]
    about = f", {' and '.join(does)} at random" if does else ""
    body = (_SHIFT.format(most=recipe.shift) if recipe.shift else "") + (_FLIP if recipe.flip == "random" else "")
    turns = recipe.flip == "alternating"
    batches = _BATCHES.format(
        about=about,
        begin=_TURNS if turns else "",
        resize=_RESIZE if is_resized else "",
        augment=(_AUGMENT if does else "") + (_IN_TURN if turns else ""),
        labels=f"keras.utils.to_categorical({_LABELS}, CLASSES)" if is_spread(recipe) else _LABELS,
        mix=_MIX.format(alpha=recipe.mixup) if recipe.mixup else "",
        count="        self.epoch += 1\n" if turns else "",
    )
    return _AUGMENTED.format(body=body) + "\n\n" + batches if does else batches


_AUGMENTED = '''\
def augmented(images, random):
    """Images changed a little, each in its own way."""
{body}    return images
'''
_SHIFT = """\
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), ({most}, {most}), ({most}, {most}), (0, 0)))  # moved by up to {most} px
    corners = random.integers(0, 2 * {most} + 1, (len(images), 2))
    images = np.stack([image[y : y + height, x : x + width] for image, (y, x) in zip(padded, corners)])
"""
_FLIP = """\
    mirrored = random.random(len(images)) < 0.5
    images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
"""
_BATCHES = '''\
class Batches(keras.utils.PyDataset):
    """Batches of images, from -1 to 1; those for training in a new order each epoch{about}."""

    def __init__(self, images, labels, training):
        super().__init__()
        self.images, self.labels, self.training = images, labels, training
        self.random = np.random.default_rng(SEED)
{begin}        self.on_epoch_end()

    def __len__(self):
        full, rest = divmod(len(self.labels), BATCH_SIZE)
        return full if self.training else full + (rest > 0)

    def __getitem__(self, i):
        chosen = self.order[i * BATCH_SIZE : (i + 1) * BATCH_SIZE]
        images = self.images[chosen]
{resize}{augment}        images, labels = images.astype("float32") / 127.5 - 1, {labels}
{mix}        return images, labels

    def on_epoch_end(self):
        count = len(self.labels)
        self.order = self.random.permutation(count) if self.training else np.arange(count)
{count}'''
_LABELS = "self.labels[chosen]"
_TURNS = """\
        self.epoch, self.begins = -1, self.random.random(len(labels)) < 0.5
"""
_IN_TURN = """\
        if self.training:  # every image is mirrored in every second epoch
            mirrored = self.begins[chosen] ^ (self.epoch % 2 == 1)
            images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
"""
_MIX = """\
        if self.training:  # each image is blended with another (mixup)
            kept = self.random.beta({alpha!r}, {alpha!r})
            images, labels = (kept * each + (1 - kept) * each[::-1] for each in (images, labels))
"""
_RESIZE = """\
        images = keras.ops.convert_to_numpy(keras.ops.image.resize(images, INPUT_SHAPE[:2], antialias=True))
"""
_AUGMENT = """\
        if self.training:
            images = augmented(images, self.random)
"""

_STEP = """\
        rate = LEARNING_RATE
        for milestone in {milestones!r}:
            rate = keras.ops.where(step / STEPS >= milestone, rate * {factor!r}, rate)
"""
_COSINE = """\
        rate = LEARNING_RATE * (1 + keras.ops.cos(math.pi * {step} / {steps})) / 2
"""
_LINEAR = """\
        rate = LEARNING_RATE * (1 - {step} / {steps})
"""
_CONSTANT = """\
        rate = LEARNING_RATE
"""
_WORDS = {"constant": "stays", "step": "falls at milestones", "cosine": "falls to 0 along half a cosine",
          "linear": "falls evenly to 0"}  # fmt: skip
_SCHEDULE = '''\
@keras.saving.register_keras_serializable()
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of a step: it {words}."""

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
{rate}{result}

    def get_config(self):
        return {{}}
'''


def schedule_code(recipe: Recipe) -> str:
    """The class that gives the learning rate of each step; nothing where it is always the same."""
    if not is_scheduled(recipe):
        return ""
    climbs = "climbs evenly over the first steps, then " if recipe.warmup else ""
    step, steps = ("(step - WARM_UP)", "(STEPS - WARM_UP)") if recipe.warmup else ("step", "STEPS")
    rate = {
        "constant": _CONSTANT,
        "step": _STEP.format(milestones=recipe.milestones, factor=recipe.factor),
        "cosine": _COSINE.format(step=step, steps=steps),
        "linear": _LINEAR.format(step=step, steps=steps),
    }[recipe.schedule]
    result = "        return rate"
    if recipe.warmup:
        result = "        return keras.ops.where(step < WARM_UP, LEARNING_RATE * (step + 1) / WARM_UP, rate)"
    return _SCHEDULE.format(words=climbs + _WORDS[recipe.schedule], rate=rate, result=result)


def training_code(
    recipe: Recipe, parts: Sequence[str], seed: int, *, is_resized: bool, is_begun: bool = False,
    whitened: Layer | None = None,
) -> list[str]:  # fmt: skip
    """The cells of a training, in order: settings, batches, rate, optimiser, whitening, training (see `fit_code`)."""
    batches, rates, rule = batches_code(recipe, is_resized), schedule_code(recipe), optimizer_code(recipe)
    white = "" if whitened is None else whitening_code()
    fitted = fit_code(recipe, parts, is_begun=is_begun, whitened=whitened)
    texts = [settings_code(recipe, seed), batches, rates, rule, white, fitted]
    return [text for text in texts if text]


def imports_code(recipe: Recipe, others: Iterable[str]) -> str:
    """What the cells import, Python's own first."""
    cosine = ["import math"] if recipe.schedule == "cosine" else []
    own = [*cosine, *(line for line in others if "pathlib" in line)]
    foreign = ["import numpy as np", *(line for line in others if "pathlib" not in line)]
    return "\n".join([*own, *([""] if own else []), *foreign, ""])
