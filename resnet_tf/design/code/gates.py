"""The gates of generated code: squeeze and excitation, efficient channel attention, and those on shortcuts."""

from __future__ import annotations

from resnet_tf.design import graph as g
from resnet_tf.design.code.helpers import DENSE
from resnet_tf.design.code.places import Places
from resnet_tf.design.code.text import call, function
from resnet_tf.design.spec import EfficientChannelAttention, ResNetSpec, SqueezeExcitation

_GATED = [
    'y = layers.Activation("sigmoid", name=f"{name}.sigmoid")(y)',
    'return layers.Multiply(name=f"{name}.scale")([x, y])',
]


def gate(attention: SqueezeExcitation | EfficientChannelAttention, graph: g.LayerGraph) -> str:
    """The function `gate` of whichever attention."""
    if isinstance(attention, EfficientChannelAttention):
        return channel_attention(attention, graph)
    return squeeze_excitation(attention, graph)


def squeeze_excitation(attention: SqueezeExcitation, graph: g.LayerGraph) -> str:
    """The gate's function; its reduced width as a plain quotient where that is what rounding gives."""
    widths = {layer.shape[-1] for layer in graph if layer.name.endswith(".gate.expand")}
    parts, least = round(1 / max(attention.ratio, 1e-9)), attention.divisor
    if all(width // parts == attention.reduced(width) for width in widths):
        reduced = f"channels // {parts}" if parts > 1 else "channels"
    else:
        rounded = f"int(channels * {attention.ratio!r} + {least / 2!r})"
        reduced = f"max({least}, {rounded} // {least} * {least})" if least > 1 else f"max(1, {rounded})"
    body = [
        "channels = x.shape[-1]",
        'y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}.pool")(x)',
        call("y = layers.Conv2D(", [reduced, "1", "kernel_initializer=he_2015()", 'name=f"{name}.reduce"'], ")(y)"),
        'y = act(y, f"{name}.act")',
        'y = layers.Conv2D(channels, 1, kernel_initializer=he_2015(), name=f"{name}.expand")(y)',
    ]
    return function("gate(x, name)", "A weight for every channel, from the means of all (Hu 2018).", [*body, *_GATED])


def channel_attention(attention: EfficientChannelAttention, graph: g.LayerGraph) -> str:
    """The gate's function; the kernel's formula only where it varies."""
    widths = {layer.shape[-1] for layer in graph if isinstance(layer.op, g.ChannelConvolution)}
    kernels = {attention.kernel(width) for width in widths}
    if len(kernels) > 1:
        gamma, beta = attention.gamma, attention.beta
        body = [
            f"kernel = int(abs(math.log2(x.shape[-1]) + {beta!r}) / {gamma!r})",
            "kernel = max(kernel if kernel % 2 else kernel + 1, 3)",
        ]
    else:
        body = [f"kernel = {kernels.pop()}"]
    body += [
        f"initial = {DENSE}",
        'y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}.pool")(x)',
        'y = layers.Reshape((x.shape[-1], 1), name=f"{name}.conv.line")(y)',
        call(
            "y = layers.Conv1D(",
            ["1", "kernel", 'padding="same"', "use_bias=False", "kernel_initializer=initial", 'name=f"{name}.conv"'],
            ")(y)",
        ),
        'y = layers.Reshape((1, 1, x.shape[-1]), name=f"{name}.conv.axes")(y)',
    ]
    return function("gate(x, name)", "A weight for every channel, from its neighbours (Wang 2020).", [*body, *_GATED])


# --- on shortcuts


def is_gated(places: Places) -> bool:
    """Whether some shortcut is gated."""
    return places.spec.shortcut_gate != "none" and bool(places.added)


def shortcut_gate(spec: ResNetSpec) -> str:
    """The function `shortcut_gate`, of what goes into a block."""
    first = spec.shortcut_gate_bias
    arguments = [
        "filters",
        "1",
        "stride",
        "kernel_initializer=he_2015()",
        *(["bias_initializer=bias"] if first else []),
    ]
    arguments.append('name=f"{name}.shortcut.gate.conv"')
    body = [
        *([f"bias = keras.initializers.Constant({first!r})"] if first else []),
        call("g = layers.Conv2D(", arguments, ")(x)"),
        'return layers.Activation("sigmoid", name=f"{name}.shortcut.gate.sigmoid")(g)',
    ]
    about = "g(x), for each pixel and channel: how much less than x goes by (He 2016, section 3.1)."
    return function("shortcut_gate(x, name, filters, stride)", about, body)


def opened(places: Places, filters: str) -> list[str]:
    """The line that makes a shortcut's gate, from x as it goes into the block."""
    stride = "stride" if places.strided else "1"
    return [f"g = shortcut_gate(x, name, {filters}, {stride})"] if is_gated(places) else []


def carried(places: Places) -> list[str]:
    """The lines that scale what comes by a shortcut, and let through what its gate leaves."""
    spec, lines = places.spec, []
    if not places.added:
        return []
    if spec.shortcut_scale != 1:
        lines.append(f'x = layers.Rescaling({spec.shortcut_scale!r}, name=f"{{name}}.shortcut.rescale")(x)')
    if is_gated(places):
        lines.append('carry = layers.Rescaling(-1.0, 1.0, name=f"{name}.shortcut.gate.carry")(g)')
        lines.append('x = layers.Multiply(name=f"{name}.shortcut.gate.scale")([x, carry])')
    return lines


def exclusive(places: Places) -> list[str]:
    """The line that lets so much of a branch in as its shortcut's gate keeps of x out, where it does."""
    if places.spec.shortcut_gate != "exclusive" or not places.added:
        return []
    return ['y = layers.Multiply(name=f"{name}.shortcut.gate.branch")([y, g])']
