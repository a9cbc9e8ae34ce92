"""Files of exports on their way to a browser: streamed to whoever was given the address, and to nobody else."""

import urllib.request
from urllib.error import HTTPError

import pytest
from hosting import ADA, BOB, HOSTED, Host
from playwright.sync_api import expect

from benchmarks.served import served
from resnet_tf.design.presets import preset
from resnet_tf.runs.records import Artifact

DATA = bytes(range(256)) * 10_000


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A hosted instance on which Ada has exported."""
    home = tmp_path_factory.mktemp("host")
    host = Host(home)
    bench, store = host.bench.of(ADA), host.bench._store
    host.export = bench.export(preset("resnet20_cifar10"), ["keras"], name="taken away")
    store.enter("w", "host", "elsewhere", 1)
    claimed = store.claim("w", "CPU", "")
    folder = bench.home.make(bench.home.artifacts(host.export))
    folder.joinpath("network.keras").write_bytes(DATA)
    facts = {"seconds": 1.0, "verified": True, "difference": 0.0, "load": "import x", "error": None}
    store.add_artifact("w", claimed, Artifact("keras", "network.keras", len(DATA), **facts))
    store.end("w", claimed, "finished")
    with served(home, variables=HOSTED) as host.server:
        yield host


def test_a_file_comes_to_its_owner_byte_for_byte_and_to_nobody_by_guessing(visit, host, tmp_path):
    page = visit(f"export?export={host.export}", **host.at(ADA))
    link = page.get_by_role("link", name="Download .keras")
    expect(link).to_be_visible()
    with page.expect_download() as told:
        link.click()
    told.value.save_as(tmp_path / "got")
    assert told.value.suggested_filename == "network.keras"
    assert (tmp_path / "got").read_bytes() == DATA

    address = f"{host.server.url}{link.get_attribute('href')}"
    with urllib.request.urlopen(address, timeout=60) as answer:  # as by a program that was given it
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="network.keras"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.read() == DATA
    token = address.rpartition("/")[2]
    for forged in (token[:-1], token.swapcase(), "x", "..%2f..%2fworkbench.db"):
        with pytest.raises(HTTPError, match=r"40[034]"):
            urllib.request.urlopen(f"{host.server.url}/files/{forged}", timeout=60)

    stranger = visit(f"export?export={host.export}", **host.at(BOB))
    expect(stranger.get_by_text("There is no run")).to_be_visible()
    expect(stranger.get_by_role("link", name="Download .keras")).to_have_count(0)
