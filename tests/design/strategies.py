"""Designs for property tests: anything that validates, small enough to expand at once."""

from hypothesis import assume
from hypothesis import strategies as st

from resnet_tf.design.spec import (
    DenseNetSpec,
    DenseStage,
    EfficientChannelAttention,
    Head,
    Normalization,
    ResNetSpec,
    SpecError,
    SqueezeExcitation,
    Stage,
    Stem,
    VGGSpec,
    VGGStage,
)

SHORTCUTS = ["projection", "zero-padding", "projection-everywhere", "average-pool", "none"]
ORDERS = ["post", "norm-after-addition", "activation-before-addition", "activation-only-pre", "pre"]
POOLS = ["max", "max-zero-padded", "max-blur", "average", "convolution", "none"]
ACTIVATIONS = ["relu", "silu", "gelu", "leaky_relu"]
INITIALIZERS = ["he_normal_fan_out", "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal",
                "orthogonal"]  # fmt: skip
WIDTHS = [8, 16, 64]

images = st.tuples(st.integers(32, 96), st.integers(32, 96), st.integers(1, 4))
heads = st.builds(
    Head,
    pool=st.sampled_from(["average", "average-max"]),
    hidden=st.lists(st.integers(1, 32), max_size=2).map(tuple),
    dropout=st.sampled_from([0.0, 0.2]),
) | st.just(Head(pool="none"))
norms = st.builds(
    Normalization,
    kind=st.sampled_from(["batch", "batch", "group", "layer", "none"]),
    epsilon=st.sampled_from([1e-5, 1e-3]),
    groups=st.sampled_from([1, 2, 4]),
    weight_standardization=st.booleans(),
)
gates = st.none() | st.builds(
    SqueezeExcitation, ratio=st.sampled_from([0.0625, 0.25]), divisor=st.sampled_from([1, 8])
) | st.builds(EfficientChannelAttention, gamma=st.sampled_from([1.0, 2.0]))  # fmt: skip


@st.composite
def stems(draw) -> Stem:
    pool = draw(st.sampled_from(POOLS))
    if draw(st.integers(0, 4)) == 0:
        side = draw(st.integers(1, 4))
        return Stem(
            kernel=side, stride=side, widths=(draw(st.sampled_from([8, 16])),), pool=pool, patch=True,
            whitening=side > 2 and draw(st.booleans()),
        )  # fmt: skip
    widths = tuple(draw(st.lists(st.sampled_from([4, 8, 16]), min_size=1, max_size=3)))
    kernel = draw(st.sampled_from([1, 3, 5, 7]))
    return Stem(
        kernel=kernel, stride=draw(st.integers(1, 2)), widths=widths, pool=pool,
        whitening=kernel > 1 and draw(st.booleans()),
    )  # fmt: skip


def cuts(stages):
    """Some blocks whose shortcut is cut, often none."""
    names = [f"stage{s}.block{b}" for s, stage in enumerate(stages, 1) for b in range(1, stage.blocks + 1)]
    return st.just(()) | st.lists(st.sampled_from(names), unique=True).map(tuple)


@st.composite
def resnets(draw) -> ResNetSpec:
    """A residual network that validates, over all its axes."""
    block = draw(st.sampled_from(["basic", "bottleneck", "plain"]))
    bottleneck = block == "bottleneck"
    stages = draw(
        st.lists(
            st.builds(Stage, blocks=st.integers(1, 4), width=st.sampled_from(WIDTHS), stride=st.integers(1, 3)),
            min_size=1, max_size=4,
        )
    )  # fmt: skip
    shortcut = "none" if block == "plain" else draw(st.sampled_from(SHORTCUTS))
    beside = shortcut != "none"  # some axes make sense only beside a shortcut
    order = draw(st.sampled_from(ORDERS))
    before = order in ("pre", "activation-only-pre")
    norm = draw(norms)
    fixup = order == "post" and beside and draw(st.integers(0, 5)) == 0
    zero = order == "post" and beside and norm.kind != "none" and not fixup
    fields = {
        "input_shape": draw(images),
        "classes": draw(st.integers(1, 1000)),
        "stem": draw(stems()),
        "stages": tuple(stages),
        "block": block,
        "expansion": draw(st.integers(1, 4)),
        "bottleneck_factor": draw(st.sampled_from([0.5, 1.0, 2.0])),
        "reduce_first": draw(st.sampled_from([1, 1, 2])),
        "groups": draw(st.sampled_from([1, 2])) if bottleneck else 1,
        "shortcut": shortcut,
        "shortcut_kernel": draw(st.sampled_from([1, 3])) if shortcut.startswith("projection") else 1,
        "shortcut_scale": draw(st.sampled_from([1.0, 1.0, 0.5])) if beside else 1.0,
        "branch_scale": draw(st.sampled_from([1.0, 1.0, 0.5])) if beside else 1.0,
        "shortcut_gate": draw(st.sampled_from(["none", "none", "shortcut", "exclusive"])) if beside else "none",
        "shortcut_gate_bias": draw(st.sampled_from([-6.0, 0.0])),
        "cut_shortcuts": draw(cuts(stages)) if beside and not fixup else (),
        "order": order,
        "shared_preactivation": draw(st.sampled_from(["project", "first", "always", "never"])) if before else "project",
        "stride_at": draw(st.sampled_from(["1x1", "3x3", "last-block"] if bottleneck else ["3x3", "last-block"])),
        "antialias": "none" if before else draw(st.sampled_from(["none", "blur", "average"])),
        "bias": draw(st.sampled_from(["none", "unnormalized", "all"])),
        "normalization": Normalization(kind="fixup") if fixup else norm,
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "attention": None if fixup else draw(gates),
        "dropout": draw(st.sampled_from([0.0, 0.3])),
        "stochastic_depth": draw(st.sampled_from([0.0, 0.5])) if beside else 0.0,
        "layer_scale": draw(st.sampled_from([None, 1e-4])) if beside and not fixup else None,
        "zero_init_residual": zero and draw(st.booleans()),
        "initializer": draw(st.sampled_from(INITIALIZERS)),
        "head": draw(heads),
    }
    try:
        spec = ResNetSpec(**fields)
    except SpecError as error:
        # the rules that tie sizes together: room for every stride, zero padding that never narrows, whole groups,
        # and standardised kernels that cannot whiten
        if not error.field.startswith(("input_shape", "stages", "normalization.groups", "stem.whitening")):
            raise
        assume(False)
    if spec.stride_at != "last-block" and draw(st.booleans()):
        reached = [spec.stem.total_stride]
        for stage in spec.stages:
            reached.append(reached[-1] * stage.stride)
        return ResNetSpec(**{**fields, "output_stride": draw(st.sampled_from(reached))})
    return spec


@st.composite
def densenets(draw) -> DenseNetSpec:
    stages = tuple(DenseStage(blocks=n) for n in draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    try:
        return DenseNetSpec(
            input_shape=draw(images), classes=draw(st.integers(1, 100)), stem=draw(stems()), stages=stages,
            growth=draw(st.sampled_from([4, 12])), bottleneck=draw(st.sampled_from([0, 2, 4])),
            compression=draw(st.sampled_from([0.5, 1.0])), dropout=draw(st.sampled_from([0.0, 0.2])),
            normalization=draw(norms), activation=draw(st.sampled_from(ACTIVATIONS)),
            initializer=draw(st.sampled_from(INITIALIZERS)), head=draw(heads),
        )  # fmt: skip
    except SpecError as error:
        if not error.field.startswith(("input_shape", "normalization.groups", "stem.whitening")):
            raise
        assume(False)


vggs = st.builds(
    VGGSpec,
    input_shape=images,
    classes=st.integers(1, 100),
    stages=st.lists(
        st.builds(VGGStage, convolutions=st.integers(1, 3), width=st.sampled_from(WIDTHS)), min_size=1, max_size=4
    ).map(tuple),
    hidden=st.lists(st.integers(1, 64), max_size=2).map(tuple),
    dropout=st.sampled_from([0.0, 0.5]),
)


def specs():
    """Any design that validates; residual networks mostly."""
    return resnets() | resnets() | resnets() | densenets() | vggs
