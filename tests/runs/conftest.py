"""Workbenches in folders of their own, with real workers whose trainings are fake; nothing is left behind."""

import psutil
import pytest
from benches import FAKE, Bench

from resnet_tf.runs import executor


@pytest.fixture
def open_bench(tmp_path, database_url, monkeypatch):
    """A function that opens a workbench on this test's home; all are closed at the end, and their workers gone."""
    monkeypatch.setattr(executor, "FIRST_PAINT", 0.0)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    opened = []

    def open_one(worker=FAKE, url=database_url):
        opened.append(Bench(tmp_path, url, worker=worker))
        return opened[-1]

    yield open_one
    for bench in opened:
        bench.close()
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get("RESNET_TF_HOME") == str(tmp_path):
            process.kill()


@pytest.fixture
def bench(open_bench):
    """A workbench with its worker on the way."""
    opened = open_bench()
    opened.start()
    return opened
