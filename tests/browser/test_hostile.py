"""Names, errors and files that would be HTML, Markdown, icons, links or formulas, were they not text on every page."""

import io

import numpy as np
import pytest
from hosting import ADA, HOSTED, Host
from playwright.sync_api import expect
from recorded import SMALL, Written

from benchmarks.served import served, settle
from resnet_tf.runs.records import Artifact

NAME = (
    """<img src=x onerror=pwned=1><b>b</b> **c** $x^2$ :material/x: [a](//evil.example) www.evil.example ->"' &amp;"""
)
MORE = (
    "![i](https://evil.example/i.png) https://evil.example <script>pwned=2</script> `d` ~~e~~ :red[] <i@evil.example>"
)

# all that is on the page, in shadow roots too: its words as they are read, and what would have come of them
FOUND = """() => {
    const roots = [document], words = []
    for (const root of roots) {
        root.querySelectorAll('*').forEach(e => e.shadowRoot && roots.push(e.shadowRoot))
        words.push((root.body ?? root).textContent, ...[...root.querySelectorAll('input')].map(e => e.value))
    }
    const hostile = '[href*=evil]:not([href^="#"]), [src*=evil], [src=x], .katex, [onerror]'
    const live = roots.flatMap(root => [...root.querySelectorAll(hostile)])
    return [words.join(' ').replaceAll('\\u2060', ''), live.map(e => e.outerHTML), window.pwned ?? null]
}"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A host whose Ada calls everything like this."""
    host = Host(tmp_path_factory.mktemp("hostile"))
    ada, file = host.bench.of(ADA), io.BytesIO()
    np.savez(file, images=np.zeros((8, 8, 8), np.uint8), labels=np.arange(8) % 2, class_names=np.array([NAME, MORE]))
    card = ada.add_images(NAME, file.getvalue())
    ada.save_design(NAME, SMALL)
    host.finished = Written(ada, NAME).finish([NAME, MORE]).id
    own = Written(ada, NAME, dataset=card.name).train(20)
    host.failed = own.write("note", 20, 1, sentence=f"Noted: {MORE}").end("failed", f"{NAME} {MORE}").id
    host.diverged = Written(ada, NAME).train(3).write("diverged", 4, advice=f"Try {MORE}").end("diverged").id
    host.export = exported(ada)
    with served(host.bench.home.folder, variables=HOSTED) as host.server:
        yield host


def exported(bench):
    """The id of an export that failed, with a file that was not written."""
    export = bench.export(SMALL, ["keras"], name=NAME)
    store = bench._store
    store.enter("exporter", "host", "elsewhere", 1)
    run = store.claim("exporter", "CPU", "a test")
    path = str(bench.home.artifacts(export) / "model.keras")
    facts = {"bytes": 1, "seconds": 1.0, "verified": False, "difference": 1.0, "error": None, "note": MORE}
    store.add_artifact("exporter", run, Artifact("keras", path, load=NAME, **facts))
    store.end("exporter", run, "failed", f"{NAME} {MORE}")
    return export


@pytest.fixture
def look(visit, host):
    """A function that opens a path as Ada does. When the test ends, nothing was asked of another host."""
    asked = []

    def look(path):
        page = visit("", **host.at(ADA))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{host.server.url}/{path}")
        settle(page)
        return page

    yield look
    own = (host.server.url, host.server.url.replace("http", "ws"), "data:", "blob:")
    assert asked
    assert [url for url in asked if not url.startswith(own)] == []


def expect_words(page, *words):
    """The page shows these words as they are, and nothing came of them."""
    page.wait_for_function(f"words => {{ const [all] = ({FOUND})(); return words.every(w => all.includes(w)) }}",
                           arg=list(words))  # fmt: skip
    said, live, pwned = page.evaluate(FOUND)
    assert live == []
    assert pwned is None
    return said


def test_a_designs_name_is_text_on_its_page(look):
    page = look("")
    page.locator("button[data-testid=stPopoverButton]").filter(has_text="Open").click()  # lists have an "Open" too
    page.get_by_role("combobox", name="Saved designs").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="Open design").click()
    expect(page.get_by_role("heading", name="onerror")).to_be_visible()
    expect_words(page, NAME)


def test_a_designs_name_tags_and_notes_are_text_in_the_gallery(look, host):
    host.bench.of(ADA).describe_design(NAME, tags=["<b>t</b> $x$"], notes=MORE)
    page = look("gallery")
    page.get_by_role("button", name="onerror").first.click()
    expect(page.get_by_text("1 version")).to_be_visible()
    said = expect_words(page, NAME, "<b>t</b> $x$")
    expect(page.get_by_role("textbox", name="Notes")).to_have_value(MORE)
    assert "onerror" in said


def test_what_the_search_finds_is_text(look):
    page = look("")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("combobox", name="Search").fill("onerror")
    expect(page.get_by_role("option").first).to_contain_text("onerror")
    said = expect_words(page, NAME)
    assert said.count("Runs") > 0
    page.keyboard.type("<img src=x onerror=pwned=1>**b**")
    expect_words(page, "<img src=x onerror=pwned=1>**b**")


def test_a_runs_name_its_classes_and_its_images_are_text(look, host):
    expect_words(look(f"train?run={host.finished}"), NAME, MORE)


@pytest.mark.parametrize("end", ["failed", "diverged"])
def test_what_a_run_says_of_its_end_is_text(look, host, end):
    expect_words(look(f"train?run={getattr(host, end)}"), NAME, MORE)


def test_what_is_compared_is_text_in_cards_tables_curves_and_points(look, host):
    page = look(f"compare?with=run.{host.finished}&with=run.{host.failed}&with=design.mine&with=preset.resnet50")
    expect_words(page, NAME)
    choice = page.get_by_role("combobox", name="Accuracy")
    choice.scroll_into_view_if_needed()  # a list that is open closes when its page scrolls
    settle(page)
    choice.click()
    page.get_by_role("option", name="onerror").click()
    settle(page)
    expect_words(page, f"measured here on {NAME}")


def test_an_exports_name_files_and_error_are_text(look, host):
    expect_words(look(f"export?export={host.export}"), NAME, MORE)


def test_what_is_refused_is_said_as_it_is(look, host):
    page = look("?design=" + "%3Cimg%20src=x%20onerror=pwned=1%3E**b**")
    expect_words(page, "<img src=x onerror=pwned=1>**b**")
    missing = look("train?run=%3Cimg%20src=x%20onerror=pwned=1%3E:material/x:")
    expect_words(missing, "<img src=x onerror=pwned=1>:material/x:")
    page = look("train")
    page.get_by_role("button", name="Add").first.click()
    name = f"{NAME}.npz".replace("/", "_")
    with page.expect_response(lambda answer: "upload_file" in answer.url and answer.ok):
        page.locator("input[type=file]").first.set_input_files(
            {"name": name, "mimeType": "application/zip", "buffer": b"no archive"}
        )
    expect(page.get_by_text("10.0B")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Add images").click()
    expect(page.get_by_text("neither a zip nor an npz")).to_be_visible()
    expect_words(page)
