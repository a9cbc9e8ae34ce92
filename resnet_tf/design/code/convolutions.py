"""The function of generated code that makes a convolution, and the calls of it."""

from __future__ import annotations

from collections.abc import Sequence

from resnet_tf.design import graph as g
from resnet_tf.design.code.text import call, function
from resnet_tf.design.initializers import VARIANCES
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec

HE_2015 = 'keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")'
HE = function(
    "he_2015()",
    "First weights of a kernel; new ones for each, since an initializer gives the same numbers every time.",
    [f"return {HE_2015}"],
)
STANDARDIZED = '''\
@keras.saving.register_keras_serializable()
class StandardizedConvolution(layers.Conv2D):
    """A convolution whose kernel has mean 0 and variance 1 per filter whenever it is used (Qiao 2019)."""

    def convolution_op(self, inputs, kernel):
        mean = keras.ops.mean(kernel, axis=(0, 1, 2), keepdims=True)
        variance = keras.ops.var(kernel, axis=(0, 1, 2), keepdims=True)
        return super().convolution_op(inputs, (kernel - mean) * keras.ops.rsqrt(variance + 1e-8))'''


def convolutions(graph: g.LayerGraph) -> list[g.Convolution]:
    """The convolutions in the network's own style: all but those of gates."""
    return [layer.op for layer in graph if isinstance(layer.op, g.Convolution) and layer.role != "gate"]


def has_gates(graph: g.LayerGraph) -> bool:
    """Whether squeeze and excitation, or gates on shortcuts, bring convolutions of their own."""
    return any(isinstance(layer.op, g.Convolution) and layer.role == "gate" for layer in graph)


def mixed_bias(graph: g.LayerGraph) -> bool:
    """Whether some convolutions have a bias and others do not."""
    return len({op.bias for op in convolutions(graph)}) > 1


def convolved(op: g.Convolution, name: str, x: str, graph: g.LayerGraph, **symbols: str) -> str:
    """The call of `convolution` that makes this one; `symbols` are the texts of numbers that vary between blocks."""
    filters, stride = symbols.get("filters", str(op.filters)), symbols.get("stride", str(op.stride))
    arguments = [x, name, filters, symbols.get("kernel", str(op.kernel)), *([stride] if stride != "1" else [])]
    if op.groups > 1:
        arguments.append(f"groups={op.groups}")
    dilation = symbols.get("dilation", str(op.dilation))
    if dilation != "1":
        arguments.append(f"dilation={dilation}")
    if op.bias and mixed_bias(graph):
        arguments.append("bias=True")
    if "gain" in symbols:
        arguments.append(f"gain={symbols['gain']}")
    if not op.padded and op.kernel > 1:
        arguments.append('padding="valid"')
    if op.frozen:
        arguments.append("frozen=True")
    return f"convolution({', '.join(arguments)})"


def convolution(spec: ResNetSpec | DenseNetSpec, graph: g.LayerGraph) -> str:
    """The function that makes a convolution: parameters for what varies, constants for what does not."""
    ops = convolutions(graph)
    strided = any(op.stride > 1 and op.kernel > 1 and op.padded for op in ops)
    head = ["x", "name", "filters", "kernel", *_parameters(spec, graph)]
    body = _padding(head) if strided else []
    first = initial(spec.initializer, "gain=1.0" in head)
    if first == HE_2015 and has_gates(graph):
        first = "he_2015()"
    if len(first) > 20 or _FROZEN in head:
        body.append(f"initial = {first}")
        first = "initial"
    body += _WHITENING if _FROZEN in head else []
    padding = "padding" if strided or _PADDED in head else '"same"'
    arguments = ["filters", "kernel", *(["stride", padding] if "stride=1" in head else [f"padding={padding}"])]
    arguments += ["groups=groups"] if "groups=1" in head else []
    arguments += ["dilation_rate=dilation"] if "dilation=1" in head else []
    arguments += [*_use_bias(ops), f"kernel_initializer={first}"]
    arguments += ["trainable=not frozen", "name=name"] if _FROZEN in head else ["name=name"]
    layer = "StandardizedConvolution" if spec.normalization.weight_standardization else "layers.Conv2D"
    body.append(call(f"return {layer}(", arguments, ")(x)"))
    about = "A convolution, padded by half its kernel on every side" if strided else "A convolution"
    why = ": Keras' `same` pads one side more where it strides." if strided else "."
    return function(f"convolution({', '.join(head)})", about + why, body)


_PADDED = 'padding="same"'
_FROZEN = "frozen=False"
_WHITENING = ["if frozen:", '    initial = "orthogonal"  # until it is made of the images, so that it whitens them']


def _parameters(spec: ResNetSpec | DenseNetSpec, graph: g.LayerGraph) -> list[str]:
    """What a call may say beside filters and kernel: that which is not the same in all calls."""
    ops = convolutions(graph)
    rows = {
        "stride=1": any(op.stride > 1 for op in ops),
        "groups=1": any(op.groups > 1 for op in ops),
        "dilation=1": any(op.dilation > 1 for op in ops),
        "bias=False": mixed_bias(graph),
        "gain=1.0": spec.normalization.kind == "fixup",
        _PADDED: any(not op.padded and op.kernel > 1 for op in ops),
        _FROZEN: any(op.frozen for op in ops),
    }
    return [text for text, varies in rows.items() if varies]


def _padding(head: Sequence[str]) -> list[str]:
    """The lines that pad alike on all sides where Keras would not; a stem of patches alone is not padded at all."""
    told = _PADDED in head
    same = 'padding == "same" and ' if told else ""
    return [
        *([] if told else ['padding = "same"']),
        f"if {same}stride > 1 and kernel > 1:",
        '    x = layers.ZeroPadding2D(kernel // 2, name=f"{name}.pad")(x)',
        '    padding = "valid"',
    ]


def _use_bias(ops: Sequence[g.Convolution]) -> list[str]:
    if len({op.bias for op in ops}) > 1:
        return ["use_bias=bias"]
    return [] if ops[0].bias else ["use_bias=False"]


def initial(name: str, gained: bool = False) -> str:
    """The text of an initializer: Keras' name where it has one."""
    if not gained:
        return HE_2015 if name == "he_normal_fan_out" else f'"{name}"'
    if name == "orthogonal":
        return 'keras.initializers.Orthogonal(gain) if gain else "zeros"'
    scale, mode, distribution = VARIANCES[name]
    return f'keras.initializers.VarianceScaling({scale} * gain**2, "{mode}", "{distribution}") if gain else "zeros"'
