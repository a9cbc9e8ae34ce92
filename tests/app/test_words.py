"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"), (11_689_512, "11.7 M"), (25_557_032, "25.6 M"), (4_089_184_256, "4.09 G"), (999, "999"),
        (999_950, "1.00 M"), (999_499, "999 k"), (1_000, "1.00 k"), (1e15, "1,000 T"),
    ],
)  # fmt: skip
def test_a_count_is_said_in_three_significant_digits(value, said):
    assert words.short(value) == said


@pytest.mark.parametrize(("value", "said"), [(0.08137, "0.0814"), (0.9996, "1.00"), (9.996, "10.0"), (2.63, "2.63")])
def test_a_share_keeps_three_significant_digits(value, said):
    assert words.significant(value) == said


@pytest.mark.parametrize(("bytes", "said"), [(102_400_000, "102 MB"), (512, "512 B"), (1e11, "100 GB")])
def test_bytes_come_in_powers_of_ten(bytes, said):
    assert words.size(bytes) == said


@pytest.mark.parametrize(("change", "said"), [(0, "±0"), (1_200_000, "+1.20 M"), (-3, "−3")])
def test_a_change_has_a_sign(change, said):
    assert words.signed(change) == said


def test_a_ratio_to_nothing_is_no_number():
    assert words.ratio(3, 0) == "no ratio"


@pytest.mark.parametrize(("span", "said"), [(0.25, "0.2 s"), (48, "48 s"), (200, "3 min 20 s"), (3_900, "1 h 05 min")])
def test_a_time_is_said_as_people_do(span, said):
    assert words.seconds(span) == said


@given(st.integers(1, 10**15))
def test_what_is_said_is_within_half_a_percent_of_the_number(count):
    number, _, prefix = words.short(count).partition(" ")
    scale = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[prefix]
    assert float(number.replace(",", "")) * scale == pytest.approx(count, rel=0.005)
