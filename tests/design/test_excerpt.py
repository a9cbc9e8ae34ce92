"""The lines that build a block."""

import re

import pytest

from resnet_tf.design.code import to_python
from resnet_tf.design.code.excerpt import excerpt
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, preset


def of(spec, name):
    return excerpt(spec, next(block for block in expand(spec).blocks if block.name == name))


def test_a_stem_is_the_lines_that_make_it():
    assert of(preset("resnet18"), "stem").splitlines() == [
        'x = convolution(x, "stem.conv", 64, 7, 2)',
        'x = norm(x, "stem.norm")',
        'x = act(x, "stem.act")',
        'x = max_pool(x, "stem.pool")',
    ]


def test_a_block_is_its_function_its_shortcut_and_the_loop_that_makes_it():
    lines = of(preset("resnet50"), "stage2.block1")
    assert re.findall(r"^def (\w+)", lines, re.MULTILINE) == ["shortcut", "block"]
    assert lines.endswith('x = block(x, f"stage{s}.block{b}", width, stride if b == 1 else 1)')


@pytest.mark.parametrize("name", PRESETS)
def test_every_block_of_every_preset_has_lines_that_name_its_layers(name):
    spec = preset(name)
    graph, source = expand(spec), to_python(spec)
    kinds = {(block.kind, block.shortcut): block for block in graph.blocks}
    for block in kinds.values():
        lines = excerpt(spec, block)
        for line in filter(None, lines.splitlines()):
            assert line in source
        last = graph.layers[block.stop - 1].name.rpartition(".")[2]
        assert re.sub(r"\d+$", "", last) in lines, last
