"""Designs for property tests: anything that validates, small enough to expand at once."""

from hypothesis import strategies as st

from resnet_tf.design.spec import Normalization, ResNetSpec, SpecError, SqueezeExcitation, Stage, Stem


@st.composite
def specs(draw) -> ResNetSpec:
    """A residual network that validates, over all its axes."""
    block = draw(st.sampled_from(["basic", "bottleneck", "plain"]))
    bottleneck = block == "bottleneck"
    stages = draw(
        st.lists(
            st.builds(Stage, blocks=st.integers(1, 4), width=st.sampled_from([8, 16, 64]), stride=st.integers(1, 3)),
            min_size=1, max_size=4,
        )
    )  # fmt: skip
    fields = {
        "input_shape": (draw(st.integers(16, 96)), draw(st.integers(16, 96)), draw(st.integers(1, 4))),
        "classes": draw(st.integers(1, 1000)),
        "stem": Stem(
            kernel=draw(st.sampled_from([1, 3, 5, 7])),
            stride=draw(st.integers(1, 2)),
            widths=tuple(draw(st.lists(st.sampled_from([4, 8, 16]), min_size=1, max_size=3))),
            pool=draw(st.sampled_from(["max", "convolution", "none"])),
        ),
        "stages": tuple(stages),
        "block": block,
        "expansion": draw(st.integers(1, 4)),
        "bottleneck_factor": draw(st.sampled_from([0.5, 1.0, 2.0])),
        "groups": draw(st.sampled_from([1, 2, 4])) if bottleneck else 1,
        "shortcut": "none"
        if block == "plain"
        else draw(st.sampled_from(["projection", "zero-padding", "projection-everywhere", "average-pool", "none"])),
        "order": draw(st.sampled_from(["post", "pre"])),
        "stride_at": draw(st.sampled_from(["1x1", "3x3", "last-block"] if bottleneck else ["3x3", "last-block"])),
        "bias": draw(st.sampled_from(["none", "unnormalized", "all"])),
        "normalization": Normalization(kind=draw(st.sampled_from(["batch", "none"]))),
        "activation": draw(st.sampled_from(["relu", "silu", "gelu", "leaky_relu"])),
        "attention": draw(st.none() | st.builds(SqueezeExcitation, ratio=st.sampled_from([0.0625, 0.25]))),
    }
    try:
        return ResNetSpec(**fields)
    except SpecError as error:
        if error.field != "input_shape" and not error.field.startswith("stages"):
            raise
    # the two rules that tie fields together: room for every stride, and zero padding that never narrows
    return ResNetSpec(**{**fields, "input_shape": (512, 512, 3), "shortcut": "none"})
