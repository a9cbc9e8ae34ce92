"""VGG and DenseNet as code: a function for what repeats, and a loop over a table of the stages."""

from __future__ import annotations

from resnet_tf.design import graph as g
from resnet_tf.design.code.convolutions import HE_2015
from resnet_tf.design.code.helpers import DENSE_LAYER
from resnet_tf.design.code.lines import expression
from resnet_tf.design.code.text import function, named, number, table
from resnet_tf.design.spec import DenseNetSpec, VGGSpec


def dense_blocks(spec: DenseNetSpec, graph: g.LayerGraph) -> tuple[list[str], list[str], list[str]]:
    """Constants, functions, and the lines of the network between its stem and its head."""
    many = len(spec.stages) > 1
    blocks = tuple(stage.blocks for stage in spec.stages)
    constants = [f"BLOCKS = {blocks!r}  # in each stage", f"GROWTH = {spec.growth}  # channels that a block adds"]
    functions = [_dense_block(spec, graph), *([_transition(spec, graph)] if many else [])]
    lines = [
        "for s, blocks in enumerate(BLOCKS, 1):",
        "    for b in range(1, blocks + 1):",
        '        x = block(x, f"stage{s}.block{b}")',
    ]
    if many:
        lines += ["    if s < len(BLOCKS):", '        x = transition(x, f"stage{s}.transition")']
    return constants, functions, lines


def _dense_block(spec: DenseNetSpec, graph: g.LayerGraph) -> str:
    filters = {"conv1": "GROWTH" if not spec.bottleneck else f"{spec.bottleneck} * GROWTH", "conv2": "GROWTH"}
    first = next(block for block in graph.blocks if block.kind == "dense")
    lines, y = [], "x"
    for each in graph.layers_of(first)[:-1]:
        suffix = each.name.removeprefix(f"{first.name}.")
        symbols = {"filters": filters[suffix]} if suffix in filters else {}
        lines.append(f"y = {expression(each.op, named('name', suffix), y, graph, symbols)}")
        y = "y"
    lines.append('return layers.Concatenate(name=f"{name}.concat")([x, y])')
    return function("block(x, name)", "All that came before, and GROWTH new channels made of it.", lines)


def _transition(spec: DenseNetSpec, graph: g.LayerGraph) -> str:
    block = next(block for block in graph.blocks if block.kind == "transition")
    lines = [f"filters = {_compressed(spec.compression)}"]
    for each in graph.layers_of(block):
        suffix = each.name.removeprefix(f"{block.name}.")
        symbols = {"filters": "filters"} if suffix == "conv" else {}
        lines.append(f"x = {expression(each.op, named('name', suffix), 'x', graph, symbols)}")
    lines[-1] = lines[-1].replace("x = ", "return ", 1)
    return function("transition(x, name)", "Half the height and width, and fewer channels.", lines)


def _compressed(share: float) -> str:
    if share == 1:
        return "x.shape[-1]"
    return "max(x.shape[-1] // 2, 1)" if share == 0.5 else f"max(int(x.shape[-1] * {number(share)}), 1)"


def vgg(spec: VGGSpec) -> tuple[list[str], list[str], list[str]]:
    """Constants, functions, and all the lines of the network."""
    rows = [(stage.convolutions, stage.width) for stage in spec.stages]
    constants = [table("STAGES", rows, "convolutions, width")]
    convolution = function(
        "convolution(x, name, width)",
        "A 3x3 convolution and ReLU.",
        [
            f"initial = {HE_2015}",
            'x = layers.Conv2D(width, 3, padding="same", kernel_initializer=initial, name=f"{name}.conv")(x)',
            'return layers.Activation("relu", name=f"{name}.act")(x)',
        ],
    )
    lines = [
        "for s, (convolutions, width) in enumerate(STAGES, 1):",
        "    for b in range(1, convolutions + 1):",
        '        x = convolution(x, f"stage{s}.block{b}", width)',
        '    x = layers.MaxPooling2D(2, name=f"stage{s}.pool")(x)',
        'x = layers.Flatten(name="head.flatten")(x)',
    ]
    if spec.hidden:
        constants.append(f"HIDDEN = {spec.hidden!r}  # units of the dense layers before the classifier")
        lines += [
            "for i, units in enumerate(HIDDEN, 1):",
            '    x = dense(x, f"head.dense{i}", units)',
            '    x = layers.Activation("relu", name=f"head.act{i}")(x)',
            f'    x = layers.Dropout({number(spec.dropout)}, name=f"head.dropout{{i}}")(x)',
        ]
    return constants, [convolution, DENSE_LAYER], [*lines, 'x = dense(x, "head.classifier", CLASSES)']
