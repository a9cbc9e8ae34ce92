"""A real MLflow server with a SQLite file behind it, which can be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

from benches import until
from mlflow import MlflowClient

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class MlflowServer:
    """A server in a folder, on a port that stays its own."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._folder, self._process = folder, None
        self.experiment = "resnet_tf"  # whose runs are looked at
        self.uri = f"http://127.0.0.1:{self._port}"

    def start(self):
        command = [
            sys.executable, "-m", "mlflow", "server", "--workers", "1",
            "--host", "127.0.0.1", "--port", str(self._port),
            "--backend-store-uri", f"sqlite:///{self._folder / 'mlflow.db'}",
            "--artifacts-destination", str(self._folder / "artifacts"),
        ]  # fmt: skip
        with (self._folder / "mlflow.log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env={**os.environ, **QUIET}, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, seconds=120)

    @property
    def is_up(self):
        return self._process is not None

    def kill(self):
        """Kills the server and all its processes, in the middle of whatever they do."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self):
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    # --- what is there, as another program sees it

    @property
    def client(self):
        return MlflowClient(tracking_uri=self.uri)

    def runs(self, tag="resnet_tf.run"):
        """The runs there that have a tag, by its value; fails where two have the same."""
        there = self.client.get_experiment_by_name(self.experiment)
        ids = [there.experiment_id] if there else []
        found = [run for run in self.client.search_runs(ids, max_results=1000) if tag in run.data.tags]
        by_value = {run.data.tags[tag]: run for run in found}
        assert len(by_value) == len(found), "a run is there twice"
        return by_value

    def points(self, run, key):
        """(step, value, milliseconds) of every point of a metric, in the order of the steps."""
        there = self.client.get_metric_history(self.runs()[run].info.run_id, key)
        return sorted((point.step, point.value, point.timestamp) for point in there)
