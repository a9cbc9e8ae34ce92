"""The code of a design makes the layers of its graph: the same names, settings, inputs, shapes and weights."""

import math

import pytest
import recorder
from hypothesis import HealthCheck, given, settings
from strategies import specs

from resnet_tf.design import graph as g
from resnet_tf.design.code import to_python
from resnet_tf.design.code.lines import expression
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, edit, preset


def size(layer):
    return {"size": layer.size, "strides": layer.strides, "padding": layer.padding, "edge": layer.edge}


def pooled(kernel, stride, padding="valid", edge=None):
    return {"size": kernel, "strides": stride, "padding": padding, "edge": edge}


def expected(op):
    """The settings that an operation's layer must have, as Keras calls them."""
    match op:
        case g.Convolution():
            return {"filters": op.filters, "kernel": op.kernel, "strides": op.stride, "groups": op.groups,
                    "dilation_rate": op.dilation, "use_bias": op.bias,
                    "bias_initializer": ("Constant", op.first_bias) if op.first_bias else "zeros",
                    "trainable": op.initializer != "whitening"}  # fmt: skip
        case g.BatchNormalization(epsilon, momentum, zero):
            return {"epsilon": epsilon, "momentum": momentum, "gamma_initializer": "zeros" if zero else "ones"}
        case g.GroupNormalization(groups, epsilon, zero):
            return {"groups": groups, "epsilon": epsilon, "gamma_initializer": "zeros" if zero else "ones"}
        case g.MaxPooling(kernel, stride, padding, zeros):
            return pooled(kernel, stride, edge=(0.0 if zeros else -float("inf")) if padding else None)
        case g.AveragePooling(kernel, stride, whole):
            return pooled(kernel, stride, "valid" if whole else "same")
        case g.BlurPooling(stride):
            return pooled(2, stride)
        case g.Subsample(stride):
            return pooled(1, stride)
        case g.Dropout(rate):
            return {"rate": rate, "noise_shape": None}
        case g.StochasticDepth(rate):
            return {"rate": rate, "noise_shape": (None, 1, 1, 1)}
        case g.ChannelScale(initial):
            return {"initial": ("Constant", initial)}
        case g.Rescaling(scale, offset):
            return {"scale": scale, "offset": offset}
        case g.ScalarBias():
            return {"initial": ("Constant", 0.0)}
        case g.ScalarScale():
            return {"initial": ("Constant", 1.0)}
        case g.Activation("leaky_relu"):
            return {"slope": 0.01}
        case g.Activation(kind):
            return {"kind": kind}
        case g.ChannelConvolution(kernel):
            return {"filters": 1, "kernel": kernel, "padding": "same", "use_bias": False}
        case g.Dense(units):
            return {"units": units}
        case _:
            return {}


def first_weights(op):
    """A convolution's initializer, as a name of Keras' or a call with its arguments."""
    if op.gain == 0:
        return "zeros"
    variances = {
        "he_normal_fan_out": (2.0, "fan_out", "untruncated_normal"),
        "he_normal": (2.0, "fan_in", "truncated_normal"),
        "he_uniform": (2.0, "fan_in", "uniform"),
        "glorot_normal": (1.0, "fan_avg", "truncated_normal"),
        "glorot_uniform": (1.0, "fan_avg", "uniform"),
        "lecun_normal": (1.0, "fan_in", "truncated_normal"),
    }
    if op.initializer == "whitening":
        return "orthogonal"
    if op.initializer == "orthogonal":
        return "Orthogonal", op.gain
    scale, mode, distribution = variances[op.initializer]
    return "VarianceScaling", scale * op.gain**2, mode, distribution


def padding(layer, record):
    """The pixels by which a convolution is padded alike on every side; None where Keras pads one side more."""
    made, before = record[layer.name], record.get(f"{layer.name}.pad")
    if made.padding == "valid":
        return before.sides if before else 0
    assert before is None
    alike = made.strides == 1 or made.kernel == 1
    return (made.kernel - 1) * made.dilation_rate // 2 if alike and made.kernel % 2 else None


def sources(name, record, graph):
    """The graph's layers that a layer reads, past the layers that only pad or reshape for it."""
    found = []
    for each in record[name].read:
        found += [each] if each in graph.by_name else sources(each, record, graph)
    return list(dict.fromkeys(found))


def check(spec, monkeypatch):
    """Asserts that the code makes the graph."""
    graph = expand(spec)
    model, record = recorder.run(to_python(spec), monkeypatch)
    assert model.outputs.source == graph.output.name
    assert (model.inputs.source, model.inputs.shape[1:]) == ("input", spec.input_shape)
    parameters = {cost.name: cost for cost in costs(graph).layers}
    assert [layer.name for layer in graph if layer.name not in {*record, "input"}] == []
    extra = {name.rpartition(".")[2] for name in record if name not in graph.by_name}
    assert extra <= {"pad", "half", "mean", "max", "line", "axes"}
    for layer in graph.layers[1:]:
        made, op = record[layer.name], layer.op
        line = isinstance(op, g.ChannelConvolution)  # along the channels: (channels, 1), reshaped before and after
        assert made.shape[1:] == (layer.shape[:0:-1] if line else layer.shape), layer
        inputs = [*layer.inputs][:: -1 if isinstance(op, g.Concatenation) else 1]
        assert sources(layer.name, record, graph) == list(dict.fromkeys(inputs)), layer
        wanted = expected(op)
        assert {key: getattr(made, key) for key in wanted} == wanted, layer
        weights = parameters[layer.name]
        count = sum(math.prod(shape) for shape in made.weights)
        assert count == weights.trainable_parameters + weights.non_trainable_parameters, layer
        if isinstance(op, g.BlurPooling):
            assert size(record[f"{layer.name}.half"]) == pooled(2, 1, edge="reflect")
        if isinstance(op, g.Convolution):
            assert padding(layer, record) == op.padding
            start = made.kernel_initializer
            assert start == first_weights(op) or (op.gain == 1 and start == op.initializer), layer
            assert (type(made).__name__ == "StandardizedConvolution") == op.standardized
        if isinstance(op, g.Dense):
            wanted = ("VarianceScaling", op.gain**2 / 3, "fan_in", "uniform") if op.gain else "zeros"
            assert made.kernel_initializer == wanted


@pytest.mark.parametrize("name", PRESETS)
def test_the_code_of_a_preset_makes_its_graph(name, monkeypatch):
    check(PRESETS[name].spec, monkeypatch)


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(spec=specs())
def test_the_code_of_any_design_makes_its_graph(spec, monkeypatch):
    check(spec, monkeypatch)


@pytest.mark.parametrize("attention", [{"ratio": 1.0}, {"ratio": 5e-324}, {"ratio": 0.7, "divisor": 3},
                                       {"ratio": 1 / 3, "divisor": 1}, {"kind": "eca", "gamma": 64.0},
                                       {"kind": "eca", "gamma": 1e-3}])  # fmt: skip
def test_the_code_of_any_gate_makes_its_graph(attention, monkeypatch):
    check(edit(PRESETS["seresnet18"].spec, attention=attention), monkeypatch)


@pytest.mark.parametrize("output_stride", [4, 8, 16])
def test_the_code_of_dilated_3x3_projections_makes_its_graph(output_stride, monkeypatch):
    check(
        preset("resnet50", output_stride=output_stride, shortcut="projection-everywhere", shortcut_kernel=3),
        monkeypatch,
    )


def test_an_operation_without_a_line_is_an_error():
    with pytest.raises(g.UnknownOperation, match="code has no row for Resize"):
        expression(g.Resize(2, 2, "nearest"), '"x"', "x", expand(PRESETS["resnet18"].spec))


def test_only_the_code_of_a_deep_network_lets_python_recurse():
    """Keras walks a model layer by layer from its end: two calls for each layer, and a thousand for the rest."""
    deep = preset("resnet1202_cifar10")
    limit = 1_000 + 2 * len(expand(deep))
    assert f"sys.setrecursionlimit(max(sys.getrecursionlimit(), {limit}))" in to_python(deep)
    assert "sys" not in to_python(preset("resnet152"))


def test_the_table_of_stages_says_where_the_stride_stands():
    assert "# blocks, width, stride of each last block" in to_python(preset("keras_resnet50v2"))
    assert "# blocks, width, stride of each first block" in to_python(preset("resnet50"))
