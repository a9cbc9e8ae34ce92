"""Where the networks come from, and what their authors say that they reach."""

from __future__ import annotations

HE2015 = "He et al. 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385"
HE2016 = "He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027"
WRN = "Zagoruyko and Komodakis 2016, Wide Residual Networks, arXiv:1605.07146"
XIE = "Xie et al. 2017, Aggregated Residual Transformations, arXiv:1611.05431"
HU = "Hu et al. 2018, Squeeze-and-Excitation Networks, arXiv:1709.01507"
HE2019 = "He et al. 2019, Bag of Tricks for Image Classification, arXiv:1812.01187"
RS = "Bello et al. 2021, Revisiting ResNets, arXiv:2103.07579"
VGG = "Simonyan and Zisserman 2015, Very Deep Convolutional Networks, arXiv:1409.1556"
ZHANG2019 = "Zhang 2019, Making Convolutional Networks Shift-Invariant Again, arXiv:1904.11486"
LEE = "Lee et al. 2020, Compounding the Performance Improvements of Assembled Techniques, arXiv:2001.06268"
WANG = "Wang et al. 2020, ECA-Net, arXiv:1910.03151"
WU = "Wu and He 2018, Group Normalization, arXiv:1803.08494"
BIT = "Kolesnikov et al. 2020, Big Transfer (BiT), arXiv:1912.11370"
HUANG2016 = "Huang et al. 2016, Deep Networks with Stochastic Depth, arXiv:1603.09382"
HUANG2017 = "Huang et al. 2017, Densely Connected Convolutional Networks, arXiv:1608.06993"
FIXUP = "Zhang et al. 2019, Fixup Initialization, arXiv:1901.09321"
TORCHVISION = "torchvision"
TIMM = "timm"
KERAS = "keras.applications"

ONE_CROP = "ImageNet top-1, torchvision V1 weights, 1 crop"
TEN_CROPS = "ImageNet top-1, He 2015, 10 crops"
KERAS_TOP1 = "ImageNet top-1, keras.applications"
CIFAR10 = "CIFAR-10"
CIFAR100 = "CIFAR-100"

# published error in percent, by benchmark, of networks by name
PUBLISHED: dict[str, dict[str, float]] = {
    "resnet18": {ONE_CROP: 30.242, TEN_CROPS: 27.88},
    "resnet34": {ONE_CROP: 26.686, TEN_CROPS: 24.52},
    "resnet34_a": {TEN_CROPS: 25.03},
    "resnet34_c": {TEN_CROPS: 24.19},
    "resnet50": {ONE_CROP: 23.87},
    "resnet101": {ONE_CROP: 22.626},
    "resnet152": {ONE_CROP: 21.688},
    "resnet50_v1": {TEN_CROPS: 22.85},
    "resnet101_v1": {TEN_CROPS: 21.75},
    "resnet152_v1": {TEN_CROPS: 21.43},
    "plain18": {TEN_CROPS: 27.94},
    "plain34": {TEN_CROPS: 28.54},
    "vgg19": {ONE_CROP: 27.624},
    "keras_resnet50": {KERAS_TOP1: 25.1},
    "keras_resnet101": {KERAS_TOP1: 23.6},
    "keras_resnet152": {KERAS_TOP1: 23.4},
    "keras_resnet50v2": {KERAS_TOP1: 24.0},
    "keras_resnet101v2": {KERAS_TOP1: 22.8},
    "keras_resnet152v2": {KERAS_TOP1: 22.0},
    "wide_resnet50_2": {ONE_CROP: 21.532, "ImageNet top-1, Zagoruyko 2016 Table 8, 1 crop": 21.9},
    "wide_resnet101_2": {ONE_CROP: 21.152},
    "resnext50_32x4d": {ONE_CROP: 22.382, "ImageNet top-1, Xie 2017, 1 crop": 22.2},
    "resnext101_32x8d": {ONE_CROP: 20.688},
    "seresnet50": {"ImageNet top-1, authors, 1 crop": 22.37},
    "resnetrs50": {"ImageNet top-1 at 160, authors": 21.2},
    "resnet20_cifar10": {CIFAR10: 8.75},
    "resnet32_cifar10": {CIFAR10: 7.51},
    "resnet44_cifar10": {CIFAR10: 7.17},
    "resnet56_cifar10": {CIFAR10: 6.97},
    "resnet110_cifar10": {CIFAR10: 6.43},
    "resnet1202_cifar10": {CIFAR10: 7.93},
    "preresnet110_cifar10": {CIFAR10: 6.37},
    "preresnet164_cifar10": {CIFAR10: 5.46, CIFAR100: 24.33},
    "preresnet1001_cifar10": {CIFAR10: 4.92},
    "wrn16_4_cifar10": {CIFAR10: 5.02},
    "wrn40_4_cifar10": {CIFAR10: 4.53},
    "wrn28_10_cifar10": {CIFAR10: 4.0},
    "resnext29_8x64d_cifar10": {CIFAR10: 3.65},
    "resnext29_16x64d_cifar10": {CIFAR10: 3.58},
    # He 2016, Table 2: the orders of Figure 4
    "resnet110_norm_after_addition_cifar10": {CIFAR10: 8.17},
    "resnet110_activation_before_addition_cifar10": {CIFAR10: 7.84},
    "resnet110_activation_only_pre_cifar10": {CIFAR10: 6.71},
    "wrn28_10_dropout_cifar10": {CIFAR10: 3.89, CIFAR100: 18.85},
    "resnet110_stochastic_depth_cifar10": {CIFAR10: 5.25},
    "densenet121": {ONE_CROP: 25.566},
    "densenet161": {ONE_CROP: 22.862},
    "densenet169": {ONE_CROP: 24.4},
    "densenet201": {ONE_CROP: 23.104},
    "densenet40_12_cifar10": {CIFAR10: 5.24, CIFAR100: 24.42},
    "densenet_bc100_12_cifar10": {CIFAR10: 4.51, CIFAR100: 22.27},
    "densenet_bc250_24_cifar10": {CIFAR10: 3.62, CIFAR100: 17.6},
    "densenet_bc190_40_cifar10": {CIFAR10: 3.46, CIFAR100: 17.18},
}

# He 2016, Table 2: the error on CIFAR-10 of each order, with 110 layers of basic blocks and 164 of bottlenecks
ORDER_ERRORS: dict[str, tuple[float, float]] = {
    "post": (6.61, 5.93),
    "norm-after-addition": (8.17, 6.5),
    "activation-before-addition": (7.84, 6.14),
    "activation-only-pre": (6.71, 5.91),
    "pre": (6.37, 5.46),
}
