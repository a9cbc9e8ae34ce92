"""Every axis that applies has its row on the Design page: a control, a sentence, a source, and what it costs."""

import html
import re

import pytest
from reading import as_read
from test_design import grouped, segmented, spec_of, strip_of, whole

from resnet_tf.design.axes import AXES
from resnet_tf.design.costs import costs
from resnet_tf.design.links import to_link
from resnet_tf.design.offers import axes, offers, value_of
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError

# between them every axis applies to one
DESIGNS = {
    "resnet50": preset("resnet50"),
    "seresnet18": preset("seresnet18"),
    "ecaresnet50d": preset("ecaresnet50d"),
    "pre-activated, group norm": preset("resnetv2_50d_gn"),
    "cut": preset("resnet18", cut_shortcuts=("stage1.block2",)),
    "gated": preset("resnet20_cifar10", shortcut_gate="exclusive"),
    "fixup": preset("resnet20_cifar10", normalization={"kind": "fixup"}),
    "patches": preset("resnet18", stem={"kernel": 4, "stride": 4, "pool": "none", "patch": True}),
    "without a head": preset("resnet18", head={"pool": "none"}),
    "plain": preset("plain18"),
    "densenet121": preset("densenet121"),
    "dense, group norm": preset("densenet_bc100_12_cifar10", normalization={"kind": "group", "groups": 6}),
    "one dense stage": preset("densenet121", stages=({"blocks": 4},)),
    "vgg16": preset("vgg16"),
}
IMPLIED = {"block": {"expansion"}, "stem.patch": {"stem.stride"}}  # by an edit that leaves them no other value
CONTROLS = ("number_input", "text_input", "selectbox", "segmented_control", "toggle")
STEPS = {"k": 1e3, "M": 1e6, "G": 1e9}


def groups_of(page):
    return next(each for each in page.pills if each.key == "group").options


def everywhere(page):
    """The page with each of its groups open, one after another, and first with none."""
    yield None, page
    for group in groups_of(page):
        yield group, grouped(page, group)


def rows_of(page):
    """The axes whose controls are on the page: `stages.width` for all stages."""
    fields = {re.sub(r"^stage\d+\.", "stages.", key) for key in controls_of(page)} - {"preset", "stem"}
    return {"stem.pool" if field == "pool" else field for field in fields}


def notes_of(page):
    """What the rows of the opened group say: the sentence, the source, and (value, cost) for each other value."""
    for block in (each.value for each in page.html if 'class="axis"' in each.value):
        text = html.unescape(block)
        said, source = re.search(r"<p>(.*?) <cite[^>]*>(.*?)</cite>", text).groups()
        yield said, source, re.findall(r"<li><span>(.*?)</span><span>(.*?)</span></li>", text)


def test_the_designs_here_have_every_axis():
    assert {(spec.family, axis.field) for spec in DESIGNS.values() for axis in axes(spec)} == {
        (family, axis.field) for family, rows in AXES.items() for axis in rows
    }


@pytest.mark.parametrize("spec", DESIGNS.values(), ids=DESIGNS)
def test_a_design_shows_the_axes_that_apply_to_it_and_no_others(visit, spec):
    page, shown, notes = visit(to_link(spec)), set(), []
    for group, opened in everywhere(page):
        assert whole(opened), group
        assert not opened.warning
        shown |= rows_of(opened)
        notes += notes_of(opened) if group else []
    assert shown == {axis.field for axis in AXES[spec.family] if axis.applies(spec)}
    helps = as_read(" ".join(str(each.help) for each in controls_of(page).values()))
    heads = " ".join(html.unescape(each.value) for each in page.html if 'class="heads"' in each.value)
    for axis in axes(spec):
        said = {sentence: source for sentence, source, _ in notes}
        assert said.get(axis.does) == axis.source.partition(",")[0] or all(
            words in helps or words in heads for words in (axis.does, axis.source)
        ), axis.field


def test_only_the_opened_group_is_built(visit):
    page = visit("resnet50")
    assert not list(notes_of(page))
    assert "activation" not in rows_of(page)
    grouped(page, "Norm")
    assert {"activation", "normalization.kind"} <= rows_of(page)
    assert not {"attention.kind", "initializer"} & rows_of(page)


def differing(a, b):
    """The axes in which two designs of a family differ. A gate of another kind has other fields: they are its own."""
    a, b = a.model_dump(), b.model_dump()
    fields = {axis.field for axis in AXES[a["family"]] if value_of(a, axis.field) != value_of(b, axis.field)}
    others = {field for field in fields if not field.startswith("attention.")}
    return {*others, "attention.kind"} if "attention.kind" in fields else fields


def another(spec, axis):
    """Another value of an axis that makes a network of this design without taking another field along."""
    legal = {offer.value: differing(spec, offer.spec) for offer in offers(spec, axis) if offer.spec is not None}
    if not legal:
        return 2 * value_of(spec.model_dump(), axis.field)
    return min(legal, key=lambda value: len(legal[value]))


def controls_of(page):
    """The page's controls by the field that they edit; a stage's by its own number."""
    return {each.key.removeprefix("edit."): each for kind in CONTROLS for each in page.get(kind)
            if each.key.startswith("edit.")}  # fmt: skip


def put(page, field, value):
    """Edits a field by its control, in each stage where it is the stages'."""
    whole, _, part = field.partition(".")
    values = {f"stage{i}.{part}": each for i, each in enumerate(value)} if whole == "stages" else {field: value}
    for key, each in values.items():
        control = controls_of(page)[key]
        text = ", ".join(map(str, each)) if control.type == "text_input" and isinstance(each, tuple) else each
        control.set_value("" if text is None else text).run()


@pytest.mark.parametrize(
    ("name", "group"),
    [("resnet50", None), ("seresnet18", "Attention"), ("ecaresnet50d", "Attention"), ("densenet121", None),
     ("pre-activated, group norm", "Shortcuts"), ("pre-activated, group norm", "Norm"), ("vgg16", None)],
)  # fmt: skip
def test_editing_an_axis_changes_that_field_and_no_other(visit, name, group):
    spec, edited = DESIGNS[name], set()
    for opened, page in everywhere(visit(to_link(spec))):
        for axis in axes(spec):
            if axis.field in edited or axis.field not in rows_of(page) or group not in (None, axis.group):
                continue
            if axis.field == "stem.pool" and opened != "Stem":
                continue  # the switch beside the stem has only some of its values
            put(page, axis.field, another(spec, axis))
            assert whole(page), axis.field
            assert not page.warning, axis.field
            assert differing(spec, spec_of(page)) == {axis.field} | IMPLIED.get(axis.field, set())
            edited.add(axis.field)
            while spec_of(page) != spec:  # the stages' table takes a step for each stage
                page.button(key="bar.undo").click().run()
    assert group or edited == {axis.field for axis in axes(spec)}


def number(text):
    """The number and the kind of each part of a cost: `+2.53 M parameters, −0.06 % MACs`."""
    parts = {}
    for sign, digits, step, kind in re.findall(r"([+−])([\d.,]+) ?([kMG%]?) (parameters|MACs|FLOPs)", text):
        parts[kind] = (-1 if sign == "−" else 1) * float(digits.replace(",", "")) * STEPS.get(step, 1)
    return parts


@pytest.mark.parametrize("name", ["resnet50", "seresnet18", "densenet121", "vgg16"])
def test_the_costs_shown_are_those_of_the_counted_networks(visit, name):
    spec = DESIGNS[name]
    now, seen = costs(spec), 0
    for group, page in everywhere(visit(to_link(spec))):
        by_sentence = {axis.does: axis for axis in axes(spec) if axis.group == group}
        for said, _, lines in notes_of(page) if group else []:
            for words, cost in lines:
                offer = next(each for each in offers(spec, by_sentence[said]) if words in (each.words, "Any other"))
                seen += 1
                if cost.startswith("not here: "):
                    assert offer.spec is None
                    continue
                then = costs(offer.spec)
                shown = number(cost)
                more = then.trainable_parameters - now.trainable_parameters
                assert shown.get("parameters", 0) == pytest.approx(more, rel=6e-3)
                macs = 100 * (then.macs - now.macs) / now.macs
                assert shown.get("MACs", 0) == pytest.approx(macs, rel=6e-3)
                if "FLOPs" in shown:
                    assert shown["FLOPs"] == pytest.approx(100 * (then.flops - now.flops) / now.flops, rel=6e-3)
                assert shown or cost == "no parameters, no MACs"
    assert seen


def test_squeeze_and_excitation_costs_what_hu_2018_says(visit):
    page = grouped(visit("resnet50"), "Attention")
    [(_, source, lines)] = notes_of(page)
    assert source == "Hu et al. 2018"
    # their Table: ResNet-50 of 25.6 M parameters grows by about 2.5 M
    assert dict(lines)["Squeeze and excitation"] == "+2.53 M parameters, +0.0615 % MACs"


@pytest.mark.parametrize(
    ("name", "errors"),
    # He 2016, Table 2: ResNet-110 of basic blocks, ResNet-164 of bottlenecks
    [("resnet110_cifar10", ("6.61", "8.17", "7.84", "6.71", "6.37")),
     ("resnet50", ("5.93", "6.50", "6.14", "5.91", "5.46"))],
)  # fmt: skip
def test_each_of_the_five_orders_has_its_published_error_beside_it(visit, name, errors):
    options = visit(name).selectbox(key="edit.order").options
    assert [re.search(r"· ([\d.]+) % error$", option)[1] for option in options] == [*errors]


def test_max_pool_or_strided_convolution_is_one_switch_with_its_cost_in_sight(visit):
    page = visit()
    assert segmented(page, "edit.pool").options == ["Max-pool", "Strided 3×3"]
    assert any(each.value == "Strided 3×3: +37.0 k parameters, +6.37 % MACs" for each in page.caption)
    segmented(page, "edit.pool").set_value("convolution").run()
    assert spec_of(page) == preset("resnet18", stem={"pool": "convolution"})
    assert f"{11_689_512 + 9 * 64 * 64 + 2 * 64:,} trainable parameters" in strip_of(page)
    segmented(page, "edit.pool").set_value("max").run()
    assert spec_of(page) == preset("resnet18")


def test_a_pool_of_another_kind_stands_beside_the_two(visit):
    assert segmented(visit("resnetblur50"), "edit.pool").options == ["Max-pool", "Strided 3×3", "Blurred max"]
    assert segmented(visit("resnet20_cifar10"), "edit.pool").options == ["Max-pool", "Strided 3×3", "None"]


def test_another_kind_of_stem_keeps_the_pool_where_it_has_one(visit):
    page = visit("resnetrs50")
    segmented(page, "edit.stem").set_value("7×7").run()
    assert spec_of(page).stem.pool == "convolution"
    segmented(page, "edit.stem").set_value("One 3×3").run()
    assert (spec_of(page).stem.pool, spec_of(page).stem.stride) == ("none", 1)
    segmented(page, "edit.stem").set_value("Patch").run()
    assert spec_of(page).stem.patch


def test_what_makes_no_network_is_not_offered_and_says_why(visit):
    page = grouped(visit("densenet121"), "Norm")
    assert "Fixup" not in page.selectbox(key="edit.normalization.kind").options
    reasons = {words: cost for _, _, lines in notes_of(page) for words, cost in lines if "not here" in cost}
    assert list(reasons) == ["Fixup"]
    assert "Fixup is for branches that are added" in reasons["Fixup"]
    page = visit("resnet20_cifar10")
    with pytest.raises(SpecError):
        edit(preset("resnet110_fixup_cifar10"), order="pre")
    options = visit("resnet110_fixup_cifar10").selectbox(key="edit.order").options
    assert [option.partition(" ·")[0] for option in options] == ["Original (2015)"]


def test_an_edit_that_hides_another_field_takes_it_along_without_a_refusal(visit):
    page = visit(to_link(preset("resnetv2_50", shared_preactivation="always")))
    page.selectbox(key="edit.order").select("post").run()
    assert not page.warning
    assert spec_of(page) == preset("resnet50")
    page = grouped(visit("resnet20_cifar10"), "Norm")
    page.selectbox(key="edit.normalization.kind").select("group").run()
    assert not page.warning
    assert spec_of(page).normalization.groups == 16


def test_a_densenet_grows_by_its_own_controls(visit):
    page = visit("densenet121")
    page.button(key="stages.+ stage").click().run()
    assert [stage.blocks for stage in spec_of(page).stages] == [6, 12, 24, 16, 16]
    page.button(key="stages.− stage").click().run()
    page.button(key="stages.× 2").click().run()
    assert (spec_of(page).growth, spec_of(page).stem.widths) == (64, (128,))
    page.button(key="stages.÷ 2").click().run()
    page.number_input(key="edit.growth").set_value(24).run()
    page.number_input(key="edit.compression").set_value(1.0).run()
    page.number_input(key="edit.stage0.blocks").set_value(3).run()
    changed = preset("densenet121", growth=24, compression=1.0,
                     stages=[{"blocks": n} for n in (3, 12, 24, 16)])  # fmt: skip
    assert spec_of(page) == changed
    assert f"{costs(changed).trainable_parameters:,} trainable parameters" in strip_of(page)


@pytest.mark.parametrize("place", ["train", "compare", "export"])
@pytest.mark.parametrize("name", ["without a head", "densenet121", "vgg16"])
def test_every_page_takes_every_family(visit, name, place):
    page = visit(to_link(DESIGNS[name])).switch_page(f"views/{place}.py").run()
    assert not page.exception
    errors = [each.value for each in page.error]
    if (name, place) == ("without a head", "train"):
        assert len(errors) == 1
        assert "without a head the network gives maps" in errors[0]
        assert next(each for each in page.button if each.key == "train.start").disabled
    else:
        assert not errors
