"""Workers in the test's own process, each step of theirs taken when the test says so; what they train is a formula."""

import json
from itertools import count
from pathlib import Path

from resnet_tf.runs.failures import ClaimLost
from resnet_tf.runs.store import Happening
from resnet_tf.runs.trials import Trials

_numbers = count()


def accuracy(run, epoch):
    """What a run has right after so many epochs: the more, the higher its learning rate."""
    return min(run.recipe.learning_rate * epoch / run.recipe.epochs, 1.0)


class Hand:
    """A worker. Its checkpoints are files, as a worker's are: another goes on from them."""

    def __init__(self, bench, folder):
        self.store, self.folder = bench._store, Path(folder)
        self.trials = Trials(bench._store, bench.settings)
        self.place = ("host", f"home {next(_numbers)}")
        self.name = self.place[1]
        self.store.enter(self.name, *self.place, 1)
        self.run = self.events = None

    def look(self):
        """Takes a run, if there is one and it has none; whether it has one then."""
        if self.run is None:
            self.trials.advance()
            self.run = self.store.claim(self.name, "CPU", "a test")
            self.events = self._train(self.run) if self.run else None
        return self.run is not None

    def step(self):
        """Goes on a little with what it has; false where it is no longer its own."""
        try:
            kind = next(self.events)
            if self.store.is_to_stop(self.run):
                kind = "stopped"
            if kind in ("finished", "paused", "diverged", "failed", "stopped"):
                self.store.end(self.name, self.run, kind)
                self.run = None
        except ClaimLost:
            self.run = None
            return False
        return True

    def die(self):
        """Is gone, and somebody saw that; the next has another name."""
        self.store.bury(self.place[1], self.place[0], "killed by signal 9")
        self.run = self.events = None
        self.place = ("host", f"home {next(_numbers)}")
        self.name = self.place[1]
        self.store.enter(self.name, *self.place, 1)

    def _kept(self, run):
        return self.folder / run.id

    def _train(self, run):
        """What happens, step by step, as in `tasks.train`: a checkpoint of each epoch, and then what comes of it."""
        epoch = json.loads(self._kept(run).read_text()) if self._kept(run).exists() else 0
        while epoch < (run.until or run.recipe.epochs):
            yield "trains"
            epoch += 1
            right = accuracy(run, epoch)
            values = {"validation_accuracy": right, "validation_loss": 1 - right}
            self.store.append(self.name, run, [Happening("epoch", epoch, epoch, float(epoch), values)])
            yield "said"
            self._kept(run).write_text(json.dumps(epoch))
            with (self.folder / "log").open("a") as log:
                log.write(f"{run.trial} {epoch}\n")
        yield "paused" if run.until else "finished"


def trained(folder):
    """What was trained and kept, in order: (trial, epoch)."""
    return [tuple(map(int, line.split())) for line in (Path(folder) / "log").read_text().splitlines()]
