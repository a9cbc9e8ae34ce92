"""Ten steps and a validation on one device and on two, which are one CPU that the backend was told is two.

    KERAS_BACKEND=tensorflow|jax python run_devices.py SPEC RECIPE

Says as JSON, for each number of devices: the losses, the gradient's norms, the validation's loss, and on how many
devices something was computed. The steps are those of an accelerator where the backend is JAX.
"""

import json
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

from resnet_tf.design.spec import parse_spec
from resnet_tf.learning import engine
from resnet_tf.learning.backend import Device, keras
from resnet_tf.learning.engine import Steps
from resnet_tf.learning.machine import machine
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.train import Training

STEPS = 10


def on_tensorflow():
    """Makes two CPUs of one; the function says on how many a training computes."""
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

    def used(training, step):
        given = (training.pool, tuple(map(tf.constant, step)))
        graph = training.engine._compiled.get_concrete_function(*given).graph
        return len({operation.device for operation in graph.get_operations() if operation.device} | {"/device:CPU:0"})

    return used


def on_jax():
    engine.device = lambda: Device("GPU", "a test")
    return lambda training, step: len(training.model.trainable_variables[0].value.sharding.device_set)


def main(spec, recipe):
    used = {"tensorflow": on_tensorflow, "jax": on_jax}[keras.backend.backend()]()
    said = []
    for count in (1, 2):
        training = Training(parse_spec(spec), "digits", Recipe.model_validate_json(recipe), 0, most_devices=count)
        training.prepare(machine(training.shape))
        plan, losses, norms = training.plan(), [], []
        for first in range(0, STEPS, STEPS // 2):
            training.several(Steps(*(each[first : first + STEPS // 2] for each in plan)))
            losses += training.measures.loss.tolist()
            norms += training.measures.gradient_norm.tolist()
        computed_on = used(training, [each[0] for each in plan])
        said.append({"losses": losses, "norms": norms, "validation": training.validate()[0], "devices": computed_on})
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
