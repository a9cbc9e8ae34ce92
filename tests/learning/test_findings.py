"""What is said of a profile, against flows whose figures are known; no Keras."""

import json
import math

import pytest
from handmade import flow, profile, sums

from resnet_tf.learning import findings
from resnet_tf.learning.findings import Range, adds_up, alive, arrives, carries, fraction, reach, sentences, short
from resnet_tf.learning.profile import ALONE, WITHOUT, Profile, Sum, dead_units, profile_of
from resnet_tf.learning.signals import GradientFlow, LayerSignal

NAN = math.nan


# --- the gradient from end to end


def test_the_first_blocks_share_is_said_with_its_range_over_seeds():
    said = arrives(profile())
    # 0.01 / 4 and 0.01 / 3, whose geometric mean is 1/346; 1 / 2 and 1 / 2.5, whose is 1/2.24
    assert said.startswith(
        "Without shortcuts the first block (stage 1, block 1) gets 1/350 of the gradient of the last "
        "(stage 1, block 2), 1/400 to 1/300 over 2 seeds; with them 1/2.2, 1/2.5 to 1/2 over 2 seeds."
    )
    assert said.endswith("Shortcuts bring the two ends 150 times nearer to each other, beyond what seeds change.")


def test_a_gradient_that_grows_on_its_way_back_is_as_far_from_even():
    said = arrives(profile(bare=((500.0, 1.0), (500.0, 1.0)), joined=((5.0, 1.0), (5.0, 1.0))))
    assert "gets 500 times the gradient of the last" in said
    assert "bring the two ends 100 times nearer" in said


def test_where_seeds_overlap_no_difference_is_claimed():
    said = arrives(profile(bare=((1.0, 2.0), (1.0, 4.0)), joined=((1.0, 3.0), (1.0, 5.0))))
    assert said.endswith("The seeds overlap: they show no difference.")


def test_a_single_seed_claims_nothing():
    said = arrives(profile(bare=((1.0, 400.0),), joined=((1.0, 2.0),)))
    assert "(stage 1, block 2), at one seed; with them" in said
    assert said.endswith("One seed does not say whether others would differ.")


def test_where_shortcuts_make_it_less_even_that_is_said():
    said = arrives(profile(bare=((1.0, 2.0), (1.0, 2.0)), joined=((1.0, 40.0), (1.0, 40.0))))
    assert said.endswith("Here it is without shortcuts that the ends are nearer, 20 times, beyond what seeds change.")


@pytest.mark.parametrize("wrong", [0.0, NAN, math.inf])
def test_a_gradient_that_is_no_number_is_not_made_one(wrong):
    said = arrives(profile(bare=((wrong, 1.0), (0.5, 1.0))))
    assert "Without shortcuts the first block (stage 1, block 1) gets a gradient that is no number" in said
    assert "nearer" not in said


def test_a_design_that_cannot_be_cut_is_told_alone():
    alone = Profile(ALONE, {ALONE: (flow((1.0, 8.0)),)}, (), 32, "digits")
    assert arrives(alone) == (
        "The first block (stage 1, block 1) gets 1/8 of the gradient of the last (stage 1, block 2), at one seed."
    )


def test_a_range_is_a_geometric_mean_between_its_ends():
    assert Range.of([1.0, 100.0]) == pytest.approx((10.0, 1.0, 100.0, 2))
    assert Range.of([]) is None
    assert reach([flow((1.0, 4.0)), flow((1.0, 1.0))]).middle == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("figure", "said"),
    [(340.4, "340"), (1234.0, "1,200"), (2.149, "2.1"), (0.00312, "0.0031"), (99.6, "100"), (0.0, "0"), (9.96, "10")],
)
def test_two_digits_are_said(figure, said):
    assert short(figure) == said


def test_a_fraction_is_said_as_one():
    assert [fraction(each) for each in (1 / 340, 0.5, 0.999, 1.0, 3.0)] == [
        "1/340 of", "1/2 of", "1 times", "1 times", "3 times",
    ]  # fmt: skip


# --- which way carries it


def test_it_is_counted_where_the_shortcut_brings_more():
    assert carries(profile()) == (
        "Forward, the shortcut brings more than the branch in 2 of 2 blocks and less in 0; backward, more of the "
        "gradient comes back through it in 2 and less in 0, beyond what seeds change."
    )


def test_what_is_more_at_one_seed_and_less_at_another_is_counted_as_neither():
    flows = (flow((1.0, 1.0), ways=(1.0, 2.0, 3.0, 4.0)), flow((1.0, 1.0), ways=(2.0, 1.0, 5.0, 2.0)))
    said = carries(Profile(ALONE, {ALONE: flows}, (), 32, "digits"))
    assert "in 0 of 2 blocks and less in 0" in said
    assert "through it in 0 and less in 0" in said


def test_a_branch_that_begins_at_zero_is_said_to():
    flows = (flow((1.0, 1.0), ways=(0.0, 2.0, 0.0, 4.0)),)
    assert "In 2 the branch begins at zero" in carries(Profile(ALONE, {ALONE: flows}, (), 32, "digits"))


def test_without_shortcuts_all_goes_through_the_branches():
    flows = (flow((1.0, 1.0), ways=(None,) * 4),)
    assert carries(Profile(ALONE, {ALONE: flows}, (), 32, "digits")).startswith("No block has a shortcut")


# --- dead units and ranks


def test_dead_units_and_ranks_are_said_of_both_sides_the_designs_own_first():
    said = alive(profile(own=WITHOUT))
    assert said.startswith("Of the ReLU channels 50 %, with shortcuts 25 % are dead: none of the 32 images")
    assert "an effective rank of 2, with shortcuts 4: 1 is where all images look alike to it, 31 the most" in said


def test_where_no_unit_is_dead_that_is_said():
    flows = (flow((1.0, 1.0), dead=0.0),)
    assert alive(Profile(ALONE, {ALONE: flows}, (), 32, "digits")).startswith(
        "No ReLU channel is dead: each is positive"
    )


def test_a_design_without_relus_has_no_dead_units():
    flows = (GradientFlow(1.0, 0, flow((1.0, 1.0)).blocks, ()),)
    assert "ReLU" not in alive(Profile(ALONE, {ALONE: flows}, (), 32, "digits"))


def test_dead_units_of_a_block_are_the_mean_over_its_relus():
    layers = (LayerSignal("a.act1", 1.0, dead=0.0), LayerSignal("a.act2", 1.0, dead=0.5), LayerSignal("a.conv1", 1.0))
    assert dead_units(GradientFlow(1.0, 0, (), layers)) == {"a": 0.25}


# --- the formula


def test_where_nothing_follows_the_additions_the_formula_is_said_to_be_exact():
    said = adds_up(sums(remainder=4e-7))
    assert "From stage 1, block 1 to stage 1, block 2 nothing follows the additions, so the formula is exact" in said
    assert "0.5 (at each of 2 seeds) times the length of the whole" in said
    assert said.endswith("What is left over is rounding, at most 2e-07 of it.")


def test_where_something_follows_the_remainder_is_explained_by_it():
    said = adds_up(sums(after="ReLU", remainder=0.8))
    assert "each addition is followed by ReLU" in said
    assert "40 % (at each of 2 seeds) of the whole is neither" in said
    assert "exact" not in said


def test_a_design_without_identities_has_no_sum():
    assert adds_up(()).startswith("No shortcut of this design is an identity")


def test_a_sum_that_is_no_number_is_not_made_one():
    assert "no number" in adds_up(sums(total=NAN))
    assert "there is nothing to add up: at first weights no gradient gets past the last layer" in adds_up(
        sums(total=0.0)
    )
    assert math.isnan(Sum(0, "a", "b", 2, "", 0.0, 0.0, 0.0, 0.0).share)


def test_all_that_is_found_is_told():
    assert len(sentences(profile())) == 4


# --- as JSON


def test_a_profile_comes_back_from_json_to_six_digits():
    made = profile(joined=((1.23456789, 2.0), (1.0, 2.5)))
    back = profile_of(json.loads(json.dumps(made.as_json())))
    assert back.sides["with shortcuts"][0].blocks[1].gradient == 1.23457
    again = profile_of(back.as_json())
    assert again == back
    assert (back.sums, back.own, back.seeds, back.images, back.data) == (
        made.sums, made.own, (0, 1), 32, made.data,
    )  # fmt: skip
    assert findings.arrives(back) == findings.arrives(made)


def test_what_json_has_no_number_for_is_not_a_number_again():
    fields = profile().as_json()
    fields["sides"]["with shortcuts"][0]["blocks"]["gradient"][1] = None  # as the records keep an infinity
    blocks = profile_of(fields).sides["with shortcuts"][0].blocks
    assert math.isnan(blocks[1].gradient)
    assert blocks[0].branch is None  # which the stem does not have
