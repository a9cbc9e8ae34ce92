"""The Design page, driven as a visitor drives it; no TensorFlow."""

import gzip
import io
import json
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from reading import as_read

from app import state
from resnet_tf.design.costs import costs
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.runs.failures import WorkbenchError

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
ROWS = json.loads((FIXTURES / "references.json").read_text())
PUBLISHED = {row["name"]: row["trainable_parameters"] for row in ROWS}


def spec_of(page):
    return from_link(shown_link(page))


def shown_link(page):
    link = page.query_params["design"]
    return link[0] if isinstance(link, list) else link


def strip_of(page):
    return next(html.value for html in page.html if 'class="strip"' in html.value)


def said(element):
    """What an alert says, as one reads it."""
    return as_read(element.value)


def grouped(page, group):
    """The page with a group of axes open."""
    page.session_state["group"] = group
    return page.run()


def opened(page, *keys):
    """The page with these popovers open."""
    for key in keys:
        page.session_state[key] = True
    return page.run()


def drawn_on(page):
    """The canvas as the page sends it."""
    sent = (each.proto for each in page.get("bidi_component"))
    return next(proto for proto in sent if proto.component_name == "resnet_tf.canvas")


def drawn(page):
    """The names of the parts on the canvas: the first of each run of blocks that are alike, and how many."""
    return {first: count for _, _, first, count, *_ in json.loads(drawn_on(page).json)[0]["picture"]["runs"]}


def segmented(page, key):
    return next(each for each in page.get("segmented_control") if each.key == key)


def whole(page):
    """Whether the page was drawn to its end: no exception, no sentence of the last net."""
    return not page.exception and not page.error and bool(strip_of(page))


def test_the_first_visit_shows_resnet18_counted_and_in_the_address(visit):
    page = visit()
    assert whole(page)
    assert shown_link(page) == "resnet18"
    assert f"{11_689_512:,} trainable parameters" in strip_of(page)
    assert "0.0814 × VGG-19" in strip_of(page)


@pytest.mark.parametrize("name", ["resnet152", "resnet1202_cifar10", "vgg19", "seresnet50", "resnext101_32x8d"])
def test_a_preset_is_shown_with_its_published_parameters(visit, name):
    page = visit()
    page.selectbox(key="edit.preset").select(name).run()
    assert whole(page)
    assert shown_link(page) == name
    assert f"{PUBLISHED[name]:,} trainable parameters" in strip_of(page)


def test_every_preset_is_drawn_without_an_error(visit):
    page = visit()
    for name in PRESETS:
        page.query_params["design"] = name
        page.session_state["desk"] = _long_ago(page.session_state["desk"])
        page.run()
        assert whole(page), name
        assert shown_link(page) == name


def _long_ago(desk):
    """The desk as it is when the address has long been written: a new address is then a visitor's."""
    return replace(desk, written=desk.written - 60)


def test_who_comes_back_from_another_page_finds_the_picture_as_it_was(visit):
    page = visit()
    segmented(page, "level").set_value("layer").run()
    page.switch_page("views/train.py").run()
    page.switch_page("views/design.py").run()
    assert whole(page)
    assert segmented(page, "level").value == "layer"


def test_an_edit_changes_numbers_picture_and_address(visit):
    page = visit()
    page.number_input(key="edit.stage0.blocks").set_value(5).run()
    assert whole(page)
    assert spec_of(page).stages[0].blocks == 5
    assert "+6 since last" in strip_of(page)  # three basic blocks of two layers each
    assert drawn(page)["stage1.block1"] == 1  # a stage begins with its shape on the line
    assert drawn(page)["stage1.block2"] == 4


def test_a_stage_that_is_turned_stands_unfolded_until_the_level_changes(visit):
    page = visit("resnet152")
    assert "stage3" in drawn(page)
    page.session_state["turned"] = frozenset({"stage3"})
    page.run()
    assert drawn(page)["stage3.block2"] == 35
    assert "stage2" in drawn(page)
    segmented(page, "level").set_value("block").run()
    segmented(page, "level").set_value("stage").run()
    assert "stage3" in drawn(page)


def test_a_block_kind_takes_its_expansion_along(visit):
    page = visit("resnet34")
    segmented(page, "edit.block").set_value("bottleneck").run()
    assert shown_link(page) == "resnet50"


def test_stages_are_added_removed_doubled_and_halved(visit):
    page = visit()
    for button, widths in [
        ("+ stage", (64, 128, 256, 512, 1024)), ("− stage", (64, 128, 256, 512)), ("× 2", (128, 256, 512, 1024)),
        ("÷ 2", (64, 128, 256, 512)),
    ]:  # fmt: skip
        page.button(key=f"stages.{button}").click().run()
        assert tuple(stage.width for stage in spec_of(page).stages) == widths
    assert shown_link(page) == "resnet18"


@pytest.mark.parametrize(
    ("group", "key", "value", "sentence", "nearest"),
    [
        (None, "edit.stage1.blocks", 0, "Stage 2 blocks must be at least 1; got 0", 1),
        (None, "edit.stage1.blocks", -3, "Stage 2 blocks must be at least 1; got -3", 1),
        (None, "edit.stage2.width", 0, "Stage 3 width must be at least 1; got 0", 1),
        (None, "edit.stage2.width", 70_000, "Stage 3 width must be at most 65,536; got 70,000", 65_536),
        (None, "edit.classes", 0, "Classes must be at least 1; got 0", 1),
        (None, "edit.classes", 10_000_000, "Classes must be at most 1,000,000; got 10,000,000", 1_000_000),
        ("Stem", "edit.stem.kernel", 4, "Stem kernel must be odd", 5),
        ("Norm", "edit.normalization.momentum", 1.0, "Normalization momentum must be less than 1", None),
    ],
)
def test_an_illegal_value_is_explained_and_the_last_design_stays(visit, group, key, value, sentence, nearest):
    page = grouped(visit(), group)
    page.number_input(key=key).set_value(value).run()
    assert whole(page)
    assert shown_link(page) == "resnet18"
    assert sentence in said(page.warning[0])
    assert page.number_input(key=key).value == value  # what was typed stays where it was typed
    if nearest is None:
        page.button(key="refused.keep").click().run()
        assert page.number_input(key=key).value != value
    else:
        page.button(key="refused.use").click().run()
        assert page.number_input(key=key).value == nearest
    assert not page.warning


def test_an_image_that_would_shrink_below_a_pixel_is_mended_in_one_click(visit):
    page = visit()
    page.number_input(key="edit.input_shape.0").set_value(4).run()
    assert "the map would shrink below 1 x 1" in said(page.warning[0])
    page.button(key="refused.use").click().run()
    assert not page.warning
    assert min(spec_of(page).input_shape[:2]) > 4


def test_groups_that_divide_no_width_are_mended_in_one_click(visit):
    page = grouped(visit("resnet50"), "Blocks")
    page.number_input(key="edit.groups").set_value(48).run()
    assert "divide into 48 groups" in said(page.warning[0])
    page.button(key="refused.use").click().run()
    assert not page.warning
    assert all(stage.width % 48 == 0 for stage in spec_of(page).stages)


def test_two_edits_that_are_only_legal_together_are_taken_together(visit):
    page = grouped(visit("resnet50"), "Blocks")
    page.number_input(key="edit.groups").set_value(48).run()
    for i, width in enumerate((96, 192, 384, 768)):
        page.number_input(key=f"edit.stage{i}.width").set_value(width).run()
    assert not page.warning
    assert spec_of(page).groups == 48
    assert [stage.width for stage in spec_of(page).stages] == [96, 192, 384, 768]


def test_undo_and_redo_walk_through_designs_with_their_names(visit):
    page = visit()
    page.selectbox(key="edit.preset").select("resnet50").run()
    page.number_input(key="edit.stage0.blocks").set_value(9).run()
    names = [page.session_state["desk"].name]
    for step in ("undo", "undo", "redo", "redo"):
        page.button(key=f"bar.{step}").click().run()
        names.append(page.session_state["desk"].name)
    assert names == ["ResNet-50, edited", "ResNet-50", "ResNet-18", "ResNet-50", "ResNet-50, edited"]
    assert spec_of(page).stages[0].blocks == 9
    assert page.button(key="bar.redo").disabled


def test_reset_can_be_undone(visit):
    page = visit("resnet101")
    page.button(key="bar.restart_alt").click().run()
    assert shown_link(page) == "resnet18"
    page.button(key="bar.undo").click().run()
    assert shown_link(page) == "resnet101"


def test_a_link_opens_the_same_design_elsewhere(visit):
    here = visit("wide_resnet50_2")
    here.number_input(key="edit.stage3.blocks").set_value(11).run()
    there = visit(shown_link(here))
    assert spec_of(there) == spec_of(here)
    assert there.number_input(key="edit.stage3.blocks").value == 11
    assert there.session_state["desk"].name == "Wide ResNet-50-2, edited"
    assert there.button(key="bar.undo").disabled


def test_a_step_back_in_the_browser_is_an_undo(visit):
    page = visit()
    page.number_input(key="edit.stage0.blocks").set_value(3).run()
    page.session_state["desk"] = _long_ago(page.session_state["desk"])
    page.query_params["design"] = "resnet18"
    page.run()
    assert page.number_input(key="edit.stage0.blocks").value == 2
    page.button(key="bar.redo").click().run()
    assert page.number_input(key="edit.stage0.blocks").value == 3


def test_an_address_that_is_older_than_the_last_edit_does_not_take_the_edit_back(visit):
    page = visit()
    page.number_input(key="edit.stage0.blocks").set_value(3).run()
    page.query_params["design"] = "resnet18"  # as a browser says it that has not yet heard of the edit
    page.run()
    assert spec_of(page).stages[0].blocks == 3


@pytest.mark.parametrize(
    "hostile",
    [
        "", "nonsense", "resnet5", "resnet18~", "resnet18~garbage", "resnet18~eJyrVs", "~", "a" * 9_000,
        "<script>alert(1)</script>", "resnet18~" + "A" * 7_000, "%00", "__import__('os')", "../../etc/passwd",
    ],
)  # fmt: skip
def test_a_hostile_address_gives_a_sentence_and_the_default_design(visit, hostile):
    page = visit(hostile)
    assert whole(page)
    assert shown_link(page) == "resnet18"
    assert "holds no design" in said(page.info[0])
    assert "Traceback" not in said(page.info[0])
    page.run()
    assert not page.info  # it is said once


def test_a_mistyped_preset_in_the_address_names_the_nearest(visit):
    page = visit("resnet51")
    assert "resnet50" in said(page.info[0])


def upload(page, name, data):
    """What the page does with an uploaded file, run inside it."""
    opened(page, "open")
    page.file_uploader(key="open.file").upload(name, data)
    return page.run()


def test_a_design_travels_through_json(visit):
    spec = preset("resnext50_32x4d", classes=7)
    page = upload(visit(), "mine.json", spec.model_dump_json().encode())
    assert spec_of(page) == spec
    assert page.session_state["desk"].name == "mine"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"[]", b'"resnet18"', b"\xff\xfe\x00", b'{"stages": []}', b'{"family": "transformer"}',
        b'{"layers": [1, 2, 3], "class_name": "Functional"}', b"[" * 100_000, b" " * 300_000,
        b'{"stages": [{"blocks": 1e999, "width": 8}]}', b'{"stages": [{"blocks": 99999999, "width": 8}]}',
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_a_file_that_holds_no_design_is_refused_in_a_sentence_and_nothing_is_lost(visit, data):
    page = visit("resnet34")
    page = upload(page, "foreign.json", data)
    assert whole(page)
    assert shown_link(page) == "resnet34"
    assert "holds no design" in said(page.info[0])
    assert "stays as it was" in said(page.info[0])


@pytest.mark.parametrize("style", ["canvas", "paper"])
def test_what_is_seen_is_offered_as_a_figure_in_four_formats(visit, style):
    page = visit()
    page.session_state["figure.style"] = style
    opened(page, "figure")
    assert whole(page)
    labels = {button.proto.label for button in page.get("download_button")}
    assert {"SVG", "PNG", "PDF", "TikZ"} <= labels


def test_a_network_of_keras_opens_as_a_design_and_says_what_was_left_out(visit):
    model = gzip.decompress((FIXTURES / "imported" / "keras_ResNet50.json.gz").read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("config.json", model)
    page = upload(visit(), "mine.keras", packed.getvalue())
    assert spec_of(page) == preset("keras_resnet50", initializer="glorot_uniform")
    assert page.session_state["desk"].name == "mine"
    assert "softmax" in said(page.info[0])


def test_a_name_of_another_library_opens_as_a_design_and_an_unknown_one_is_said(visit):
    page = visit()
    opened(page, "open")
    page.text_input(key="open.name").input("timm/resnet50d.a1_in1k").run()
    assert (spec_of(page), page.session_state["desk"].name) == (preset("resnet50d"), "ResNet-50-D")
    page.text_input(key="open.name").input("vit_base_patch16_224").run()
    assert "no network here is called 'vit_base_patch16_224'" in said(page.info[0])
    assert spec_of(page) == preset("resnet50d")


def test_a_saved_design_is_found_under_open_and_on_the_desk_again(visit, bench):
    bench.save_design("mine", preset("resnet50", classes=3))
    page = visit()
    opened(page, "open")
    page.selectbox(key="open.saved").select("mine").run()
    page.button(key="open.take").click().run()
    assert spec_of(page).classes == 3
    assert page.session_state["desk"].name == "mine"


def test_with_nothing_saved_the_list_says_what_to_do(visit):
    page = visit()
    opened(page, "open")
    assert any("No design is saved yet" in caption.value for caption in page.caption)


def test_saving_keeps_the_design_under_its_name(visit, bench):
    page = opened(visit("resnet50"), "save")
    next(each for each in page.text_input if each.label == "Name").set_value("  my  fifty ")
    next(each for each in page.button if each.label == "Save design").click().run()
    assert [(design.name, design.spec) for design in bench.designs()] == [("my fifty", preset("resnet50"))]
    assert page.session_state["desk"].name == "my fifty"
    assert "Saved as my fifty" in said(page.info[0])


def test_a_nameless_design_is_not_saved_and_the_sentence_says_why(visit, bench):
    page = opened(visit(), "save")
    next(each for each in page.text_input if each.label == "Name").set_value("   ")
    next(each for each in page.button if each.label == "Save design").click().run()
    assert bench.designs() == []
    assert "must not be empty" in page.error[0].value


def test_a_disk_that_cannot_be_written_is_a_sentence_and_the_design_stays(visit, bench, monkeypatch):
    def full(*_names):
        raise WorkbenchError("The design could not be saved: the disk is full")

    monkeypatch.setattr(bench, "save_design", full)
    page = opened(visit("resnet50"), "save")
    next(each for each in page.button if each.label == "Save design").click().run()
    assert not page.exception
    assert "the disk is full" in page.error[0].value
    assert shown_link(page) == "resnet50"


def test_saved_designs_that_cannot_be_read_are_a_sentence(visit, bench, monkeypatch):
    def gone():
        raise WorkbenchError("The records cannot be read: the database is gone")

    monkeypatch.setattr(bench, "designs", gone)
    page = visit("resnet50")
    opened(page, "open")
    assert not page.exception
    assert "the database is gone" in page.error[0].value
    assert strip_of(page)


def test_a_name_is_shown_as_it_is_and_never_as_markup(visit, bench):
    bench.save_design("**bold** $x$ <b>", preset("resnet18", classes=5))
    page = visit()
    opened(page, "open")
    page.selectbox(key="open.saved").select("**bold** $x$ <b>").run()
    page.button(key="open.take").click().run()
    assert "\\*\\*bold\\*\\* \\$x\\$ \\<b\\>" in page.markdown[0].value


def test_a_chosen_block_shows_its_formula_and_layers(visit):
    page = visit("resnet50")
    page.session_state["chosen"] = "stage2.block1"
    page.run()
    inside = "".join(html.value for html in page.html)
    assert "y = ReLU(F(x, {Wᵢ}) + Wₛ x)<" in inside
    assert "147,456" in inside  # 3 x 3 x 128 x 128, by hand
    page.session_state["chosen"] = "stage2.block2"
    page.run()
    assert "y = ReLU(F(x, {Wᵢ}) + x)<" in "".join(html.value for html in page.html)


def test_a_chosen_block_shows_the_lines_that_build_it(visit):
    page = visit("resnet50")
    page.session_state["chosen"] = "stage2.block1"
    page.run()
    assert not page.code
    opened(page, "lines")
    assert page.code[0].value.startswith("def shortcut(x, name, filters, stride):")
    assert page.code[0].value.endswith('x = block(x, f"stage{s}.block{b}", width, stride if b == 1 else 1)')


def test_the_shortcut_of_a_chosen_block_is_cut_and_restored_by_a_switch(visit):
    page = visit("resnet50")
    page.session_state["chosen"] = "stage2.block1"
    page.run()
    assert page.toggle(key="shortcut.stage2.block1").value
    page.toggle(key="shortcut.stage2.block1").set_value(False).run()
    assert whole(page)
    assert spec_of(page) == preset("resnet50", cut_shortcuts=["stage2.block1"])
    assert "y = ReLU(F(x, {Wᵢ}))<" in "".join(html.value for html in page.html)
    assert not page.toggle(key="shortcut.stage2.block1").value
    page.toggle(key="shortcut.stage2.block1").set_value(True).run()
    assert shown_link(page) == "resnet50"
    page.button(key="bar.undo").click().run()
    assert spec_of(page).cut_shortcuts == ("stage2.block1",)


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("resnet50", "stem"),
        ("plain34", "stage1.block1"),
        ("vgg16", "stage1.block1"),
        ("densenet121", "stage1.transition"),
        ("resnet110_fixup_cifar10", "stage1.block1"),
    ],
)
def test_a_block_without_a_shortcut_to_cut_has_no_switch(visit, name, block):
    page = visit(name)
    page.session_state["chosen"] = block
    page.run()
    assert whole(page)
    assert not [each for each in page.toggle if each.key.startswith("shortcut.")]


def test_a_chosen_block_that_an_edit_removes_is_let_go(visit):
    page = visit("resnet50")
    page.session_state["chosen"] = "stage1.block3"
    page.run()
    page.number_input(key="edit.stage0.blocks").set_value(2).run()
    assert whole(page)


def test_a_vgg_shows_only_the_controls_that_it_has(visit):
    page = visit("vgg19")
    keys = {each.key for each in page.number_input}
    assert {"edit.stage0.convolutions", "edit.dropout"} <= keys
    assert not {"edit.stage0.stride", "edit.groups", "edit.expansion"} & keys
    assert "edit.shortcut" not in {each.key for each in page.selectbox}
    page.text_input(key="edit.hidden").set_value("512 512").run()
    assert spec_of(page).hidden == (512, 512)
    page.text_input(key="edit.hidden").set_value("many").run()
    assert "must be a whole number" in said(page.warning[0])


def test_groups_are_offered_only_to_bottlenecks(visit):
    assert "edit.groups" not in {each.key for each in grouped(visit("resnet18"), "Blocks").number_input}
    assert "edit.groups" in {each.key for each in grouped(visit("resnet50"), "Blocks").number_input}


def test_a_network_of_many_blocks_opens_folded(visit):
    assert segmented(visit("resnet18"), "level").value == "block"
    assert segmented(visit("resnet152"), "level").value == "stage"


def test_numbers_follow_what_they_are_compared_with(visit):
    page = opened(visit(), "aside")
    page.selectbox(key="beside").select("resnet50").run()
    assert "0.457 × ResNet-50" in strip_of(page)  # 11,689,512 / 25,557,032
    page.number_input(key="batch").set_value(256).run()
    page.session_state["aside"] = False
    page.run()
    assert "to train at 256" in strip_of(page)  # a choice outlives the popover that it was made in
    assert "0.457 × ResNet-50" in strip_of(page)


def test_a_design_of_a_hundred_gigabytes_is_counted_and_drawn(visit):
    spec = preset("resnet152", input_shape=(1024, 1024, 3))
    needed = costs(spec).memory(32).training.bytes
    assert needed > 100e9
    page = visit(to_link(spec))
    assert whole(page)
    assert f"{needed:,} bytes to train" in strip_of(page)


@pytest.mark.parametrize("part", ["strip.strip", "controls.controls", "bar.bar"])
def test_a_broken_part_is_a_sentence_on_the_page_and_a_traceback_in_the_log(visit, monkeypatch, caplog, part):
    def broken(*_args, **_names):
        raise RuntimeError("the disk of the server burns")

    monkeypatch.setattr(f"app.components.{part}", broken)
    page = visit()
    assert not page.exception
    assert "Your design is safe" in page.error[0].value
    assert "burns" not in page.error[0].value
    assert "the disk of the server burns" in caplog.text


def test_the_design_page_loads_no_framework_and_no_pandas():
    """In a fresh process, since other tests share this one."""
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "from app import state\n"
        "state.workbench_soon = lambda: None\n"
        f"page = AppTest.from_file({str(ROOT / 'app' / 'main.py')!r}, default_timeout=60).run()\n"
        "assert not page.exception and not page.error\n"
        "print([n for n in ('tensorflow', 'keras', 'jax', 'torch', 'sqlalchemy', 'pandas') if n in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_new_visitors_browser_is_left_a_moment_to_paint_and_none_twice(visit, monkeypatch):
    moments = []
    clock = SimpleNamespace(sleep=moments.append, monotonic=time.monotonic, time=time.time)
    monkeypatch.setattr(state, "time", clock)
    monkeypatch.setattr(state, "PAINT", 0.25)
    visit("resnet18").run()
    visit("resnet34")
    assert moments == [0.25, 0.25]
