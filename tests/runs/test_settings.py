"""The README's table of environment variables is the settings'."""

import re
from pathlib import Path

from resnet_tf.runs.settings import HOSTED, Settings, variable

README = Path(__file__).parents[2] / "README.md"
NOTHING = ("", None)


def row(name, field):
    default = field.default if field.default_factory is None else ""
    usual = "" if default in NOTHING else f"{default:,}" if isinstance(default, int) else default
    hosted = f"{HOSTED[name]:,}" if name in HOSTED else usual
    return f"| `{variable(name)}` | {field.description} | {usual} | {hosted} |"


def test_the_readme_says_of_each_variable_what_it_does_and_what_it_is_when_not_set():
    expected = [row(name, field) for name, field in Settings.model_fields.items()]
    text = README.read_text()
    table = text[text.index("## Settings") : text.index("## Deploy")]
    written = re.findall(r"^\| `.*$", table, re.MULTILINE)
    assert "\n".join(written) == "\n".join(expected)
