"""One process for all that imports TensorFlow, and one for all that drives the browser."""

import pytest

GROUPS = ("keras", "browser")


def pytest_collection_modifyitems(items):
    for item in items:
        for group in GROUPS:
            if item.get_closest_marker(group):
                item.add_marker(pytest.mark.xdist_group(group))
