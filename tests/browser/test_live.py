"""A run does not need the page that started it."""

from playwright.sync_api import expect
from training import PATIENCE, SMALL, expect_curves, expect_finished, start

from resnet_tf.runs.workbench import Workbench

PRESSES = 6


def stop(page):
    """Presses Stop; again where the page was drawn anew between press and release, as happens on a busy machine."""
    button, told = page.get_by_role("button", name="Stop", exact=True), page.get_by_text("Its points are kept")
    for _ in range(PRESSES):
        button.click(timeout=PATIENCE)
        try:
            expect(told).to_be_visible(timeout=PATIENCE / PRESSES)
            return
        except AssertionError:
            if not button.is_visible():
                break
    expect(told).to_be_visible(timeout=PATIENCE)


def test_a_run_goes_on_when_its_page_is_reloaded_or_closed_and_stops_and_resumes_where_it_was(visit, server, request):
    bench = Workbench(server.home)
    page = visit(f"train?design={SMALL}")
    run = start(page, 100)
    began = bench.run(run).progress
    request.addfinalizer(lambda: bench.stop(run))  # whatever happens here, the next test finds the worker free

    page.reload()
    expect_curves(page)
    assert run in page.url

    page.context.close()
    other = visit(f"train?run={run}")  # another browser, which was never here
    expect_curves(other)
    assert bench.run(run).progress > began

    stop(other)
    assert bench.run(run).state == "stopped"
    points = [event.step for event in bench.events(run)]

    other.get_by_role("button", name="Resume").click()
    expect(other.get_by_role("button", name="Stop", exact=True)).to_be_visible(timeout=PATIENCE)
    stop(other)
    # steps done again may be told between the old ones; none of the old is lost
    assert set(points) <= {event.step for event in bench.events(run)}


def test_two_browsers_see_the_same_run_end_alike(visit):
    first = visit(f"train?design={SMALL}")
    run = start(first, 2)
    second = visit(f"train?run={run}")
    expect_finished(first)
    expect_finished(second)
    said = [page.get_by_role("group", name="Figures of this run").inner_text() for page in (first, second)]
    assert said[0] == said[1]
