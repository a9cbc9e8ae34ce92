"""What other libraries call networks that are presets here."""

from __future__ import annotations

import difflib
import re

from resnet_tf.design.presets import ALIASES, PRESETS, Preset
from resnet_tf.design.recognition import Recognised, Unrecognised

ALIKE = 0.75  # of two names' letters, for one to be a slip of the other

# what stands before a name in code, on a hub or in an address
_BEFORE = re.compile(
    r"^(?:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/|hf[-_]hub:)?"
    r"(?:timm[/.]|torchvision\.models\.(?:resnet\.|densenet\.|vgg\.)?|(?:tf\.)?keras\.applications\.(?:\w+\.)?)?"
    r"(?:create_model\()?['\"]?"
)
_AFTER = re.compile(r"['\"]?\s*(?:[(,].*)?$")
# timm's older names, which its own table of them turns into the newer -> ours
_OLDER = (
    (r"(?:gluon|tv|ssl|swsl|ig)_(\w+)", r"\1"),
    (r"(\w+)_v1([bcds])", lambda found: found[1] + found[2].replace("b", "")),
    (r"(resnetv2_\w+)_bitm(?:_in21k)?", r"\1_bit"),
    (r"(\w+?)_(?:weights|IMAGENET1K_V\d)", r"\1"),
)


def named(text: str) -> Recognised:
    """The preset that timm, torchvision or keras.applications mean by a name, with or without the tag of its weights.

    Raises Unrecognised, with the nearest name, for one that no preset has.
    """
    bare = _AFTER.sub("", _BEFORE.sub("", text.strip()))
    name = bare.partition(".")[0]
    for each in (name, *_newer(name), name.lower(), *_newer(name.lower())):
        row = _preset(each)
        if row is not None:
            return Recognised(row.spec, row, ())
    nearest = difflib.get_close_matches(name.lower(), PRESETS, 1, ALIKE)
    hint = f"; the nearest name is {nearest[0]}" if nearest else ""
    raise Unrecognised(f"no network here is called {name!r}{hint}")


def _preset(name: str) -> Preset | None:
    return PRESETS.get(ALIASES.get(name, name))


def _newer(name: str) -> list[str]:
    found = []
    for pattern, newer in _OLDER:
        if re.fullmatch(pattern, name):
            name = re.sub(pattern, newer, name)
            found.append(name)
    return found
