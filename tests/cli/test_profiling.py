"""profile on the command line, of a network that takes seconds."""

import pytest

pytestmark = pytest.mark.keras

SMALL = ("resnet20_cifar10", "--image-size", 8, *(f"--set=stages[{i}].blocks=1" for i in range(3)))


def test_a_profile_is_a_row_for_each_block_and_what_it_says(run):
    result = run("profile", *SMALL, "--seeds", 2)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["block", "dE/dy", "with"]
    blocks = ["stem", *(f"stage{i}.block1" for i in (1, 2, 3)), "head"]
    assert [line.split()[0] for line in lines[1:6]] == blocks
    assert "Without shortcuts the first block (stage 1, block 1) gets" in result.stdout
    assert "over 2 seeds" in result.stdout
    assert "Measured with 8 x 8 px instead of 32 x 32" in result.stderr


def test_as_json_it_has_every_seed_and_side(read):
    told = read("profile", *SMALL, "--seeds", 1, "--set=order=pre")
    assert told["own"] == "with shortcuts"
    assert {side: len(flows) for side, flows in told["sides"].items()} == {"with shortcuts": 1, "without shortcuts": 1}
    assert told["sums"][0]["after"] == ""
    assert len(told["findings"]) == 4


def test_a_design_that_the_memory_does_not_hold_is_refused_before_keras_is_loaded(run, monkeypatch):
    monkeypatch.setattr("resnet_tf.learning.capacity.available_bytes", lambda: 1_000_000)
    result = run("profile", "resnet50")
    assert result.exit_code == 3
    assert "it fits with every width at" in result.stderr


@pytest.mark.parametrize("seeds", [0, 101])
def test_so_many_seeds_are_refused(run, seeds):
    assert run("profile", "resnet18", "--seeds", seeds).exit_code == 2
