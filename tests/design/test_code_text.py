"""Generated code reads as if written by hand: short, formatted, with nothing in it that the network does not need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import specs
from written import BUSIEST, WRITTEN

from resnet_tf.design.code import to_python
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.spec import DenseNetSpec, DenseStage, Head, ResNetSpec, Stage

MOST_LINES = 200
MOST_WIDE = 120
CODE = Path(__file__).parents[1] / "fixtures" / "code"


def unneeded(code):
    """Functions, constants and parameters that nothing reads, and defaults that every call leaves alone."""
    tree = ast.parse(code)
    nodes = [*ast.walk(tree)]
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    found += [node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)]
    found = [name for name in found if name not in read]
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        inside = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        names = [each.arg for each in function.args.args]
        found += [f"{function.name}({name})" for name in names if name not in inside]
        calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == function.name]
        for i in range(len(names) - len(function.args.defaults), len(names)):
            if not any(len(call.args) > i or names[i] in {each.arg for each in call.keywords} for call in calls):
                found.append(f"{function.name}({names[i]}=)")
    return found


def check(code):
    tree = ast.parse(code)
    roots = {(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
             for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}  # fmt: skip
    assert roots <= {"keras", "math", "sys"}
    assert unneeded(code) == []
    assert len(code.splitlines()) <= MOST_LINES
    assert max(map(len, code.splitlines())) <= MOST_WIDE
    undocumented = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
                    if not ast.get_docstring(node)]  # fmt: skip
    assert undocumented == []


def complaints(folder):
    """What ruff has against the files of a folder: by its own rules, and as a formatter of this width."""
    commands = (["check"], ["format", "--check", "--line-length", str(MOST_WIDE)])
    done = [subprocess.run([sys.executable, "-m", "ruff", *command, "--isolated", "-q", "--no-cache", folder],
                           capture_output=True, text=True) for command in commands]  # fmt: skip
    return "".join(each.stdout + each.stderr for each in done)


@pytest.mark.parametrize("name", PRESETS)
def test_the_code_of_a_preset_is_short_and_has_nothing_it_does_not_need(name):
    code = to_python(PRESETS[name].spec)
    check(code)
    assert PRESETS[name].title in code
    assert f"{costs(PRESETS[name].spec).trainable_parameters:,}" in ast.get_docstring(ast.parse(code))


def test_the_code_of_every_preset_is_formatted(tmp_path):
    for name in PRESETS:
        (tmp_path / f"{name}.py").write_text(to_python(preset(name)))
    assert complaints(tmp_path) == ""


def test_the_code_of_designs_drawn_at_random_is_formatted_and_short(tmp_path):
    drawn = []

    @settings(max_examples=400, deadline=None, derandomize=True, database=None)
    @given(specs())
    def draw(spec):
        code = to_python(spec)
        check(code)
        drawn.append(code)

    draw()
    for i, code in enumerate(drawn):
        (tmp_path / f"design{i}.py").write_text(code)
    assert complaints(tmp_path) == ""


@pytest.mark.parametrize("name", WRITTEN)
def test_the_code_of_a_design_is_what_was_read_and_kept(name):
    """Where this fails on purpose: run tests/fixtures/make_code.py and read what changed."""
    assert to_python(WRITTEN[name]) == (CODE / f"{name}.py").read_text()


def test_a_transition_keeps_its_share_in_the_plainest_words():
    halves, thirds, all_of_it = (to_python(preset("densenet121", compression=share)) for share in (0.5, 0.3, 1.0))
    assert "filters = max(x.shape[-1] // 2, 1)" in halves
    assert "filters = max(int(x.shape[-1] * 0.3), 1)" in thirds
    assert "filters = x.shape[-1]" in all_of_it


def test_a_network_too_deep_for_pythons_recursion_says_so_and_no_other_does():
    """Keras walks a model layer by layer; Python allows a depth of 1,000."""
    deep = to_python(preset("resnet1202_cifar10"))
    layers = len(expand(preset("resnet1202_cifar10")))
    assert f"sys.setrecursionlimit(max(sys.getrecursionlimit(), {1_000 + 2 * layers}))" in deep
    assert "import sys" in deep
    for name in ("resnet50", "resnet152"):
        assert "sys" not in to_python(preset(name))


def test_depth_adds_no_line():
    """Loops say it: ResNet-50, 101, 152 and 200 differ in numbers alone."""
    sizes = {len(to_python(preset(f"resnet{depth}")).splitlines()) for depth in (50, 101, 152)}
    assert len(sizes) == 1
    assert max(sizes) <= 90


@pytest.mark.parametrize(
    "spec",
    [
        BUSIEST,
        edit(BUSIEST, order="pre", antialias="none", zero_init_residual=False, shared_preactivation="first"),
        edit(BUSIEST, stem={**BUSIEST.stem.model_dump(), "widths": [8] * 8}),
        DenseNetSpec(stages=[DenseStage(blocks=2)] * 12, input_shape=(8192, 8192, 3), classes=1_000_000,
                     head=Head(pool="average-max", hidden=(65_536,) * 4, dropout=0.5)),
        ResNetSpec(stages=[Stage(blocks=333, width=65_536)] * 12, expansion=64, bottleneck_factor=0.125),
    ],
    ids=["busiest", "pre-activation", "eight convolutions", "dense", "largest numbers"],
)  # fmt: skip
def test_the_busiest_and_the_largest_networks_are_still_short_and_formatted(spec, tmp_path):
    code = to_python(spec)
    check(code)
    (tmp_path / "network.py").write_text(code)
    assert complaints(tmp_path) == ""
