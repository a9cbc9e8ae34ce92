"""Names that people give runs, sweeps and designs."""

from __future__ import annotations

from resnet_tf.runs.failures import WorkbenchError

LONGEST = 120


def proper(name: str) -> str:
    """A name that is one. Raises WorkbenchError for an empty or overlong one."""
    name = " ".join(name.split())
    if not name:
        raise WorkbenchError("The name must not be empty")
    if len(name) > LONGEST:
        raise WorkbenchError(f"The name must be at most {LONGEST} characters long (got {len(name)})")
    return name
