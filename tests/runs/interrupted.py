"""python interrupted.py FOLDER "kill" | "full": keeps a checkpoint beside an earlier one, stopped at each step in turn.

A step is whatever the interpreter tells its audit hooks of: a file opened, moved, removed, a folder made. The process
dies there as by SIGKILL, or the disk is full from there on. Prints one line for each: the step, and what is newest.
"""

import errno
import os
import shutil
import sys
from pathlib import Path

from resnet_tf.runs.checkpoints import Checkpoints

STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.truncate")


def stop_at(place, how, folder):
    """Lets the process die, or the disk be full, at the so manieth step in the folder; prints what the step was."""
    count = 0

    def hook(event, arguments):
        nonlocal count
        if event not in STEPS or not str(arguments[0]).startswith(folder):
            return
        count += 1
        if count == place:
            print(event, end=" ", flush=True)
        if count == place and how == "kill":
            os._exit(9)
        writes = event != "os.remove" and (event != "open" or "w" in (arguments[1] or ""))
        if count >= place and writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hook)


def save(path):
    with path.open("wb") as file:
        file.write(b"new" * 1_000)


def attempt(folder, place, how):
    """In a child: another checkpoint is kept, or not."""
    stop_at(place, how, str(folder))
    try:
        Checkpoints(folder).keep(3, save)
    except OSError as error:
        os._exit(1 if error.errno == errno.ENOSPC else 2)
    os._exit(0)


def main(folder, how):
    place, code = 0, None
    while code != 0:
        place += 1
        shutil.rmtree(folder, ignore_errors=True)
        for step in (1, 2):
            Checkpoints(folder).keep(step, lambda path: path.write_bytes(b"earlier"))
        child = os.fork()
        if child == 0:
            attempt(folder, place, how)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        newest = Checkpoints(folder).newest(lambda path: path.read_bytes()[:7].decode())
        left = sum("unfinished" in path.name for path in folder.iterdir())
        print(f"{code} {newest} {left}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
