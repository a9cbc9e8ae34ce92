"""The networks that ResNet is compared with: VGG before it, DenseNet after it."""

from __future__ import annotations

from resnet_tf.design.graph import (
    Activation,
    AveragePooling,
    Concatenation,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    LayerGraph,
    MaxPooling,
)
from resnet_tf.design.network import Network, Style
from resnet_tf.design.spec import DenseNetSpec, VGGSpec


def vgg(spec: VGGSpec) -> LayerGraph:
    """Convolutions and pools in a row, then dense layers (Simonyan 2015)."""
    net = Network(spec.input_shape)
    x = "input"
    for s, stage in enumerate(spec.stages, 1):
        for b in range(1, stage.convolutions + 1):
            at = f"stage{s}.block{b}"
            x = net.add(f"{at}.conv", Convolution(stage.width, 3, bias=True), x, role="branch")
            x = net.add(f"{at}.act", Activation("relu"), x, role="branch")
            net.close(at, f"stage{s}", "convolution")
        x = net.add(f"stage{s}.pool", MaxPooling(2, 2), x)
        net.close(f"stage{s}.pool", f"stage{s}", "pool")
    x = net.add("head.flatten", Flatten(), x)
    for i, width in enumerate(spec.hidden, 1):
        x = net.add(f"head.dense{i}", Dense(width), x)
        x = net.add(f"head.act{i}", Activation("relu"), x)
        x = net.add(f"head.dropout{i}", Dropout(spec.dropout), x)
    net.add("head.classifier", Dense(spec.classes), x)
    net.close("head", "head", "head")
    return net.graph()


def densenet(spec: DenseNetSpec) -> LayerGraph:
    """Blocks that read all that came before them, and transitions that halve the map (Huang 2017)."""
    net = Network(spec.input_shape)
    style = Style(net, spec.normalization, spec.activation, bias="none", initializer=spec.initializer)
    x = style.stem(spec.stem, "input", "" if spec.stem.pool == "none" else "na")
    for s, stage in enumerate(spec.stages, 1):
        for b in range(1, stage.blocks + 1):
            x = _dense_block(style, spec, f"stage{s}.block{b}", x)
            net.close(f"stage{s}.block{b}", f"stage{s}", "dense", "concatenation")
        if s < len(spec.stages):
            x = _transition(style, spec, f"stage{s}.transition", x)
            net.close(f"stage{s}.transition", f"stage{s}", "transition")
    style.head(spec.head, spec.classes, x, "na")
    return net.graph()


def _dense_block(style: Style, spec: DenseNetSpec, at: str, x: str) -> str:
    y, add = x, style.add
    kernels = [(spec.growth * spec.bottleneck, 1)] if spec.bottleneck else []
    kernels.append((spec.growth, 3))
    for i, (filters, kernel) in enumerate(kernels, 1):
        y = style.follow("na", at, y, str(i), "branch")
        y = add(f"{at}.conv{i}", style.convolution(filters, kernel, normalized=False), y, role="branch")
    if spec.dropout:
        y = add(f"{at}.dropout", Dropout(spec.dropout), y, role="branch")
    return add(f"{at}.concat", Concatenation(), y, x, role="join")


def _transition(style: Style, spec: DenseNetSpec, at: str, x: str) -> str:
    x = style.follow("na", at, x)
    filters = max(int(style.net.channels(x) * spec.compression), 1)
    x = style.add(f"{at}.conv", style.convolution(filters, 1, normalized=False), x)
    return style.add(f"{at}.pool", AveragePooling(2, 2, whole=True), x)
