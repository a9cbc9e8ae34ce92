"""What leaves the Design page as a figure, and what comes to it from other libraries, in a real browser."""

import io

import pypdfium2
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import expect

FORMATS = {"SVG": b"<svg ", "PNG": b"\x89PNG", "PDF": b"%PDF-", "TikZ": b"% ResNet-18"}


def taken(page, title):
    """The bytes behind a download button."""
    with page.expect_download() as told:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name=title, exact=True).click()
    return told.value.suggested_filename, told.value.path().read_bytes()


def painted(browser, svg):
    """What Chromium paints of an SVG, at twice its size."""
    page = browser.new_page(device_scale_factor=2)
    try:
        page.set_content(f"<body style='margin:0'>{svg.decode()}</body>")
        return Image.open(io.BytesIO(page.locator("svg").screenshot())).convert("RGB")
    finally:
        page.close()


def test_what_is_seen_is_taken_in_every_format_and_chromium_paints_the_svg_as_the_png(visit, browser):
    page = visit()
    page.get_by_role("button", name="Figure").click()
    files = {}
    for title, begins in FORMATS.items():
        name, files[title] = taken(page, title)
        assert files[title].startswith(begins), title
        assert name.startswith("resnet18.")
    svg, png = painted(browser, files["SVG"]), Image.open(io.BytesIO(files["PNG"])).convert("RGB")
    assert abs(svg.width - png.width) <= 2
    size = min(svg.width, png.width), min(svg.height, png.height)
    apart = ImageStat.Stat(ImageChops.difference(svg.crop((0, 0, *size)), png.crop((0, 0, *size)))).mean
    assert max(apart) < 3  # of 255; an empty picture is about 8 away
    blank = ImageStat.Stat(ImageChops.difference(svg, Image.new("RGB", svg.size, "white"))).mean
    assert max(blank) > 2 * max(apart)
    assert len(pypdfium2.PdfDocument(files["PDF"])) == 1


def test_a_name_of_another_library_is_drawn_on_the_page(visit):
    page = visit()
    # a list's own little button, too, is called "Open"
    page.get_by_test_id("stPopoverButton").filter(has_text="Open").click()
    page.get_by_label("Or a name in timm, torchvision or Keras").fill("timm/resnet34.a1_in1k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="ResNet-34")).to_be_visible()
