"""The structure of the papers' networks, and rules that every network keeps."""

import pytest
from hypothesis import given, settings
from strategies import resnets, specs

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.graph import (
    SHAPES,
    Activation,
    Addition,
    AveragePooling,
    BatchNormalization,
    BlurPooling,
    Concatenation,
    Convolution,
    Dense,
    Dropout,
    GlobalAverageMaxPooling,
    GlobalAveragePooling,
    GroupNormalization,
    MaxPooling,
    PadChannels,
    StochasticDepth,
    Subsample,
)
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import EfficientChannelAttention, ResNetSpec, SqueezeExcitation, VGGSpec


def ops(name, block):
    graph = expand(preset(name))
    (found,) = [b for b in graph.blocks if b.name == block]
    return [(layer.name.removeprefix(f"{block}."), layer.op) for layer in graph.layers_of(found)]


def names(name, block):
    return [inner for inner, _ in ops(name, block)]


def test_a_basic_block_is_that_of_he_2015_figure_2():
    assert names("resnet18", "stage1.block1") == ["conv1", "norm1", "act1", "conv2", "norm2", "add", "act"]


def test_a_bottleneck_is_that_of_he_2015_figure_5():
    convolutions = [
        (op.kernel, op.filters) for _, op in ops("resnet50", "stage1.block2") if isinstance(op, Convolution)
    ]
    assert convolutions == [(1, 64), (3, 64), (1, 256)]


def test_a_pre_activation_block_is_that_of_he_2016_figure_4e():
    assert names("preresnet110_cifar10", "stage1.block2") == ["norm1", "act1", "conv1", "norm2", "act2", "conv2", "add"]


def test_a_pre_activation_shortcut_shares_the_first_activation_only_where_shapes_change():
    graph = expand(preset("resnetv2_50"))
    assert graph.by_name["stage1.block1.shortcut.conv"].inputs == ("stage1.block1.act1",)
    assert graph.by_name["stage1.block2.add"].inputs == ("stage1.block2.conv3", "stage1.block1.add")


@pytest.mark.parametrize(
    ("name", "block", "strided"),
    [("resnet50", "stage2.block1", "conv2"), ("resnet50_v1", "stage2.block1", "conv1"),
     ("keras_resnet50v2", "stage1.block3", "conv2"), ("resnet18", "stage2.block1", "conv1")],
)  # fmt: skip
def test_the_stride_sits_where_the_library_puts_it(name, block, strided):
    assert [inner for inner, op in ops(name, block) if isinstance(op, Convolution) and op.stride == 2][:1] == [strided]


def test_the_keras_v2_stage_ends_with_a_subsampled_identity():
    graph = expand(preset("keras_resnet50v2"))
    assert isinstance(graph.by_name["stage1.block3.shortcut.subsample"].op, Subsample)
    assert graph.by_name["stage1.block3.shortcut.subsample"].inputs == ("stage1.block2.add",)


def test_option_a_subsamples_and_pads_without_weights():
    graph = expand(preset("resnet20_cifar10"))
    assert graph.by_name["stage2.block1.shortcut.pad"].op == PadChannels(32)
    assert {block.shortcut for block in graph.blocks} == {"identity", "padding", "none"}


def test_option_c_projects_everywhere():
    graph = expand(preset("resnet34_c"))
    assert sum(block.shortcut == "projection" for block in graph.blocks) == 16


def test_plain_networks_add_nothing():
    for name in ("plain34", "plain56_cifar10", "vgg19"):
        assert not any(isinstance(layer.op, Addition) for layer in expand(preset(name)))


def test_a_network_whose_shortcuts_are_all_cut_is_the_plain_one_of_he_2015():
    cut, plain = preset("resnet34", cut_shortcuts=preset("resnet34").block_names), preset("plain34")
    assert expand(cut).layers == expand(plain).layers
    assert {block.shortcut for block in expand(cut).blocks} == {"none", "cut"}


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnetv2_50", "keras_resnet50v2", "resnet20_cifar10"])
def test_a_cut_block_computes_its_branch_alone_and_the_others_stay(name):
    spec = preset(name)
    whole, graph = expand(spec), expand(preset(name, cut_shortcuts=["stage2.block1"]))
    (block,) = [block for block in graph.blocks if block.shortcut == "cut"]
    assert block.name == "stage2.block1"
    assert {layer.role for layer in graph.layers_of(block)} <= {"branch", "join"}
    gone = {layer.name for layer in whole} - set(graph.by_name)
    assert gone == {
        layer.name for layer in whole
        if layer.name.startswith(f"{block.name}.") and (layer.role == "shortcut" or layer.name.endswith(".add"))
    }  # fmt: skip
    assert [(b.name, b.shortcut) for b in graph.blocks if b != block] == [
        (b.name, b.shortcut) for b in whole.blocks if b.name != block.name
    ]


def test_what_makes_sense_only_beside_a_shortcut_goes_with_it():
    spec = preset("resnet18", stochastic_depth=0.2, layer_scale=0.1, zero_init_residual=True)
    whole, graph = expand(spec), expand(edit(spec, cut_shortcuts=["stage2.block2"]))
    gone = {name.removeprefix("stage2.block2.") for name in set(whole.by_name) - set(graph.by_name)}
    assert gone == {"scale", "drop", "add"}
    norms = [whole.by_name["stage2.block2.norm2"].op, graph.by_name["stage2.block2.norm2"].op]
    assert [norm.starts_at_zero for norm in norms] == [True, False]
    assert graph.by_name["stage4.block2.drop"] == whole.by_name["stage4.block2.drop"]


@settings(max_examples=100, deadline=None)
@given(resnets())
def test_all_shortcuts_cut_one_by_one_are_no_shortcut_at_all(spec):
    if spec.shortcut == "none" or spec.normalization.kind == "fixup":
        return
    without = edit(spec, shortcut="none")
    assert expand(edit(spec, cut_shortcuts=spec.block_names)).layers == expand(without).layers


def test_resnet_d_pools_before_its_projection():
    graph = expand(preset("resnet50d"))
    assert [n for n in graph.by_name if n.startswith("stage2.block1.shortcut")] == [
        "stage2.block1.shortcut.pool", "stage2.block1.shortcut.conv", "stage2.block1.shortcut.norm",
    ]  # fmt: skip
    assert graph.by_name["stage2.block1.shortcut.conv"].op.stride == 1


def test_the_maps_have_the_sizes_of_he_2015_table_1():
    stages = {cost.name: cost.shape for cost in costs(preset("resnet50")).stages}
    assert [stages[f"stage{i}"][:2] for i in range(1, 5)] == [(56, 56), (28, 28), (14, 14), (7, 7)]


@settings(max_examples=150, deadline=None)
@given(specs())
def test_every_graph_is_well_formed(spec):
    graph = expand(spec)
    seen = set()
    for layer in graph:
        assert layer.name not in seen
        assert set(layer.inputs) <= seen
        seen.add(layer.name)
        shapes = [graph.by_name[name].shape for name in layer.inputs]
        assert layer.shape == SHAPES[type(layer.op)](layer.op, *shapes)
        assert min(layer.shape) >= 1
        if isinstance(layer.op, Addition):
            assert len(set(shapes)) == 1
        if isinstance(layer.op, Concatenation):
            assert len({shape[:2] for shape in shapes}) == 1
        if isinstance(layer.op, Convolution):
            assert shapes[0][2] % layer.op.groups == 0
            assert layer.op.filters % layer.op.groups == 0
    used = {name for layer in graph for name in layer.inputs}
    assert seen - used == {graph.output.name}
    if isinstance(spec, VGGSpec) or spec.head.pool != "none":
        assert graph.classes == spec.classes


@settings(max_examples=50, deadline=None)
@given(resnets())
def test_without_a_norm_there_is_none(spec):
    bare = spec.model_copy(
        update={"normalization": spec.normalization.model_copy(update={"kind": "none"}), "zero_init_residual": False}
    )
    assert not any(isinstance(layer.op, BatchNormalization) for layer in expand(bare))


def test_a_max_pool_of_the_stem_is_padded_as_in_the_papers():
    assert expand(preset("resnet18")).by_name["stem.pool"].op == MaxPooling(3, 2, 1)


def inside(spec, block):
    """The layers of a block by the names they have within it, with their operations."""
    graph = expand(spec)
    (found,) = [b for b in graph.blocks if b.name == block]
    return {layer.name.removeprefix(f"{block}."): layer for layer in graph.layers_of(found)}


def test_a_design_of_which_nothing_is_said_is_resnet18():
    assert ResNetSpec() == preset("resnet18")


# He 2016, Figure 4 (a) to (e), from the top of each column to its bottom
FIGURE_4 = {
    "post": "conv1 norm1 act1 conv2 norm2 add act",
    "norm-after-addition": "conv1 norm1 act1 conv2 add norm act",
    "activation-before-addition": "conv1 norm1 act1 conv2 norm2 act2 add",
    "activation-only-pre": "act1 conv1 norm1 act2 conv2 norm2 add",
    "pre": "norm1 act1 conv1 norm2 act2 conv2 add",
}


@pytest.mark.parametrize("order", FIGURE_4)
def test_an_order_is_that_of_figure_4_of_he_2016(order):
    assert " ".join(inside(preset("resnet18", order=order), "stage1.block2")) == FIGURE_4[order]


@pytest.mark.parametrize(
    ("order", "stem", "head", "projection"),
    [
        ("post", "conv norm act pool", "pool classifier", "conv norm"),
        ("norm-after-addition", "conv norm act pool", "pool classifier", "conv"),
        ("activation-before-addition", "conv norm act pool", "pool classifier", "conv norm"),
        ("activation-only-pre", "conv norm pool", "act pool classifier", "conv norm"),
        ("pre", "conv pool", "norm act pool classifier", "conv"),
    ],
)
def test_what_blocks_leave_undone_stands_in_the_stem_or_the_head(order, stem, head, projection):
    spec = preset("resnet18", order=order)
    assert " ".join(inside(spec, "stem")) == stem
    assert " ".join(inside(spec, "head")) == head
    around = [name for name in inside(spec, "stage2.block1") if name.startswith("shortcut.")]
    assert " ".join(around).replace("shortcut.", "") == projection


SHARED = {
    "never": ("stem.conv", "stage1.block2.add", "stage1.block3.add"),
    "project": ("stem.conv", "stage1.block2.add", "stage2.block1.act1"),
    "first": ("stage1.block1.act1", "stage1.block2.add", "stage2.block1.act1"),
    "always": ("stage1.block1.act1", "stage1.block3.act1", "stage2.block1.act1"),
}


@pytest.mark.parametrize("shared", SHARED)
def test_shortcuts_start_before_or_after_the_first_activation(shared):
    """Of the network's first block, an identity, and one that changes the shape."""
    graph = expand(preset("preresnet110_cifar10", shared_preactivation=shared, stages=[
        {"blocks": 3, "width": 16}, {"blocks": 1, "width": 32, "stride": 2}]))  # fmt: skip
    starts = (
        graph.by_name["stage1.block1.add"].inputs[1],
        graph.by_name["stage1.block3.add"].inputs[1],
        graph.by_name["stage2.block1.shortcut.subsample"].inputs[0],
    )
    assert starts == SHARED[shared]


def test_biases_stand_where_no_norm_follows():
    """keras.applications V2: the stem, the projections and the last convolution of each block."""
    graph = expand(preset("keras_resnet50v2"))
    biased = {layer.name for layer in graph if isinstance(layer.op, Convolution) and layer.op.bias}
    assert {"stem.conv", "stage1.block1.shortcut.conv", "stage1.block1.conv3"} <= biased
    assert not {"stage1.block1.conv1", "stage1.block1.conv2"} & biased
    after = expand(preset("resnet18", order="norm-after-addition", bias="unnormalized"))
    assert not any(layer.op.bias for layer in after if isinstance(layer.op, Convolution))
    bare = preset("resnet18", normalization={"kind": "none"}, bias="unnormalized")
    assert all(layer.op.bias for layer in expand(bare) if isinstance(layer.op, Convolution))


def test_senet154_halves_the_first_convolution_and_projects_by_3x3():
    block = inside(preset("senet154"), "stage2.block1")
    assert [block[f"conv{i}"].op.filters for i in (1, 2, 3)] == [256, 512, 512]
    assert block["conv2"].op.groups == 64
    assert (block["shortcut.conv"].op.kernel, block["shortcut.conv"].op.stride) == (3, 2)
    assert inside(preset("senet154"), "stage1.block1")["shortcut.conv"].op.kernel == 1


@pytest.mark.parametrize(("name", "pool"), [("resnetblur50", BlurPooling(2)), ("resnetaa50", AveragePooling(2, 2))])
def test_what_a_convolution_was_to_skip_is_smoothed_after_its_activation(name, pool):
    block = inside(preset(name), "stage2.block1")
    assert block["conv2"].op.stride == 1
    assert block["antialias"].op == pool
    assert block["antialias"].inputs == ("stage2.block1.act2",)
    assert block["conv3"].inputs == ("stage2.block1.antialias",)
    assert "antialias" not in inside(preset(name), "stage1.block1")


def test_dropout_stands_before_the_last_convolution():
    """Zagoruyko 2016, section 2.4: between the convolutions, after the activation."""
    assert list(inside(preset("wrn28_10_dropout_cifar10"), "stage1.block2")) == [
        "norm1", "act1", "conv1", "norm2", "act2", "dropout", "conv2", "add",
    ]  # fmt: skip


def test_branches_are_dropped_more_often_the_deeper_they_stand():
    """Huang 2016: linearly from 0 at the first of 54 blocks to 0.5 at the last."""
    graph = expand(preset("resnet110_stochastic_depth_cifar10"))
    rates = [layer.op.rate for layer in graph if isinstance(layer.op, StochasticDepth)]
    assert len(rates) == 53
    assert rates == pytest.approx([0.5 * i / 53 for i in range(1, 54)])
    assert graph.by_name["stage3.block18.add"].inputs[0] == "stage3.block18.drop"


def test_a_layer_scale_ends_the_branch():
    block = inside(preset("resnet50", layer_scale=1e-6), "stage1.block2")
    assert list(block)[-4:] == ["norm3", "scale", "add", "act"]
    assert block["scale"].op.initial == 1e-6


def test_a_constant_multiplies_what_comes_by_a_shortcut_and_another_the_branch():
    """He 2016, Figure 2 (b): the identity is none any more, a projection still is one."""
    spec = preset("resnet18", shortcut_scale=0.5, branch_scale=0.25, cut_shortcuts=("stage2.block2",))
    block = inside(spec, "stage1.block2")
    assert list(block)[-5:] == ["norm2", "rescale", "shortcut.rescale", "add", "act"]
    assert block["add"].inputs == ("stage1.block2.rescale", "stage1.block2.shortcut.rescale")
    assert block["shortcut.rescale"].inputs == ("stage1.block1.act",)
    assert [block[name].op.scale for name in ("rescale", "shortcut.rescale")] == [0.25, 0.5]
    kinds = [block.shortcut for block in expand(spec).blocks if block.stage.startswith("stage")]
    assert kinds == ["scaled", "scaled", "projection", "cut", *["projection", "scaled"] * 2]
    assert "rescale" not in inside(spec, "stage2.block2")


@pytest.mark.parametrize("kind", ["shortcut", "exclusive"])
def test_a_gate_reads_what_goes_into_its_block_and_has_a_number_for_each_pixel_and_channel(kind):
    """He 2016, section 3.1: g(x) = sigmoid(W x + b), W of 1x1; the shortcut times 1 - g(x)."""
    spec = preset("resnet18", shortcut_gate=kind, shortcut_gate_bias=-5.0)
    graph = expand(spec)
    block = inside(spec, "stage2.block1")
    conv = block["shortcut.gate.conv"]
    assert (conv.op.filters, conv.op.kernel, conv.op.stride, conv.op.first_bias) == (128, 1, 2, -5.0)
    assert conv.inputs == ("stage1.block2.act",)
    assert conv.shape == block["shortcut.gate.scale"].shape == block["add"].shape == (28, 28, 128)
    carried = ("stage2.block1.shortcut.norm", "stage2.block1.shortcut.gate.carry")
    assert block["shortcut.gate.scale"].inputs == carried
    branch = "stage2.block1.norm2" if kind == "shortcut" else "stage2.block1.shortcut.gate.branch"
    assert block["add"].inputs == (branch, "stage2.block1.shortcut.gate.scale")
    assert {block.shortcut for block in graph.blocks} == {"none", "gated", "projection"}
    # a matrix and a bias more in each of the blocks: 64 to 64 twice, 64 to 128 and 128 to 128, and so on
    gates = sum(
        a * b + b for a, b in [(64, 64), (64, 64), *[p for n in (64, 128, 256) for p in [(n, 2 * n), (2 * n, 2 * n)]]]
    )
    assert costs(spec).parameters - costs(preset("resnet18")).parameters == gates
    assert costs(spec).depth == 18  # gates are no part of the longest path


@pytest.mark.parametrize(
    ("name", "last", "gain"), [("resnet18", "norm2", 8 ** -(1 / 2)), ("resnet50", "norm3", 16 ** -(1 / 4))]
)
def test_fixup_scales_first_weights_by_depth_and_adds_scalars(name, last, gain):
    """Zhang 2019, section 3: L^(-1 / (2m - 2)) for m layers a branch, zero for its last, biases around each."""
    spec = preset(name, normalization={"kind": "fixup"})
    block = inside(spec, "stage1.block2")
    count = int(last[-1])
    steps = [step for i in range(1, count) for step in (f"shift{i}", f"conv{i}", f"bias{i}", f"act{i}")]
    ends = [f"shift{count}", f"conv{count}", "scale", f"bias{count}", "add", "act"]
    assert list(block) == [*steps, *ends]
    gains = [block[f"conv{i}"].op.gain for i in range(1, count + 1)]
    assert gains == pytest.approx([*[gain] * (count - 1), 0])
    head = inside(spec, "head")
    assert list(head) == ["pool", "bias", "classifier"]
    assert head["classifier"].op.gain == 0
    assert inside(preset(name), "head")["classifier"].op.gain == 1
    assert expand(spec).by_name["stage2.block1.shortcut.conv"].inputs == ("stage2.block1.shift1",)


def test_branches_that_begin_at_zero_do_so_by_their_last_norm():
    graph = expand(preset("resnet50", zero_init_residual=True))
    zero = [layer.name for layer in graph if isinstance(layer.op, BatchNormalization) and layer.op.starts_at_zero]
    assert zero == [f"{block.name}.norm3" for block in graph.blocks if block.kind == "bottleneck"]


@pytest.mark.parametrize(
    ("channels", "kernel"), [(1, 3), (4, 3), (64, 3), (128, 5), (256, 5), (512, 5), (1024, 5), (2048, 7)]
)
def test_a_channel_attentions_kernel_is_that_of_the_authors_code(channels, kernel):
    """github.com/BangguWu/ECANet, as in timm: int(|log2(C) + 1| / 2), the next odd number, at least 3."""
    assert EfficientChannelAttention().kernel(channels) == kernel


@pytest.mark.parametrize(
    ("ratio", "divisor", "channels", "reduced"),
    [
        (1 / 16, 8, 64, 8),
        (1 / 16, 8, 2048, 128),
        (0.25, 8, 256, 64),
        (1 / 16, 1, 40, 3),
        (1 / 16, 16, 320, 16),
        (1 / 16, 16, 400, 32),
    ],
)
def test_a_gates_reduced_width_is_rounded_as_timm_rounds(ratio, divisor, channels, reduced):
    assert SqueezeExcitation(ratio=ratio, divisor=divisor).reduced(channels) == reduced


def test_a_gate_reads_the_mean_of_what_it_scales():
    block = inside(preset("ecaresnet50d"), "stage1.block2")
    assert [name for name in block if name.startswith("gate")] == [
        "gate.pool",
        "gate.conv",
        "gate.sigmoid",
        "gate.scale",
    ]
    assert block["gate.pool"].inputs == block["gate.scale"].inputs[:1] == ("stage1.block2.norm3",)
    assert block["gate.scale"].inputs[1] == "stage1.block2.gate.sigmoid"
    assert block["add"].inputs[0] == "stage1.block2.gate.scale"


def test_a_deep_stem_has_its_stride_first():
    stem = inside(preset("resnet50t"), "stem")
    assert list(stem) == ["conv1", "norm1", "act1", "conv2", "norm2", "act2", "conv3", "norm3", "act3", "pool"]
    convolutions = [stem[f"conv{i}"].op for i in (1, 2, 3)]
    assert [(op.filters, op.kernel, op.stride) for op in convolutions] == [(24, 3, 2), (32, 3, 1), (64, 3, 1)]


STEM_POOLS = {
    "max": {"pool": MaxPooling(3, 2, 1)},
    "max-zero-padded": {"pool": MaxPooling(3, 2, 1, zeros=True)},
    "max-blur": {"pool.max": MaxPooling(3, 1, 1), "pool": BlurPooling(2)},
    "average": {"pool": AveragePooling(2, 2)},
    "convolution": {"pool.conv": Convolution(64, 3, 2)},
    "none": {},
}


@pytest.mark.parametrize("pool", STEM_POOLS)
def test_a_stem_ends_with_its_pool(pool):
    stem = inside(preset("resnet50", stem={"pool": pool}), "stem")
    pools = {name: layer.op for name, layer in stem.items() if name.startswith("pool")}
    assert {name: op for name, op in pools.items() if name in STEM_POOLS[pool]} == STEM_POOLS[pool]
    assert len(pools) == len(STEM_POOLS[pool]) + 2 * (pool == "convolution")  # its norm and activation


def test_a_patch_stem_reads_tiles():
    spec = preset("resnet50", stem={"kernel": 4, "stride": 4, "patch": True, "pool": "none"}, input_shape=(227, 224, 3))
    (conv, *_) = inside(spec, "stem").values()
    assert conv.shape == (56, 56, 64)


HEADS = [
    ({}, [GlobalAveragePooling(), Dense(1000)]),
    ({"pool": "average-max"}, [GlobalAverageMaxPooling(), Dense(1000)]),
    ({"dropout": 0.2}, [GlobalAveragePooling(), Dropout(0.2), Dense(1000)]),
    ({"hidden": (64, 32)}, [GlobalAveragePooling(), Dense(64), Activation("relu"), Dense(32), Activation("relu"),
                            Dense(1000)]),
    ({"pool": "none"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("head", "ops"), HEADS, ids=str)
def test_a_head_has_what_it_is_said_to_have(head, ops):
    graph = expand(preset("resnet18", head=head))
    assert [layer.op for layer in graph if layer.name.startswith("head.")] == ops
    assert [block.name for block in graph.blocks][-1] == ("head" if ops else "stage4.block2")


@pytest.mark.parametrize(
    ("norm", "op"),
    [
        ({"kind": "batch", "epsilon": 1e-3, "momentum": 0.99}, BatchNormalization(1e-3, 0.99)),
        ({"kind": "group", "groups": 16}, GroupNormalization(16, 1e-5)),
        ({"kind": "layer"}, GroupNormalization(1, 1e-5)),
    ],
)
def test_every_norm_is_of_the_kind_that_is_said(norm, op):
    graph = expand(preset("resnet18", normalization=norm))
    assert {layer.op for layer in graph if ".norm" in layer.name} == {op}


def test_first_weights_and_standardisation_are_those_of_every_convolution():
    spec = preset("resnet18", initializer="orthogonal", normalization={"weight_standardization": True})
    convolutions = [layer.op for layer in expand(spec) if isinstance(layer.op, Convolution)]
    assert {(op.initializer, op.standardized, op.gain) for op in convolutions} == {("orthogonal", True, 1.0)}


@pytest.mark.parametrize("name", ["resnet20_cifar10", "densenet121"])
def test_only_the_first_convolution_of_a_stem_whitens_and_it_has_no_bias(name):
    stem = {"kernel": 3, "stride": 1, "widths": (54, 16), "pool": "none", "whitening": True}
    graph = expand(preset(name, stem=stem, **({} if "dense" in name else {"bias": "all"})))
    convolutions = [layer for layer in graph if isinstance(layer.op, Convolution)]
    assert [layer.name for layer in convolutions if layer.op.frozen] == ["stem.conv1"]
    assert convolutions[0].op == Convolution(54, 3, initializer="whitening")
    plain = expand(preset(name, stem={**stem, "whitening": False}))
    assert [layer.name for layer in plain] == [layer.name for layer in graph]


def test_a_dense_block_is_that_of_huang_2017():
    assert list(inside(preset("densenet121"), "stage1.block2")) == [
        "norm1", "act1", "conv1", "norm2", "act2", "conv2", "concat",
    ]  # fmt: skip
    assert list(inside(preset("densenet40_12_cifar10"), "stage1.block2")) == ["norm1", "act1", "conv1", "concat"]
    block = inside(preset("densenet121"), "stage1.block2")
    assert [(block[f"conv{i}"].op.filters, block[f"conv{i}"].op.kernel) for i in (1, 2)] == [(128, 1), (32, 3)]
    assert block["concat"].inputs == ("stage1.block2.conv2", "stage1.block1.concat")


def test_a_transition_halves_the_channels_and_the_map():
    graph = expand(preset("densenet121"))
    steps = [layer for layer in graph if layer.name.startswith("stage1.transition")]
    assert [layer.name.rpartition(".")[2] for layer in steps] == ["norm", "act", "conv", "pool"]
    assert [layer.shape for layer in steps] == [(56, 56, 256), (56, 56, 256), (56, 56, 128), (28, 28, 128)]
    assert [b.kind for b in graph.blocks if b.stage == "stage1"] == ["dense"] * 6 + ["transition"]
    assert not any(name.startswith("stage4.transition") for name in graph.by_name)


def test_a_dense_network_of_small_images_leaves_its_first_map_to_the_first_block():
    assert list(inside(preset("densenet_bc100_12_cifar10"), "stem")) == ["conv"]
    assert list(inside(preset("densenet121"), "stem")) == ["conv", "norm", "act", "pool"]


def test_zero_padding_skips_no_pixel_where_only_channels_grow():
    block = inside(preset("resnet20_cifar10", stages=[{"blocks": 1, "width": 32}]), "stage1.block1")
    assert [name for name in block if name.startswith("shortcut")] == ["shortcut.pad"]
