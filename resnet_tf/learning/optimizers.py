"""A recipe's optimiser in Keras, with what the papers mean by weight decay and the norm of the gradient kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resnet_tf.learning.backend import keras, sum_of_squares
from resnet_tf.learning.recipes import Recipe

ops = keras.ops


class _Measured:
    """Keeps the norm of the loss's gradient, before clipping; `l2` adds weight decay to the gradient of kernels.

    Every `lookahead` updates slow weights come `lookahead_step` of the way to the weights, and these go back to them
    (Zhang 2019, arXiv:1907.08610, Algorithm 1); the momentum is kept.
    """

    l2 = 0.0
    lookahead: int | None = None
    lookahead_step = 0.5

    def build(self, variables: list[Any]) -> None:
        super().build(variables)
        self.gradient_norm = self.add_variable((), name="gradient_norm")
        self.slow = self.add_optimizer_variables(variables, "slow") if self.lookahead else []

    def apply(self, grads: list[Any], trainable_variables: list[Any] | None = None) -> None:
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        self.gradient_norm.assign(ops.sqrt(sum(map(sum_of_squares, grads))))
        if self.l2:
            grads = [g + self.l2 * v if is_kernel(v) else g for g, v in zip(grads, variables, strict=True)]
        super().apply(grads, variables)
        if self.slow:
            self._look_ahead()

    def _look_ahead(self) -> None:
        """All or none of the weights meet their slow ones; with accumulated gradients again until the next update,
        which changes nothing.
        """
        variables, slow = self._trainable_variables, self.slow

        def met() -> list[Any]:
            return [s + self.lookahead_step * (v - s) for s, v in zip(slow, variables, strict=True)] * 2

        def apart() -> list[Any]:
            return [ops.convert_to_tensor(each) for each in (*slow, *variables)]

        values = ops.cond(self.iterations % self.lookahead == 0, met, apart)
        for variable, value in zip((*slow, *variables), values, strict=True):
            variable.assign(value)


def _common(recipe: Recipe) -> dict[str, Any]:
    """What every optimiser of Keras can do by itself."""
    return {
        "global_clipnorm": recipe.clip_norm,
        "gradient_accumulation_steps": recipe.accumulate if recipe.accumulate > 1 else None,
        "use_ema": recipe.average is not None,
        "ema_momentum": recipe.average or 0.99,
    }


class SGD(_Measured, keras.optimizers.SGD):
    """On TensorFlow with momentum, the update is the one operation that writes in place: no second set of weights."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if keras.backend.backend() != "tensorflow" or not self.momentum:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,  # Keras hands over the bare variable here
            accum=self.momentums[self._get_variable_index(variable)].value.handle,
            lr=learning_rate,
            grad=gradient,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )


class Adam(_Measured, keras.optimizers.Adam):
    pass


class AdamW(_Measured, keras.optimizers.AdamW):
    pass


def is_kernel(variable: Any) -> bool:
    """Whether weight decay acts on it: on kernels, not on biases and norms."""
    return len(variable.shape) > 1


def _sgd(recipe: Recipe) -> keras.optimizers.Optimizer:
    nesterov = recipe.optimizer == "nesterov"
    return SGD(recipe.learning_rate, recipe.momentum, nesterov, **_common(recipe))


def _adam(recipe: Recipe) -> keras.optimizers.Optimizer:
    return Adam(recipe.learning_rate, **_common(recipe))


def _adamw(recipe: Recipe) -> keras.optimizers.Optimizer:
    return AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay, **_common(recipe))


_OPTIMIZERS: dict[str, Callable[[Recipe], keras.optimizers.Optimizer]] = {
    "sgd": _sgd,
    "nesterov": _sgd,
    "adam": _adam,
    "adamw": _adamw,
}


def optimizer(recipe: Recipe, model: keras.Model) -> keras.optimizers.Optimizer:
    """The recipe's optimiser with its slots made for a model as it is now; `gradient_norm` holds the last step's."""
    chosen = _OPTIMIZERS[recipe.optimizer](recipe)
    if recipe.optimizer == "adamw":
        kept = [variable for variable in model.trainable_variables if not is_kernel(variable)]
        chosen.exclude_from_weight_decay(var_list=kept)
    else:
        chosen.l2 = recipe.weight_decay
    chosen.lookahead, chosen.lookahead_step = recipe.lookahead, recipe.lookahead_step
    chosen.build(model.trainable_variables)
    begin_again(chosen, recipe, model)
    return chosen


def begin_again(rule: keras.optimizers.Optimizer, recipe: Recipe, model: keras.Model) -> None:
    """Makes an optimiser what it is before its first step on a model as it is now."""
    for variable in rule.variables:
        variable.assign(ops.zeros(variable.shape, variable.dtype))
    rule.learning_rate = recipe.learning_rate
    for slow, variable in zip(rule.slow, model.trainable_variables, strict=False):
        slow.assign(ops.copy(variable))  # JAX gives up every buffer once, and must find no two in one


def averages(rule: keras.optimizers.Optimizer, model: keras.Model) -> dict[str, Any]:
    """What an optimiser keeps of a model's weights to be judged instead of them, by their paths.

    The moving averages, or else Lookahead's slow weights; nothing where a recipe has neither.
    """
    kept = rule._model_variables_moving_average if rule.use_ema else rule.slow
    return dict(zip((variable.path for variable in model.trainable_variables), kept, strict=False))
