"""A training in a process of its own.

    python run_training.py STATE.npz SPEC RECIPE SEED

Trains on the digits, writes the last checkpoint to STATE and the loss of each epoch to standard output.
"""

import sys

from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.train import train


def main(state, spec, recipe, seed):
    for event in train(parse_spec(spec), "digits", Recipe.model_validate_json(recipe), int(seed)):
        if event.kind == "epoch":
            print(event.values["loss"])
        if event.kind == "checkpoint":
            event.values["state"].save(state)


if __name__ == "__main__":
    main(*sys.argv[1:])
