"""The cells that make a network and its optimiser and train it, as plain Keras code. No Keras here."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from resnet_tf.design.code.text import call
from resnet_tf.design.graph import Layer
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.whitening import FLAT, IMAGES, PATCHES, SMALLEST, patches, whitening_kernel


def is_scheduled(recipe: Recipe) -> bool:
    """Whether the learning rate is not the same in all steps."""
    return bool(recipe.warmup) or recipe.schedule != "constant"


def is_spread(recipe: Recipe) -> bool:
    """Whether an answer is spread over several classes, and not a class's number."""
    return bool(recipe.label_smoothing or recipe.mixup)


_LOOKAHEAD = '''\
@keras.saving.register_keras_serializable()
class Lookahead(keras.optimizers.{kind}):
    """Every {often} slow weights come a part of the way to the weights, and these go back to them (Zhang 2019)."""

    def build(self, variables):
        super().build(variables)
        self.slow = self.add_optimizer_variables(variables, "slow")
        for slow, weight in zip(self.slow, variables):
            slow.assign(keras.ops.copy(weight))

    def apply(self, grads, trainable_variables=None):
        super().apply(grads, trainable_variables)
        meet = self.iterations % {every} == 0
        for slow, weight in zip(self.slow, self._trainable_variables):
            met = slow + {step!r} * (weight - slow)
            slow.assign(keras.ops.where(meet, met, slow))
            weight.assign(keras.ops.where(meet, met, weight))
'''
_JUDGED = '''\

    def finalize_variable_values(self, var_list):
        """What is judged at the end and saved are the slow weights."""
        for slow, weight in zip(self.slow, var_list):
            weight.assign(slow)
'''


def optimizer_code(recipe: Recipe) -> str:
    """The class of the optimiser where it is not Keras' own."""
    if recipe.lookahead is None:
        return ""
    every, kind = recipe.lookahead, _KINDS[recipe.optimizer]
    often = "update" if every == 1 else f"{every:,} updates"
    text = _LOOKAHEAD.format(kind=kind, often=often, every=every, step=recipe.lookahead_step)
    return text if recipe.average is not None else text + _JUDGED


_KINDS = {"sgd": "SGD", "nesterov": "SGD", "adam": "Adam", "adamw": "AdamW"}
_BEGUN = """\
optimizer.build(model.trainable_variables)  # now, so that the slow weights begin where the weights do
"""
_DECAYED = """\
for weight in model.trainable_weights:
    if len(weight.shape) > 1:
        weight.regularizer = keras.regularizers.L2(WEIGHT_DECAY / 2)  # its gradient is WEIGHT_DECAY times the weight
"""
_KEPT = """\
optimizer.exclude_from_weight_decay(var_list=[weight for weight in model.trainable_weights if len(weight.shape) < 2])
"""
_LOADED = """\
begun = keras.saving.load_model("{file}", compile=False)  # what it begins with
for layer in model.layers:
    first = begun.get_layer(layer.name).get_weights() if layer.weights else []
    if [array.shape for array in first] == [array.shape for array in layer.get_weights()]:
        layer.set_weights(first)  # a head for another number of classes begins anew
"""
START = "start.keras"  # the file that the network begins with, where it is fine-tuned
_FROZEN = """\
frozen = {parts}
for layer in model.layers:
    layer.trainable = layer.name.partition(".")[0] not in frozen  # those stay as they begin
"""
_BALANCED = """\
    class_weight={c: len(train_labels) / (CLASSES * max(n, 1)) for c, n in enumerate(np.bincount(train_labels))},
"""
_PATIENT = """\
    callbacks=[keras.callbacks.EarlyStopping("val_accuracy", patience={epochs}, mode="max")],
"""
_MIRRORED = """\
answers = model.predict(Batches(test_images, test_labels, training=False), verbose=0)
answers += model.predict(Batches(test_images[:, :, ::-1], test_labels, training=False), verbose=0)
print(f"{np.mean(answers.argmax(1) == test_labels):.2%} by the images and their mirror images together")
"""


def whitening_code() -> str:
    """The functions that make a kernel that whitens, which are this package's own."""
    constants = f"PATCHES = {PATCHES}  # of each image\nFLAT, SMALLEST = {FLAT!r}, {SMALLEST!r}\n"
    return "\n\n".join([constants, inspect.getsource(patches), inspect.getsource(whitening_kernel)])


_WHITENED = """\
random = np.random.default_rng(SEED)
chosen = random.permutation(len(train_labels))[:{images}]
sample = Batches(train_images[chosen], train_labels[chosen], training=False)
found = patches(np.concatenate([sample[i][0] for i in range(len(sample))]), {side}, random)
kernel = model.get_layer("{layer}").kernel
kernel.assign(whitening_kernel(found, {filters}).reshape(kernel.shape))
"""


def _names(parts: Sequence[str]) -> str:
    """The names of a stem and stages as an expression."""
    stages = sum(part != "stem" for part in parts)
    named = f'(f"stage{{s}}" for s in range(1, {stages + 1}))'
    return f'["stem", *{named}]' if "stem" in parts else f"[{named[1:-1]}]"


def fit_code(recipe: Recipe, parts: Sequence[str], *, is_begun: bool = False, whitened: Layer | None = None) -> str:
    """The lines that make the network and train it. `parts` are those that can be frozen, in their order.

    Where `is_begun`, its first weights are those of the file START; `whitened` is a convolution that is to whiten.
    """
    kind = _KINDS[recipe.optimizer]
    made = f"keras.optimizers.{kind}" if recipe.lookahead is None else "Lookahead"
    arguments = ["Schedule()" if is_scheduled(recipe) else "LEARNING_RATE"]
    arguments += [f"momentum={recipe.momentum!r}"] if kind == "SGD" else []
    arguments += ["nesterov=True"] if recipe.optimizer == "nesterov" else []
    arguments += ["weight_decay=WEIGHT_DECAY"] if kind == "AdamW" else []
    arguments += [f"global_clipnorm={recipe.clip_norm!r}"] if recipe.clip_norm is not None else []
    arguments += [f"gradient_accumulation_steps={recipe.accumulate}"] if recipe.accumulate > 1 else []
    arguments += ["use_ema=True", f"ema_momentum={recipe.average!r}"] if recipe.average is not None else []
    decoupled = recipe.optimizer == "adamw"
    loss = "SparseCategoricalCrossentropy(from_logits=True)"
    if is_spread(recipe):
        smooth = f", label_smoothing={recipe.label_smoothing!r}" if recipe.label_smoothing else ""
        loss = f"CategoricalCrossentropy(from_logits=True{smooth})"
    half = recipe.precision != "float32"
    fitted = _BALANCED if recipe.balance else ""
    fitted += _PATIENT.format(epochs=recipe.patience) if recipe.patience is not None else ""
    return "".join([
        "keras.utils.set_random_seed(SEED)\n",
        f'keras.config.set_dtype_policy("{recipe.precision}")\n' if half else "",
        "model = network()\n",
        _LOADED.format(file=START) if is_begun else "",
        "" if whitened is None else _WHITENED.format(
            images=IMAGES, side=whitened.op.kernel, layer=whitened.name, filters=whitened.op.filters
        ),
        _FROZEN.format(parts=_names(parts[: recipe.frozen])) if recipe.frozen else "",
        _DECAYED if recipe.weight_decay and not decoupled else "",
        call(f"optimizer = {made}(", arguments, depth=0) + "\n",
        _KEPT if decoupled else "",
        "" if recipe.lookahead is None else _BEGUN,
        f"loss = keras.losses.{loss}\n",
        'model.compile(optimizer, loss, metrics=["accuracy"])\n',
        "history = model.fit(\n    Batches(train_images, train_labels, training=True),\n    epochs=EPOCHS,\n",
        f"    validation_data=Batches(test_images, test_labels, training=False),\n{fitted})\n",
        _MIRRORED if recipe.test_flip else "",
    ])  # fmt: skip
