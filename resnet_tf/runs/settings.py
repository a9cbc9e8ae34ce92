"""What the environment says of an instance: one field, one variable, one row of the README's table."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.home import Home

Count = Annotated[int, Field(ge=0, le=10**15)]

# a host for many people -> the variable or the folder that only it has
_HOSTS = {
    "Heroku": "DYNO",
    "Hugging Face Spaces": "SPACE_ID",
    "Kubernetes": "KUBERNETES_SERVICE_HOST",
    "Streamlit Community Cloud": "/mount/src",
}


def is_hosted() -> bool:
    """Whether this machine is a host's, so that strangers may come by."""
    return any(Path(sign).exists() if sign.startswith("/") else sign in os.environ for sign in _HOSTS.values())


class Settings(BaseSettings):
    """The settings of an instance. A limit of 0 is none; not set, it is `HOSTED`'s on a host and none on a laptop."""

    model_config = SettingsConfigDict(env_prefix="RESNET_TF_", frozen=True, extra="ignore", populate_by_name=True)

    home: Annotated[str, Field(description="Folder of the records, checkpoints and files; a user's data folder")] = ""
    database_url: Annotated[
        str, Field(alias="DATABASE_URL", description="Records in PostgreSQL, not in a SQLite file in the home")
    ] = ""
    artifact_url: Annotated[
        str,
        Field(
            alias="ARTIFACT_URL",
            description="Checkpoints, exports and uploads in an object store (`s3://bucket/folder`) or a shared folder",
        ),
    ] = ""
    artifact_links: Annotated[
        str,
        Field(description="Where browsers reach the object store, to download from it; else through the page's server"),
    ] = ""
    ray_address: Annotated[
        str,
        Field(
            alias="RAY_ADDRESS",
            description="Trainings run on this Ray cluster, not in a worker on this machine; Ray Tune leads sweeps",
        ),
    ] = ""
    workers: Annotated[
        Count | None,
        Field(description="Workers on the Ray cluster at once, even if it must grow; else as many as it holds"),
    ] = None
    worker_cpus: Annotated[
        Count, Field(description="Cores of a worker on a node of the Ray cluster without a GPU; 0 uses no such nodes")
    ] = 2
    worker_gpus: Annotated[
        int,
        Field(ge=1, le=1024, description="GPUs of a worker on a node of the Ray cluster with any; a run uses all"),
    ] = 1
    devices: Annotated[
        Count | None, Field(description="GPUs that share the batches of a run, at most; else all that the worker sees")
    ] = None
    node: Annotated[str, Field(description="This machine as the records call it; its host name")] = Field(
        default_factory=socket.gethostname
    )
    mlflow_tracking_uri: Annotated[
        str, Field(alias="MLFLOW_TRACKING_URI", description="Runs are mirrored to this MLflow server")
    ] = ""
    mlflow_experiment_name: Annotated[
        str, Field(alias="MLFLOW_EXPERIMENT_NAME", description="The experiment there under which the runs are")
    ] = "resnet_tf"
    worker: Annotated[
        Literal["local", "none"],
        Field(description="`local`: a worker beside the page; `none`: workers (and mirrors) are started elsewhere"),
    ] = "local"
    patience: Annotated[
        Count, Field(description="Seconds that a worker waits for a page before it leaves; 0 is without end")
    ] = 20
    log: Annotated[Literal["text", "json"], Field(description="Lines of the logs: `text`, or `json` for programs")] = (
        "text"
    )
    hosted: Annotated[
        bool,
        Field(description="Visitors are strangers to each other, each an owner of runs; on a known host 1, else 0"),
    ] = Field(default_factory=is_hosted)
    frames: Annotated[
        str,
        Field(description="Sites that may show the pages inside theirs, between spaces; Hugging Face's on its Spaces"),
    ] = Field(default_factory=lambda: "https://huggingface.co" if "SPACE_ID" in os.environ else "")
    secret: Annotated[
        str, Field(description="Signs the cookies of guests; made and kept in the records where it is not set")
    ] = ""
    metrics_token: Annotated[
        str, Field(description="What Prometheus says to read `/metrics` (a bearer token); on a host nobody can without")
    ] = ""
    runs: Annotated[Count | None, Field(description="Runs of one owner that may wait or be under way at once")] = None
    queue: Annotated[Count | None, Field(description="Runs of all that may wait at once")] = None
    epochs: Annotated[Count | None, Field(description="Epochs of one run")] = None
    minutes: Annotated[Count | None, Field(description="Minutes of training of one run; then it is stopped")] = None
    parameters: Annotated[Count | None, Field(description="Parameters of a design that is trained or exported")] = None
    upload_mb: Annotated[Count | None, Field(description="Size of an upload of images, in MB")] = None
    disk_mb: Annotated[Count | None, Field(description="Checkpoints and exports of one owner, in MB")] = None
    instance_disk_mb: Annotated[Count | None, Field(description="Checkpoints and exports of all, in MB")] = None
    worker_mb: Annotated[Count | None, Field(description="Memory of the worker, in MB; larger designs are refused")] = (
        None
    )
    idle_seconds: Annotated[
        Count | None, Field(description="Seconds without work after which the worker is let go; it starts when needed")
    ] = None
    keep_days: Annotated[
        Count | None, Field(description="Days after which exports, checkpoints and uploads that no run uses expire")
    ] = None
    cache_mb: Annotated[
        Count | None, Field(description="Copies on this machine of what the object store has, in MB")
    ] = None
    checkpoints: Annotated[int, Field(ge=1, le=1000, description="Checkpoints that are kept of a run")] = 2
    checkpoints_mb: Annotated[
        Count | None, Field(description="Size of the checkpoints kept of a run, in MB; the newest always is")
    ] = None

    def records(self, home: Home) -> str:
        """The URL of the records of a home."""
        return self.database_url or f"sqlite:///{home.database}"

    def limit(self, name: str) -> int | None:
        """A limit by its field's name; None for none."""
        said = getattr(self, name)
        if said is None and self.hosted:
            said = HOSTED.get(name)
        return said or None


# safe for strangers on a machine of 1 GB, of which the page takes 0.2 and the worker, with TensorFlow, the rest
HOSTED: dict[str, int] = {
    "runs": 3, "queue": 50, "epochs": 50, "minutes": 15, "parameters": 30_000_000, "upload_mb": 50, "disk_mb": 500,
    "instance_disk_mb": 5_000, "worker_mb": 750, "idle_seconds": 60, "keep_days": 14,
    "cache_mb": 500, "checkpoints_mb": 250,
}  # fmt: skip


def variable(field: str) -> str:
    """The environment variable of a field."""
    return Settings.model_fields[field].alias or f"RESNET_TF_{field.upper()}"


def settings(**given: Any) -> Settings:
    """The settings of the environment, those given in their place. Raises WorkbenchError for one that cannot be."""
    try:
        return Settings(**given)
    except ValidationError as error:
        said = error.errors()[0]
        field = str(said["loc"][0])
        name = variable(field) if field in Settings.model_fields else field
        raise WorkbenchError(f"{name} cannot be used: {said['msg']} (got {said['input']!r})") from error
