"""Runs as workers write them, without a worker: every state of one, in the words of the store."""

import base64
import io

from PIL import Image

from resnet_tf.design.presets import preset
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.store import Happening

SMALL = preset("resnet20_cifar10")
STEPS = 20  # in an epoch
PIXEL = io.BytesIO()
Image.new("L", (1, 1)).save(PIXEL, "PNG")


class Written:
    """A run as its worker writes it, step by step."""

    def __init__(self, bench, name="a run", epochs=2, start=None, dataset="digits"):
        self.bench, self.store = bench, bench._store
        self.id = bench.train(SMALL, dataset, recipe(epochs=epochs), 7, name=name, start=start)
        self.run, self.worker = None, ""

    def claim(self):
        home, host = self.bench._instance.place
        self.worker = f"worker {self.bench.run(self.id).attempt} of {self.id}"
        self.store.enter(self.worker, host, home, 1)
        self.run = self.store.claim(self.worker, "CPU", "no GPU is seen")
        return self

    def write(self, kind, step=0, epoch=0, **values):
        happening = Happening(kind, step, epoch, float(step), values)
        self.store.append(self.worker, self.run, [happening])
        return self

    def compile(self):
        self.claim()
        return self.write("compiling", device="CPU", why="no GPU is seen", usual_seconds=4.0, steps=2 * STEPS,
                          steps_per_epoch=STEPS)  # fmt: skip

    def train(self, steps):
        self.compile()
        for step in range(1, steps + 1):
            self.write("step", step, step // STEPS, loss=2 / step, accuracy=0.5, learning_rate=0.1, gradient_norm=1.0,
                       images_per_second=512.0, seconds_left=95.0)  # fmt: skip
            if step % STEPS == 0:
                self.write("epoch", step, step // STEPS, loss=2 / step, accuracy=0.5, validation_loss=0.25,
                           validation_accuracy=0.875, learning_rate=0.1, seconds_left=95.0)  # fmt: skip
        return self

    def end(self, outcome, error=None):
        self.store.end(self.worker, self.run, outcome, error)
        return self

    def die(self):
        home, host = self.bench._instance.place
        self.store.bury(home, host, "killed by signal 9")
        return self

    def weigh(self):
        """Says that there is a checkpoint; nobody reads it here."""
        self.store.weigh(self.worker, self.run, 1_000)
        return self

    def finish(self, classes=("8", "<b>nine</b>")):
        self.train(2 * STEPS).weigh()
        names = [*"01234567", *classes]
        confusion = [[0] * 10 for _ in range(10)]
        confusion[0][0], confusion[9][3] = 7, 2
        image = base64.b64encode(PIXEL.getvalue()).decode()
        right = {"image": image, "label": 0, "prediction": 0, "confidence": 0.99, "top": [[0, 0.99]]}
        wrong = {"image": image, "label": 9, "prediction": 3, "confidence": 0.8, "top": [[3, 0.8], [9, 0.2]]}
        self.write("evaluation", 2 * STEPS, 2, classes=names, confusion=confusion, samples=[right], mistakes=[wrong])
        return self.end("finished")
