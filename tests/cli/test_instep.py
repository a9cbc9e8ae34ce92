"""versus on the command line, of networks that take seconds."""

import pytest

SMALL = ("resnet20_cifar10", "--image-size", 8, *(f"--set=stages[{i}].blocks=1" for i in range(3)))
SHORT = ("--epochs", 1, "--seeds", 2)


@pytest.mark.keras
def test_both_sides_are_a_row_for_each_epoch_and_what_they_show(run):
    result = run("versus", *SMALL, *SHORT, "--cut", "stage3")
    assert result.exit_code == 0, result.stderr
    head, row, *rest = result.stdout.splitlines()
    assert head.split()[:3] == ["epoch", "loss", "with"]
    assert "validation without that of stage 3, block 1" in head
    assert row.split()[0] == "1"
    assert any(line.startswith("After 1 epoch the validation accuracy is ") for line in rest)
    assert any("over 2 seeds" in line for line in rest)
    assert "Trained with 8 x 8 px instead of 32 x 32" in result.stderr


@pytest.mark.keras
def test_as_json_it_has_every_moment(read):
    told = read("versus", *SMALL, "--epochs", 1, "--seeds", 1)
    assert told["sides"] == ["with shortcuts", "without shortcuts"]
    assert [(each["seed"], each["epoch"]) for each in told["moments"]] == [(0, 0), (0, 1)]
    assert len(told["moments"][1]["gradients"][0]) == len(told["blocks"]) == 5
    assert len(told["moments"][1]["ranks"][0]) == len(told["moments"][1]["dead"][1]) == len(told["blocks"])
    assert len(told["findings"]) == 6


@pytest.mark.parametrize(
    ("design", "options", "said"),
    [
        ("vgg16", (), "whose shortcuts are not all cut"),
        ("resnet20_cifar10", ("--cut", "stage7"), "the nearest is 'stage3'"),
        ("resnet20_cifar10", ("--seeds", 0), "seeds"),
        ("resnet20_cifar10", ("--epochs", 101), "epochs"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_keras_is_loaded(run, design, options, said):
    result = run("versus", design, *options)
    assert result.exit_code == 2
    assert said in result.stderr
