"""Text on its way to the terminal: control characters made visible, so that no datum can steer the terminal.

Queried names, user agents and file names are written by strangers. Everything that comes from data passes
through ``clean`` once, and nothing from data is ever parsed as markup.
"""

from __future__ import annotations

import re

# C0, DEL, C1, bidi marks and overrides, zero-width and blank-looking characters, line separators, tags, lone
# surrogates, the BOM.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
# Marks that take no room of their own: those of Latin, Cyrillic, Hebrew, Arabic and Thai, those for symbols,
# and the selectors of variants.
_MARKS = (
    "[\u0300-\u034e\u0350-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06ed\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_COMBINING = re.compile(f"({_MARKS}{{2}}){_MARKS}+")
_CONTROL_PICTURES = 0x2400


def clean(value: object) -> str:
    r"""Make a value's text safe to show on one line.

    C0 controls become their pictures (``␛`` for ESC), bytes that were not UTF-8 become ``\xff``, everything
    else that is invisible or turns text around becomes ``<U+202E>``.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text  # as nearly all of it is
    text = _HOSTILE.sub(_visible, text)
    return _COMBINING.sub("\\1\ufffd", text)


def masked(text: str) -> str:
    """The same for text that is edited: one sign for each character, so that the cursor stays in step."""
    return _HOSTILE.sub(lambda found: _visible(found) if len(_visible(found)) == 1 else "\ufffd", text)


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"<U+{code:04X}>"
