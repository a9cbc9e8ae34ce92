"""First weights by name: how large they are drawn, as papers and Keras call it."""

from __future__ import annotations

WHITENING = "whitening"  # a kernel that training makes of the images and leaves so; until then it is orthogonal

# name -> scale, mode, distribution of Keras' VarianceScaling; "orthogonal" (Saxe 2014) is none of them
VARIANCES: dict[str, tuple[float, str, str]] = {
    "he_normal_fan_out": (2.0, "fan_out", "untruncated_normal"),  # He 2015 as torchvision has it
    "he_normal": (2.0, "fan_in", "truncated_normal"),  # Keras' of this name, as the others
    "he_uniform": (2.0, "fan_in", "uniform"),
    "glorot_normal": (1.0, "fan_avg", "truncated_normal"),
    "glorot_uniform": (1.0, "fan_avg", "uniform"),
    "lecun_normal": (1.0, "fan_in", "truncated_normal"),
}
