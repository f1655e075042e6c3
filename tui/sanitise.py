"""Text on its way to the terminal: control characters made visible, so that no datum can steer the terminal.

Queried names, user agents and file names are written by strangers. Everything that comes from data passes
through ``clean`` once, and nothing from data is ever parsed as markup.
"""

from __future__ import annotations

import re

# C0, DEL, C1, bidi marks and overrides, zero-width characters, line separators, lone surrogates, the BOM.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
    "\ud800-\udfff]"
)
_COMBINING = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_CONTROL_PICTURES = 0x2400


def clean(value: object) -> str:
    r"""Make a value's text safe to show on one line.

    C0 controls become their pictures (``␛`` for ESC), bytes that were not UTF-8 become ``\xff``, everything
    else that is invisible or turns text around becomes ``<U+202E>``.
    """
    text = _HOSTILE.sub(_visible, str(value))
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
