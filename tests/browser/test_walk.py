"""The whole walk: a design, its training on real images, a comparison, and a file that runs without us."""

import json
import re
import subprocess
import sys

import numpy as np
from desk import blocks, expect_parameters
from playwright.sync_api import expect
from training import PATIENCE, expect_finished, start

from resnet_tf.learning.datasets import load

EPOCHS = 5


def follow(page, title):
    page.get_by_role("navigation", name="App pages").get_by_role("link", name=title).click()


def answers_of(lines, pixels, folder):
    """The classes that a fresh process, which knows nothing of us, gives by the lines that the page shows."""
    np.save(folder / "pixels.npy", pixels)
    code = f"import numpy\npixels = numpy.load('pixels.npy').astype('float32')\n{lines}\n"
    code += "import json; print(json.dumps(numpy.argmax(logits, -1).tolist()))"
    finished = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_a_newcomer_walks_from_a_design_to_a_savedmodel_that_answers_as_the_page_said(visit, tmp_path):
    page = visit()

    # design
    page.get_by_role("combobox", name="Start from").fill("ResNet-20")
    page.get_by_role("option", name=re.compile("^ResNet-20 · ")).click()
    expect_parameters(page, 269_722)  # He 2015: 0.27 M; the exact count with zero-padded shortcuts
    expect(blocks(page)).to_have_count(11)

    # train
    follow(page, "Train")
    start(page, EPOCHS)
    expect_finished(page)
    figures = page.get_by_role("group", name=re.compile("^Figures of this run"))
    # by chance: 10 %; the last epoch's figure may come a moment after the buttons of a run that is over
    expect(figures).to_have_text(re.compile(r"^(100|[5-9]\d)\.\d\s%\s*validation accuracy"), timeout=30_000)
    accuracy = float(re.search(r"([\d.]+)\s%\s*validation accuracy", figures.inner_text())[1])

    # compare
    page.get_by_role("main").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("main").get_by_text("run on Handwritten digits").first).to_be_visible()
    expect(page.get_by_role("main").get_by_text(f"{accuracy:g}").first).to_be_visible()

    # export
    follow(page, "Export")
    page.get_by_role("button", name="Export", exact=True).click()
    button = page.get_by_role("link", name="Download SavedModel")
    expect(button).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Verified: reloaded in a fresh process").first).to_be_visible()
    with page.expect_download() as told:
        button.click()
    told.value.save_as(tmp_path / told.value.suggested_filename)

    lines = page.get_by_role("code").filter(has_text="tf.saved_model.load").inner_text()
    images = load("digits", (32, 32, 1)).validation
    answers = answers_of(lines, images.batch(np.arange(len(images))), tmp_path)
    right = 100 * np.mean(np.array(answers) == images.labels)
    assert abs(right - accuracy) < 0.1 + 100 / len(images)  # the page rounds, and one image may be on the line
