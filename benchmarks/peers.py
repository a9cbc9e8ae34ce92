"""What others would use instead, as they would write it: for comparison in the same run, never by the product."""

from __future__ import annotations

from typing import Any


def torch_resnet(blocks: tuple[int, ...], classes: int = 1000) -> Any:
    """A bottleneck ResNet (v1.5) in plain torch modules, as torchvision has it."""
    from torch import nn

    class Bottleneck(nn.Module):
        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            out = 4 * width
            self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.conv3 = nn.Conv2d(width, out, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(out)
            self.relu = nn.ReLU(inplace=True)
            self.downsample = nn.Identity()
            if stride != 1 or inputs != out:
                self.downsample = nn.Sequential(nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            y = self.relu(self.bn2(self.conv2(y)))
            return self.relu(self.bn3(self.conv3(y)) + self.downsample(x))

    layers: list[Any] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, count in enumerate(blocks):
        for i in range(count):
            layers.append(Bottleneck(inputs, 64 * 2**stage, 2 if stage and i == 0 else 1))
            inputs = 256 * 2**stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def torch_cifar_resnet(blocks: int, classes: int = 10) -> Any:
    """He 2015's CIFAR network in plain torch modules, shortcuts padded with zeros where shapes change."""
    from torch import nn
    from torch.nn import functional

    class Basic(nn.Module):
        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.more, self.stride = width - inputs, stride

        def forward(self, x: Any) -> Any:
            y = functional.relu(self.bn1(self.conv1(x)))
            if self.more or self.stride > 1:
                x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
            return functional.relu(self.bn2(self.conv2(y)) + x)

    layers: list[Any] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        for i in range(blocks):
            layers.append(Basic(inputs, width, stride if i == 0 else 1))
            inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def torch_watched_resnet(blocks: int, *, preactivated_bottlenecks: bool = False, classes: int = 10) -> Any:
    """He 2015's or He 2016's CIFAR network in plain torch modules, a module for everything that a hook may watch.

    Basic blocks in the order of 2015, shortcuts padded with zeros; or bottlenecks in the order of 2016, strided in
    their first convolution, with projections that begin after the first norm and activation. `stages` is the list of
    its blocks, each with its `branch`, the way `around`, and what comes `before` and `after` both.
    """
    from torch import nn
    from torch.nn import functional

    def convolution(inputs: int, filters: int, kernel: int, stride: int = 1) -> nn.Conv2d:
        return nn.Conv2d(inputs, filters, kernel, stride, kernel // 2, bias=False)

    class Padded(nn.Module):
        def __init__(self, more: int, stride: int) -> None:
            super().__init__()
            self.more, self.stride = more, stride

        def forward(self, x: Any) -> Any:
            return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))

    class Block(nn.Module):
        def __init__(self, before: Any, branch: Any, around: Any, after: Any) -> None:
            super().__init__()
            self.before, self.branch, self.around, self.after = before, branch, around, after

        def forward(self, x: Any) -> Any:
            x = self.before(x)
            return self.after(self.branch(x) + self.around(x))

    def basic(inputs: int, width: int, stride: int) -> Block:
        branch = nn.Sequential(
            convolution(inputs, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU(),
            convolution(width, width, 3), nn.BatchNorm2d(width),
        )  # fmt: skip
        around = nn.Identity() if inputs == width else Padded(width - inputs, stride)
        return Block(nn.Identity(), branch, around, nn.ReLU())

    def bottleneck(inputs: int, width: int, stride: int) -> Block:
        first = nn.BatchNorm2d(inputs), nn.ReLU()
        rest = (
            convolution(inputs, width, 1, stride), nn.BatchNorm2d(width), nn.ReLU(),
            convolution(width, width, 3), nn.BatchNorm2d(width), nn.ReLU(), convolution(width, 4 * width, 1),
        )  # fmt: skip
        if inputs == 4 * width:
            return Block(nn.Identity(), nn.Sequential(*first, *rest), nn.Identity(), nn.Identity())
        around = convolution(inputs, 4 * width, 1, stride)
        return Block(nn.Sequential(*first), nn.Sequential(*rest), around, nn.Identity())

    make, expansion = (bottleneck, 4) if preactivated_bottlenecks else (basic, 1)
    inputs, stages = 16, []
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        for i in range(blocks):
            stages.append(make(inputs, width, stride if i == 0 else 1))
            inputs = width * expansion
    ends = [nn.BatchNorm2d(inputs), nn.ReLU()] if preactivated_bottlenecks else []
    begins = [] if preactivated_bottlenecks else [nn.BatchNorm2d(16), nn.ReLU()]
    network = nn.Sequential(
        nn.Sequential(convolution(3, 16, 3), *begins),
        nn.Sequential(*stages),
        nn.Sequential(*ends, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)),
    )
    network.stages = stages
    return network
