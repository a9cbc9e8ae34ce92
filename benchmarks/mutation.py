"""How many small mistakes in the design core the tests would notice: one changed number, sign or condition at a time.

    python -m benchmarks.mutation [--sample 400] [--seed 0] [--only expand,costs] [--workers 2]

Cosmic Ray makes the mutants of resnet_tf/design; the tests of the design core run on each in a copy of the tree, in a
process forked after everything else was imported. A mutant that some test fails for, or that never ends, is killed.
Survivors are printed as diffs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[1]
CORE = Path("resnet_tf/design")
TARGET = 0.9
PATIENCE = 120  # seconds for the tests of one mutant; unchanged they take about 30
CODE, CODE_TESTS = "design/code/", ("test_code_text", "test_codegen")  # the slowest: last, but for what they read
FIRST = ("test_presets", "test_expand", "test_costs", "test_spec")  # quick, and most mutants fail one of them
DATA = {"rows", "published"}  # tables of names and figures, held to the libraries' counts line by line

_COMPARE = ("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt", "Is_IsNot", "IsNot_Is")
_COMPUTE = ("Add_Sub", "Sub_Add", "Mul_Add", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul")
OPERATORS = (
    "NumberReplacer", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot",
    "ZeroIterationForLoop", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not",
    *(f"ReplaceComparisonOperator_{pair}" for pair in _COMPARE),
    *(f"ReplaceBinaryOperator_{pair}" for pair in _COMPUTE),
)  # fmt: skip

# run in a copy of the tree: for every line of tests on standard input, those in a fork; their exit code as the answer
SERVER = """
import os, sys
sys.path[:0] = [".", "tests/design"]
import graphviz, hypothesis, hypothesis.strategies, psutil, pydantic, pytest, _pytest.assertion.rewrite
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1), os.dup2(quiet, 2)
        options = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
        options += ["-o", "addopts=--import-mode=importlib"]
        os._exit(pytest.main([*line.split(), *options]))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Mutant(NamedTuple):
    module: str
    operator: str
    occurrence: int


def mutants(only: set[str]) -> Iterator[Mutant]:
    """Every mutant of the core, module by module."""
    for path in sorted((ROOT / CORE).rglob("*.py")):
        if path.stem in DATA or (only and path.stem not in only):
            continue
        code = path.read_text()
        for operator in OPERATORS:
            occurrence = 0
            while mutate_code(code, get_operator(f"core/{operator}")(), occurrence) is not None:
                yield Mutant(str(path.relative_to(ROOT)), operator, occurrence)
                occurrence += 1


class Copy:
    """A copy of the tree with a server in it that runs the tests on whatever stands there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "resnet_tf", folder / "resnet_tf", ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("design", "fixtures"):
            shutil.copytree(ROOT / "tests" / part, folder / "tests" / part)
        for name in ("pyproject.toml", "tests/conftest.py"):
            shutil.copy(ROOT / name, folder / name)
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "h")}
        rest = {path.stem for path in (folder / "tests" / "design").glob("test_*.py")} - {*FIRST, *CODE_TESTS}
        self.tests = [f"tests/design/{name}.py" for name in (*FIRST, *sorted(rest), *CODE_TESTS)]
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def passes(self, module: str = "") -> bool:
        """Whether the tests pass on what stands in the copy, the module's own first. Tests that never end do not."""
        tests = [f"tests/design/{name}.py" for name in CODE_TESTS] if CODE in module else self.tests
        own = f"tests/design/test_{Path(module).stem}.py"
        tests = sorted(tests, key=lambda test: test != own)
        self.server.stdin.write(" ".join(tests) + "\n")
        self.server.stdin.flush()
        child = int(self.server.stdout.readline())
        with ThreadPoolExecutor(1) as waiter:
            answer = waiter.submit(self.server.stdout.readline)
            began = time.monotonic()
            while not answer.done() and time.monotonic() - began < PATIENCE:
                time.sleep(0.02)
            if not answer.done():
                with contextlib.suppress(ProcessLookupError):  # it ended at the last moment
                    os.killpg(child, signal.SIGKILL)
            return int(answer.result()) == 0

    def kills(self, mutant: Mutant) -> bool:
        path = self.folder / mutant.module
        code = path.read_text()
        path.write_text(mutate_code(code, get_operator(f"core/{mutant.operator}")(), mutant.occurrence))
        try:
            return not self.passes(mutant.module)
        finally:
            path.write_text(code)


def difference(mutant: Mutant) -> str:
    """The line as it was and as it became."""
    before = (ROOT / mutant.module).read_text()
    after = mutate_code(before, get_operator(f"core/{mutant.operator}")(), mutant.occurrence)
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    number, was, now = next((i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b)
    return f"{mutant.module}:{number}\n  - {was.strip()}\n  + {now.strip()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=400, help="mutants, drawn at random; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="modules, with commas between")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    every = list(mutants(set(filter(None, options.only.split(",")))))
    chosen = random.Random(options.seed).sample(every, min(options.sample, len(every)) or len(every))
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.workers) as pool:
        copies: Queue[Copy] = Queue()
        for i in range(options.workers):
            copies.put(Copy(Path(folder) / str(i)))
        first = copies.get()
        if not (first.passes() and first.passes(CODE)):
            raise SystemExit("the tests of the design core fail on the tree as it is")
        copies.put(first)

        def judge(mutant: Mutant) -> None:
            copy = copies.get()
            try:
                if not copy.kills(mutant):
                    survivors.append(mutant)
                    print(difference(mutant), flush=True)
            finally:
                copies.put(copy)

        for done, _ in enumerate(pool.map(judge, chosen), 1):
            if done % 50 == 0:
                print(f"{done} of {len(chosen)} tried, {len(survivors)} survived", file=sys.stderr, flush=True)
        while not copies.empty():
            copies.get().server.kill()
    killed = 1 - len(survivors) / len(chosen)
    modules = {m.module for m in chosen}
    by_module = {
        Path(module).stem: f"{sum(m.module == module for m in chosen) - sum(m.module == module for m in survivors)}"
        f" of {sum(m.module == module for m in chosen)}"
        for module in sorted(modules)
    }
    print(json.dumps({
        "mutants": len(every), "tried": len(chosen), "seed": options.seed, "killed": round(killed, 4),
        "by_module": by_module, "target": TARGET, "ok": killed >= TARGET,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
