"""Hypothesis strategies: syntax trees of every shape that the parser can make."""

from __future__ import annotations

import re
import sys

from hypothesis import strategies as st

from loaders.fields import FIELDS
from query import periods, tree

# Everything but lone surrogates, which no query can hold.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NAMES = st.one_of(
    st.sampled_from([field.name for field in FIELDS] + ["@timestamp", "@log", "logStream"]),
    st.from_regex(r"[A-Za-z_@][A-Za-z0-9_@.]{0,8}", fullmatch=True),
    TEXT.filter(bool),
    st.sampled_from(
        ["and", "In", "like", "NOT", "or", "tcp", "reject", "isempty", "foo-bar", "a`b", "``", "1a"]
    ),
)
PATTERNS = st.one_of(
    st.sampled_from(["(?i)error", r"^10\.", "a/b", r"\\/", "[0-9]+", "(?<n>x)", "#", r"\d/"]),
    TEXT.filter(lambda text: re.fullmatch(r"(?:[^\\]|\\.)+", text, re.DOTALL)),
)
_BIG = 2**63 - 1

fields = st.builds(tree.Field, NAMES)
numbers = st.one_of(
    st.integers(-_BIG, _BIG),
    st.floats(-9.2e18, 9.2e18, allow_nan=False),
    st.floats(-sys.float_info.min, sys.float_info.min, allow_nan=False),
)
literals = st.builds(tree.Literal, TEXT | numbers)
lists = st.builds(tree.ListLiteral, st.lists(literals, max_size=3).map(tuple))
durations = st.builds(
    tree.Duration,
    st.builds(
        periods.Period, st.integers(1, 999), st.sampled_from(["ms", "s", "m", "h", "d", "w", "mo", "q", "y"])
    ),
)
_bins = st.builds(tree.Call, st.just("bin"), st.tuples(durations))
_times = st.builds(tree.Call, st.sampled_from(["datefloor", "dateceil"]), st.tuples(fields, durations))
_texts = st.builds(tree.Call, st.sampled_from(["tolower", "toupper", "strlen"]), st.tuples(fields | literals))
_plain = fields | literals | _texts | _bins | _times
# A sign before a number that is written out is part of the number.
_signed = fields | _texts | st.builds(tree.Literal, TEXT)
arithmetic = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.builds(tree.Arithmetic, inner, st.sampled_from(["+", "-", "*", "/", "%", "^"]), inner),
        st.builds(tree.Call, st.sampled_from(["abs", "sqrt"]), st.tuples(inner)),
        st.builds(tree.Negative, inner.filter(lambda term: not isinstance(term, tree.Literal)) | _signed),
    ),
    max_leaves=6,
)
operands = _plain | arithmetic

_tests = st.one_of(
    st.builds(
        tree.Call, st.sampled_from(["ispresent", "isempty", "isblank", "isValidIp"]), st.tuples(operands)
    ),
    st.builds(tree.Call, st.sampled_from(["isIpInSubnet", "strcontains"]), st.tuples(operands, literals)),
)
_simple = st.one_of(
    st.builds(tree.Compare, operands, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), operands),
    st.builds(
        tree.Like, operands, st.builds(tree.Literal, TEXT) | st.builds(tree.Regex, PATTERNS), st.booleans()
    ),
    st.builds(tree.In, operands, lists, st.booleans()),
    _tests,
)
conditions = st.recursive(
    _simple,
    lambda inner: st.one_of(
        st.builds(tree.And, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(tree.Or, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(tree.Not, inner),
        # Conditions count as 1 or 0; with < and > they would be a term and a size.
        st.builds(tree.Compare, inner, st.sampled_from(["=", "!="]), operands | inner),
        st.builds(tree.In, inner, lists, st.booleans()),
    ),
    max_leaves=12,
)
