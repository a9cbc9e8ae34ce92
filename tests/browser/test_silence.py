"""Records that are gone while people look: one sentence, and the page goes on by itself."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from recorded import Written

from benchmarks.served import served
from resnet_tf.runs.workbench import Workbench

SAID = re.compile(r"The records have not answered for \d+ s")


@pytest.fixture
def watched(tmp_path):
    """A server without a worker, on which a run was trained; it goes after whoever visits it."""
    home = tmp_path / "home"
    Written(Workbench(home), "the run that is watched").finish()
    with served(home, variables={"RESNET_TF_WORKER": "none"}) as up:
        yield up


def test_a_page_without_its_records_says_so_in_one_sentence_and_is_there_again_when_they_are(watched, visit, tmp_path):
    page = visit("train", at=watched)
    shown = page.get_by_role("main").get_by_role("heading", name="the run that is watched")
    expect(shown).to_be_visible()
    files = [path for end in ("", "-wal", "-shm") if (path := Path(f"{watched.home / 'workbench.db'}{end}")).exists()]
    for file in files:
        file.rename(tmp_path / file.name)
    page.reload()
    expect(page.get_by_text(SAID)).to_have_count(1)
    expect(page.get_by_text("what trains goes on")).to_be_in_viewport()
    expect(shown).to_have_count(0)
    for file in reversed(files):
        (tmp_path / file.name).rename(file)
    expect(shown).to_be_visible()
    expect(page.get_by_text(SAID)).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)
