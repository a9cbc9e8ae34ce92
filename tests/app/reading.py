"""What one reads on a page."""

import re


def as_read(markdown):
    """A text as it is on the screen, without the marks that `words.plain` sets before what Markdown would read."""
    return re.sub(r"\\(.)", r"\1", markdown).replace("\u2060", "")
