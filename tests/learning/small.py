"""A residual network that learns the bundled digits in seconds."""

from resnet_tf.design.spec import ResNetSpec, Stage, Stem

TINY = ResNetSpec(
    input_shape=(8, 8, 1), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=1, width=8), Stage(blocks=1, width=16, stride=2)),
)  # fmt: skip
