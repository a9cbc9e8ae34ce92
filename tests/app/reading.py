"""What one reads on a page."""

import re


def as_read(markdown):
    """A text as it is on the screen, without the marks that `words.plain` sets before what Markdown would read."""
    return re.sub(r"\\(.)", r"\1", markdown).replace("\u2060", "")


def said(page):
    """All words on a page, outside of widgets."""
    kinds = (page.html, page.markdown, page.caption, page.info, page.warning, page.error)
    bars = [bar.proto.text for bar in page.get("progress")]
    return as_read("\n".join([element.value for kind in kinds for element in kind] + bars))
