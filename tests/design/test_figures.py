"""Figures as files, read back by other programs: an XML parser, Chrome's PDF engine, Pillow; TikZ by its grammar."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image

from benchmarks.figure3 import COLUMNS, OUT, drawn
from resnet_tf.design.figures import FILES, STYLES, figure, network_figure, written
from resnet_tf.design.figures.marks import POINTS, Box, Figure, Line, Words, shares
from resnet_tf.design.graph import OPERATIONS
from resnet_tf.design.layout import layout
from resnet_tf.design.picture import LEVELS
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError

SVG = "{http://www.w3.org/2000/svg}"
# the right column of He 2015's Figure 3, from top to bottom
RESNET34 = [
    "7x7 conv, 64, /2", "pool, /2", *["3x3 conv, 64"] * 6, "3x3 conv, 128, /2", *["3x3 conv, 128"] * 7,
    "3x3 conv, 256, /2", *["3x3 conv, 256"] * 11, "3x3 conv, 512, /2", *["3x3 conv, 512"] * 5, "avg pool", "fc 1000",
]  # fmt: skip
VGG19 = [
    *["3x3 conv, 64"] * 2, "pool, /2", *["3x3 conv, 128"] * 2, "pool, /2", *["3x3 conv, 256"] * 4, "pool, /2",
    *["3x3 conv, 512"] * 4, "pool, /2", *["3x3 conv, 512"] * 4, "pool, /2", "fc 4096", "fc 4096", "fc 1000",
]  # fmt: skip
HOSTILE = r"</svg><b> \input{x} %$_^&#~ (a)) {b"


def svg(data):
    return ElementTree.fromstring(data.decode())


def texts(data):
    return [text.text for text in svg(data).iter(f"{SVG}text")]


def pages(data):
    document = pypdfium2.PdfDocument(data)
    assert len(document) == 1
    return document[0]


# --- He 2015, Figure 3


def test_the_papers_figure_has_the_papers_words_in_the_papers_order():
    named = {title: preset(name) for title, name in COLUMNS.items()}
    said = texts(figure(named, style="paper"))
    columns = [said[said.index(title) + 1 :] for title in COLUMNS]
    assert [each[0] for each in columns] == ["image"] * 3
    assert columns[0][1 : 1 + len(VGG19)] == VGG19
    assert columns[1][1 : 1 + len(RESNET34)] == RESNET34
    assert columns[2][1 : 1 + len(RESNET34)] == RESNET34
    assert [text for text in said if text.startswith("size:")] == [f"size: {n}" for n in (224, 112, 56, 28, 14, 7, 1)]


def test_the_papers_figure_has_thirteen_solid_arcs_and_three_dotted():
    named = {title: preset(name) for title, name in COLUMNS.items()}
    arcs = [path for path in svg(figure(named, style="paper")).iter(f"{SVG}path") if "C" in path.get("d")]
    dotted = [arc for arc in arcs if arc.get("stroke-dasharray")]
    assert (len(arcs) - len(dotted), len(dotted)) == (13, 3)


def test_boxes_of_one_size_of_map_stand_at_one_height():
    root = svg(drawn())
    names = {"7x7 conv, 64, /2", "avg pool", "3x3 conv, 512, /2"}
    at = {}
    for text in root.iter(f"{SVG}text"):
        at.setdefault(text.text, set()).add(text.get("y"))
    assert all(len(at[name]) == 1 for name in names)


def test_the_picture_in_the_readme_is_the_one_that_is_drawn():
    assert OUT.read_bytes() == drawn()
    assert f"assets/{OUT.name}" in (Path(__file__).parents[2] / "README.md").read_text()


def test_blocks_that_repeat_are_drawn_once_with_how_many_there_are():
    said = texts(figure({"ResNet-101": preset("resnet101")}, level="stage", style="paper"))
    assert [text for text in said if text.startswith("×")] == ["× 2", "× 3", "× 22", "× 2"]
    assert len(texts(figure(preset("resnet101"), style="paper"))) > 100


# --- every design, every format


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["resnet18", "seresnet50", "densenet121", "resnetv2_50", "vgg19"])
def test_any_preset_becomes_every_file(name, style):
    for format in ("svg", "pdf", "tikz"):
        assert figure(preset(name), format, level="stage", style=style)


@pytest.mark.parametrize("level", LEVELS)
def test_a_design_with_cut_shortcuts_becomes_every_file(level):
    spec = preset("resnet50", cut_shortcuts=("stage1.block2", "stage3.block1"))
    drawn_as = network_figure(spec, level=level)
    assert [mark.text for mark in drawn_as.marks if isinstance(mark, Words) and mark.text == "cut"] == ["cut"] * 2
    for name in FILES:
        assert written(drawn_as, name)


@pytest.mark.parametrize("level", LEVELS)
def test_the_drawing_of_the_canvas_has_every_box_and_line_of_its_picture(level):
    picture = layout(preset("seresnet18"), level)
    root = svg(figure(picture))
    boxes = {node.id for node in picture.nodes if node.kind != "join"}
    assert {title.text.partition(": ")[0] for title in root.iter(f"{SVG}title")} == boxes
    assert {path.get("d") for path in root.iter(f"{SVG}path")} == {edge.d for edge in picture.edges}
    assert len(list(root.iter(f"{SVG}circle"))) == sum(node.kind == "join" for node in picture.nodes)
    assert (float(root.get("width")), float(root.get("height"))) == (picture.width, picture.height)


def test_what_is_folded_on_the_canvas_is_folded_in_the_figure():
    spec, turned = preset("resnet50"), {"stage3"}
    root = svg(figure(spec, turned=turned))
    named = {title.text.partition(": ")[0] for title in root.iter(f"{SVG}title")}
    assert named == {node.id for node in layout(spec, "block", turned).nodes if node.kind != "join"}
    assert "stage3.block2" not in named
    assert "stage2.block2" in named


def test_nothing_in_an_svg_comes_from_elsewhere():
    text = figure(preset("resnet50")).decode()
    assert not re.search(r"href|url\(|<style|<script|var\(|class=", text)


@pytest.mark.parametrize("style", STYLES)
def test_chromes_pdf_engine_reads_the_same_words(style):
    drawn_ = network_figure(preset("resnet50"), style=style)
    page = pages(written(drawn_, "pdf"))
    words = [mark.text for mark in drawn_.marks if isinstance(mark, Words)]
    read = page.get_textpage().get_text_bounded()
    missing = [word for word in words if "".join(word.split()) not in "".join(read.split())]
    turned = [mark.text for mark in drawn_.marks if isinstance(mark, Words) and mark.turned]
    assert set(missing) <= set(turned)  # a reader gives letters that stand upright one by one
    assert page.get_size() == pytest.approx((drawn_.width * POINTS, drawn_.height * POINTS), rel=1e-4)


@pytest.mark.parametrize("bold", [False, True])
def test_words_in_a_pdf_stand_in_the_middle_of_their_place(bold):
    """pdfium measures the letters with the font's own widths; ours are a table."""
    said = ["3x3 conv, 512, /2", "HIMWA", "illi", "0123456789", "~{|}@%&", "56×56×256", "The quick brown fox"]
    marks = tuple(Words(150, 20 + 20 * i, text, 12, bold=bold) for i, text in enumerate(said))
    page = pages(written(Figure(300, 200, marks, "words"), "pdf"))
    bounds = [each.get_bounds() for each in page.get_objects() if each.type == 1]
    assert len(bounds) == len(said)
    for text, (left, _, right, _) in zip(said, bounds, strict=True):
        assert (left + right) / 2 == pytest.approx(150 * POINTS, abs=0.8), text


def test_a_png_has_twice_the_size_and_the_colours_of_its_boxes():
    drawn_ = network_figure(preset("resnet50"))
    image = Image.open(io.BytesIO(written(drawn_, "png"))).convert("RGB")
    assert image.size == pytest.approx((2 * drawn_.width, 2 * drawn_.height), abs=1)
    for box in (mark for mark in drawn_.marks if isinstance(mark, Box) and mark.about):
        near = image.getpixel((round(2 * box.x) + 5, round(2 * (box.y + box.h)) - 8))
        assert near == pytest.approx([255 * share for share in shares(box.fill)], abs=2), box.about


def test_a_png_too_large_to_be_painted_is_refused_with_what_would_do():
    with pytest.raises(SpecError, match="pixels") as caught:
        figure(preset("resnet1202_cifar10"), "png", level="layer")
    assert caught.value.nearest == "svg"


NUMBER = r"-?[\d.]+"
PLACE = rf"\({NUMBER},{NUMBER}\)"
STYLE = r"\[[^\[\]]*(?:\[[^\]]*\])?[^\[\]]*\]"
PIECE = rf"(?:\ --\ {PLACE}|\ \.\.\ controls\ {PLACE}\ and\ {PLACE}\ \.\.\ {PLACE})"
TIKZ = re.compile(
    rf"""\\definecolor{{net\d+}}{{HTML}}{{[0-9A-F]{{6}}}}
    |\\path{STYLE}\ {PLACE}\ rectangle\ {PLACE};
    |\\path{STYLE}\ {PLACE}\ circle\ \[radius={NUMBER}bp\];
    |\\path{STYLE}\ (?:{PLACE}{PIECE}*)+;(?:\\path\[fill=net\d+\]\ {PLACE}(?:\ --\ {PLACE}){{2}}\ --\ cycle;)?
    |\\node{STYLE}\ at\ {PLACE}\ {{\\fontsize{{{NUMBER}}}{{{NUMBER}}}\\selectfont\ (?P<text>.+)}};""",
    re.X,
)


@pytest.mark.parametrize("style", STYLES)
def test_every_line_of_tikz_is_a_command_that_its_manual_has(style):
    """There is no TeX here: each line is held to the grammar of the five commands that are used."""
    head, *lines, tail = figure({HOSTILE: preset("resnet50")} if style == "paper" else preset("resnet50"), "tikz",
                                style=style).decode().splitlines()[2:]  # fmt: skip
    assert head.startswith(r"\begin{tikzpicture}[")
    assert tail == r"\end{tikzpicture}"
    defined = {line[len(r"\definecolor{") :].partition("}")[0] for line in lines if line.startswith(r"\definecolor")}
    for line in lines:
        found = TIKZ.fullmatch(line)
        assert found, line
        assert set(re.findall(r"\bnet\d+\b", line)) <= defined
        text = found["text"] or ""
        commands = {r"\textbackslash", r"\textasciitilde", r"\textasciicircum", r"\textbf", r"\times", r"\Vert"}
        assert set(re.findall(r"\\[a-z]+", text, re.I)) <= commands
        bare = re.sub(r"\\[\\{}$&#%_]|\\[a-zA-Z]+", "", text)
        assert bare.count("{") == bare.count("}")
        assert not re.search(r"[&#%_~^]", bare)


@pytest.mark.parametrize("title", ["</svg><b>&amp;\"'", r"\input{/etc/x}", r"100% $x_1^2$ ~#&", r"(a)) {b \( \\"])
def test_a_hostile_title_is_words_in_every_file(title):
    named = {title: preset("resnet18")}
    assert title in texts(figure(named, style="paper"))
    page = pages(figure(named, "pdf", style="paper"))
    assert "".join(title.split()) in "".join(page.get_textpage().get_text_bounded().split())
    assert b"\\input{" not in figure(named, "tikz", style="paper").split(b"\n", 2)[2]


def test_a_title_longer_than_its_column_is_cut():
    (title,) = (text for text in texts(figure({"W" * 500: preset("resnet18")}, style="paper")) if "W" in text)
    assert re.fullmatch("W{5,40}…", title)


# --- what is refused


@pytest.mark.parametrize(
    ("options", "field", "nearest"),
    [
        ({"format": "pdff"}, "format", "pdf"),
        ({"style": "papers"}, "style", "paper"),
        ({"level": "bloc"}, "level", "block"),
    ],
)
def test_what_no_figure_is_made_in_names_the_nearest(options, field, nearest):
    with pytest.raises(SpecError) as caught:
        figure(preset("resnet18"), **options)
    assert (caught.value.field, caught.value.nearest) == (field, nearest)


def test_several_networks_stand_side_by_side_on_paper_alone():
    with pytest.raises(SpecError, match="paper"):
        figure({"a": preset("resnet18"), "b": preset("resnet34")})


def test_every_operation_that_has_weights_has_words_on_paper_or_is_left_out_as_there():
    from resnet_tf.design.figures.stacks import _ROWS

    left_out = {op.__name__ for op in OPERATIONS} - {op.__name__ for op in _ROWS}
    assert left_out == {
        "BatchNormalization", "GroupNormalization", "ScalarBias", "ScalarScale", "ChannelScale", "Rescaling",
            "StochasticDepth",
        "Activation", "ChannelConvolution", "Subsample", "PadChannels", "Addition", "Concatenation", "Resize",
        "Flatten", "Dropout",
    }  # fmt: skip


def test_lines_with_arrows_end_in_a_head():
    drawn_ = network_figure(preset("resnet18"), style="paper")
    arrows = sum(isinstance(mark, Line) and mark.arrow for mark in drawn_.marks)
    assert len(list(svg(written(drawn_, "svg")).iter(f"{SVG}polygon"))) == arrows > 20
    assert set(FILES) == {"svg", "pdf", "png", "tikz"}
