"""Ten steps of training on the backend that KERAS_BACKEND names, in a process of its own.

    python run_steps.py IN.npz OUT.npz

IN has a spec and a recipe as JSON, a pool of images and labels, what each step is told, and the first weights by name;
OUT gets losses, correct answers, gradient norms and the last weights.
"""

import json
import sys

import numpy as np

from resnet_tf.design.expand import expand
from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.build import assemble
from resnet_tf.learning.engine import Steps, engine
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.optimizers import optimizer
from resnet_tf.learning.recipes import Recipe


def main(given, written):
    with np.load(given) as file:
        arrays = dict(file)
    spec, recipe = parse_spec(str(arrays["spec"])), Recipe(**json.loads(str(arrays["recipe"])))
    model = assemble(expand(spec), training_makers(), seed=0, name="network")
    for weight in model.weights:
        weight.assign(arrays[f"weight {weight.path}"])
    trainer = engine(model, optimizer(recipe, model), recipe, spec.classes)
    pool = trainer.put(arrays["images"], arrays["labels"])
    steps = Steps(*(arrays[name] for name in Steps._fields))
    half = len(steps.rates) // 2
    parts = [trainer.run(pool, Steps(*(each[:half] for each in steps))),
             trainer.run(pool, Steps(*(each[half:] for each in steps)))]  # fmt: skip
    measures = {name: np.concatenate([getattr(part, name) for part in parts]) for name in parts[0]._fields}
    last = {f"weight {weight.path}": np.asarray(weight.numpy()) for weight in model.weights}
    np.savez(written, **measures, **last)


if __name__ == "__main__":
    main(*sys.argv[1:])
