"""Whole queries: which text makes which commands, what columns are called, and what a refusal says."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings

from query import commands, tree
from query.commands import (
    AddTotals,
    Chart,
    CidrLookup,
    Dedup,
    Diff,
    Display,
    Fields,
    FillMissing,
    Filter,
    Item,
    Limit,
    Parse,
    Pattern,
    Sort,
    SortKey,
    Stats,
    Unnest,
)
from query.parse import QueryError, parse_query
from query.periods import Period
from query.tree import (
    Arithmetic,
    Call,
    Compare,
    Duration,
    Field,
    In,
    ListLiteral,
    Literal,
    Negative,
    Regex,
    Star,
)
from tests.query.trees import arithmetic

A, B, C = Field("a"), Field("b"), Field("c")
COUNT = Call("count", (Star(),))
A_IS_1 = Compare(A, "=", Literal(1))


def item(expr, name=""):
    return Item(expr, name or expr.written)


COMMANDS = {
    "fields a": Fields((item(A),)),
    "fields a, b as c": Fields((item(A), item(B, "c"))),
    "fields srcAddr": Fields((Item(Field("srcaddr"), "srcAddr"),)),
    "fields 'x' as text, 1.5 as number": Fields((item(Literal("x"), "text"), item(Literal(1.5), "number"))),
    "fields a = 1 as isOne": Fields((item(A_IS_1, "isOne"),)),
    "display a, b as c": Display((item(A), item(B, "c"))),
    "filter a = 1": Filter(A_IS_1),
    "where a = 1": Filter(A_IS_1),
    "filterIndex a = 1": Filter(A_IS_1),
    "filterIndex a in [1, 'x']": Filter(In(A, ListLiteral((Literal(1), Literal("x"))))),
    "filter a not in [-1]": Filter(In(A, ListLiteral((Literal(-1),)), negated=True)),
    "parse 'user=*, id=*' as user, id": Parse(Field("@message"), Literal("user=*, id=*"), ("user", "id")),
    "parse a 'x *' as b": Parse(A, Literal("x *"), ("b",)),
    "parse a /x(?<b>[0-9]+)y(?P<c>.)/": Parse(A, Regex("x(?<b>[0-9]+)y(?P<c>.)"), ("b", "c")),
    "parse /eni-(?<id>.*?) /": Parse(Field("@message"), Regex("eni-(?<id>.*?) "), ("id",)),
    "stats count(*)": Stats((item(COUNT, "count(*)"),)),
    "stats count(*) as n by a, bin(5m) as t": Stats(
        (item(COUNT, "n"),), (item(A), item(Call("bin", (Duration(Period(5, "m")),)), "t"))
    ),
    "stats sum(a) / count(*) as each": Stats(
        (item(Arithmetic(Call("sum", (A,)), "/", COUNT), "each"),),
    ),
    "sort a": Sort((SortKey(A),)),
    "sort a desc, b asc, c": Sort((SortKey(A, descending=True), SortKey(B), SortKey(C))),
    "sort a * 2 desc": Sort((SortKey(Arithmetic(A, "*", Literal(2)), descending=True),)),
    "limit 20": Limit(20),
    "limit 100000": Limit(100_000),
    "limit any": Limit(None),
    "dedup a, `b c`": Dedup((A, Field("b c"))),
    "pattern @message": Pattern(Field("@message")),
    "diff": Diff(),
    "diff previousDay": Diff("previousDay"),
    "diff PREVIOUSWEEK": Diff("previousWeek"),
    "diff previousmonth": Diff("previousMonth"),
    "unnest a.b[0] into c": Unnest(Field("a.b.0"), "c"),
    "addtotals": AddTotals(),
    "addtotals col=true row = false a, b": AddTotals((A, B), row=False, col=True),
    "addtotals fieldname=Everything": AddTotals(title="Everything"),
    "fillmissing": FillMissing(),
    "fillmissing with 0 for a, 'none' for b, -1 for c": FillMissing(((0, A), ("none", B), (-1, C))),
    "cidrlookup nets a OUTPUT owner": CidrLookup("nets", A, None, (("owner", "owner"),)),
    "cidrlookup my-nets a as cidr OUTPUTNEW owner as who, zone": CidrLookup(
        "my-nets", A, "cidr", (("owner", "who"), ("zone", "zone")), only_new=True
    ),
    "chart Bar": Chart("bar"),
}


@pytest.mark.parametrize("text", COMMANDS)
def test_a_text_makes_its_command(text: str):
    assert parse_query(text).commands == (COMMANDS[text],)


def test_every_command_that_help_names_is_tested_and_is_understood_as_help_writes_it():
    for name, (example, meaning) in commands.MEANINGS.items():
        assert any(text.startswith(name) for text in COMMANDS)
        assert example.startswith(name)
        assert len(parse_query(example).commands) == 1
        assert meaning


KEYWORDS = (
    "fields a as b",
    "parse @message '*' as b",
    "stats count(*) as c by a",
    "sort a desc",
    "limit any",
    "filter a like 'x' and not b in [1] or a not like /y/",
    "unnest a into b",
    "cidrlookup nets a as b output c",
    "fillmissing with 0 for a",
    "addtotals row=false",
    "pattern a",
)


@pytest.mark.parametrize("text", KEYWORDS)
def test_keywords_have_any_case(text: str):
    apart = re.compile(r"(\b(?:a|b|c|x|y|nets|false)\b|@message)")
    upper = "".join(part if apart.fullmatch(part) else part.upper() for part in apart.split(text))
    assert upper != text
    assert parse_query(upper).commands == parse_query(text).commands


def test_names_keep_their_case():
    assert parse_query("FIELDS Path AS P | SORT Path").commands[0] == Fields((item(Field("Path"), "P"),))


def test_white_space_and_newlines_are_free():
    assert parse_query("\n fields\ta\n\n  |limit\n2\n").commands == parse_query("fields a | limit 2").commands


def test_a_comment_goes_to_the_end_of_its_line_and_can_switch_a_command_off():
    text = """# what is refused
    fields a # , b | filter c = 1
    # | filter a = 1
    | sort a  # the end"""
    assert parse_query(text).commands == parse_query("fields a | sort a").commands


def test_a_hash_in_quotes_or_in_a_pattern_is_no_comment():
    (command,) = parse_query("filter a = '#1' and b like /#2/").commands
    assert isinstance(command, Filter)
    assert [node for node in tree.walk(command.condition) if isinstance(node, (Literal, Regex))] == [
        Literal("#1"),
        Regex("#2"),
    ]


FIELD_NAMES = {
    "`detail-type`": "detail-type",
    "js.`user.id`": "js.user.id",
    "`a``b`": "a`b",
    "@log": "log_group",
    "userIdentity.arn": "userIdentity.arn",
    "js.list[0].b": "js.list.0.b",
    "a[0][12].`c d`[2]": "a.0.12.c d.2",
    "flow-direction": "flow_direction",
    "pkt-srcaddr": "pkt_srcaddr",
    # Words that are commands where a command stands.
    "stats": "stats",
    "limit": "limit",
    "Pattern": "Pattern",
    "count": "count",
}


@pytest.mark.parametrize("written", FIELD_NAMES)
def test_a_field_is_written_with_letters_digits_and_signs_and_anything_else_in_backticks(written: str):
    (command,) = parse_query(f"fields {written}").commands
    assert isinstance(command, Fields)
    assert command.items[0].expr == Field(FIELD_NAMES[written])


COLUMN_NAMES = {
    "fields srcAddr, SRCADDR": ["srcAddr", "SRCADDR"],
    "fields `detail-type`": ["detail-type"],
    "fields a as `my column`": ["my column"],
    "stats count(*), Count( * ), count()": ["count(*)", "Count( * )", "count()"],
    "stats sum(bytes) / 2": ["sum(bytes) / 2"],
    "stats sum(a)/1024/1024 by bin( 5 m )": ["sum(a)/1024/1024", "bin( 5 m )"],
    "stats (count(*))": ["(count(*))"],
    "stats (sum(a) + 1) * 2": ["(sum(a) + 1) * 2"],
    "fields (a)": ["a"],
    "fields strlen(\n   a)": ["strlen( a)"],
    "fields a\n+\n b, c": ["a + b", "c"],
    "fields a > 5 , not b = 1": ["a > 5", "not b = 1"],
    "fields js.list[0].b": ["js.list.0.b"],
    "fields -a, 'x', 5": ["-a", "'x'", "5"],
}


@pytest.mark.parametrize("text", COLUMN_NAMES)
def test_a_column_without_an_alias_is_called_as_it_was_written_on_one_line(text: str):
    (command,) = parse_query(text).commands
    assert isinstance(command, (Fields, Stats))
    items = (*command.items, *(command.by if isinstance(command, Stats) else ()))
    assert [found.name for found in items] == COLUMN_NAMES[text]


def add(left, right):
    return Arithmetic(left, "+", right)


ORDER_OF_SIGNS = {
    "a + b * c": add(A, Arithmetic(B, "*", C)),
    "a * b + c": add(Arithmetic(A, "*", B), C),
    "(a + b) * c": Arithmetic(add(A, B), "*", C),
    "a - b - c": Arithmetic(Arithmetic(A, "-", B), "-", C),
    "a / b / c": Arithmetic(Arithmetic(A, "/", B), "/", C),
    "a % b * c": Arithmetic(Arithmetic(A, "%", B), "*", C),
    "a ^ b ^ c": Arithmetic(A, "^", Arithmetic(B, "^", C)),
    "a * b ^ c": Arithmetic(A, "*", Arithmetic(B, "^", C)),
    "-a ^ b": Negative(Arithmetic(A, "^", B)),
    "a ^ -b": Arithmetic(A, "^", Negative(B)),
    "-a * b": Arithmetic(Negative(A), "*", B),
    "a - -b": Arithmetic(A, "-", Negative(B)),
    "a-1": Arithmetic(A, "-", Literal(1)),
    "- 5": Literal(-5),
    "a + b > c * 2": Compare(add(A, B), ">", Arithmetic(C, "*", Literal(2))),
    "not a + b = c": tree.Not(Compare(add(A, B), "=", C)),
}


@pytest.mark.parametrize("text", ORDER_OF_SIGNS)
def test_signs_bind_as_in_mathematics(text: str):
    (command,) = parse_query(f"fields {text} as x").commands
    assert isinstance(command, Fields)
    assert command.items[0].expr == ORDER_OF_SIGNS[text]


@settings(max_examples=200, deadline=None)
@given(arithmetic)
def test_the_text_of_any_value_can_stand_in_a_query(expr: tree.Expr):
    (command,) = parse_query(f"fields {tree.to_text(expr)} as x").commands
    assert command == Fields((Item(expr, "x"),))


# text: (sentence, the place that the caret shows); "" is the place behind the text.
ERRORS = {
    "": ("The query is empty. Write one like stats count(*) by action.", ""),
    "# all switched off": ("The query is empty. Write one like stats count(*) by action.", None),
    # Commands.
    "filtr a = 1": ("'filtr' is not a command. Did you mean 'filter'?", "filtr"),
    "fields a | stat count(*)": ("'stat' is not a command. Did you mean 'stats'?", "stat"),
    "srcAddr = 'x'": ("'srcAddr' is not a command. To filter, write filter before the condition.", "srcAddr"),
    "fields a | | sort a": ('Expected a command here. Begin like filter action = "REJECT".', "| sort"),
    "| fields a": ('Expected a command here. Begin like filter action = "REJECT".', "|"),
    "fields a |": ("Expected a command after '|'.", ""),
    "fields a |\n": ("Expected a command after '|'.", "\n"),
    # What must follow.
    "fields": ("Expected a field after 'fields'.", ""),
    "fields a,": ("Expected a value after ','.", ""),
    "fields a as": ("Expected a new name after 'as'.", ""),
    "fields a as by": ("Expected a new name after 'as'.", "by"),
    "stats by a": ("Expected what to count after 'stats', as in stats count(*) by srcAddr.", "by"),
    "stats count(*) by": ("Expected a field after 'by', as in by srcAddr, bin(5m).", ""),
    "sort | limit 1": ("Expected a field after 'sort', as in sort bytes desc.", "|"),
    "limit": ("Expected a number or 'any' after 'limit'.", ""),
    "limit many": ("Expected a number or 'any' after 'limit'.", "many"),
    "limit 1.5": ("Expected a number or 'any' after 'limit'.", "1.5"),
    "unnest a into": ("Expected a new name after 'into'.", ""),
    "pattern 'x'": ("Expected a field after 'pattern', as in pattern @message.", "'x'"),
    "cidrlookup": ("Expected a table after 'cidrlookup', as in cidrlookup nets srcAddr OUTPUT owner.", ""),
    "fillmissing with for a": ("Expected a value after 'with', as in with 0 for rejects.", "for"),
    # What is not closed.
    "stats count(*": ("The parenthesis that starts here is not closed.", "(*"),
    "stats count(* by a": ("The parenthesis that starts here is not closed.", "(*"),
    "fields js[0": ("The list that starts here is not closed.", "[0"),
    "fields `a": ("The name that starts here is not closed.", "`a"),
    "filter a = 'x | limit 5": ("The string that starts here is not closed.", "'x"),
    "parse @message /x": ("The pattern that starts here is not closed.", "/x"),
    # Values that cannot be.
    "limit 0": ("limit takes a number from 1 to 100,000. Write 'limit any' for all rows.", "0"),
    "limit 100001": ("limit takes a number from 1 to 100,000. Write 'limit any' for all rows.", "100001"),
    "stats count(*) by bin(0m)": ("'0m' is not a period. Write one like 5m, 30 sec, 1h or 1mo.", "0m"),
    "stats count(*) by bin(5)": ("bin takes a time such as 5m here. Write it like bin(5m).", "5)"),
    "fields abs(5m)": ("abs takes a value, not a time, here. Write it like abs(bytes).", "5m"),
    "fields 5m": ("A time such as '5m' stands in a function, as in bin(5m).", "5m"),
    "stats sum(*)": ("sum takes no '*'. Only count(*) does.", "*"),
    "fields strlen(a, b)": ("strlen takes one value, not 2. Write it like strlen(srcAddr).", "strlen(a, b)"),
    "stats coun(*)": ("'coun' is not a function. Did you mean 'count'?", "coun"),
    "chart pie": ("'pie' is no chart. There are line, bar, stacked, table.", "pie"),
    "addtotals col=maybe": ("Expected true or false, not 'maybe'.", "maybe"),
    "fields a[x]": ("Expected a text or a number after '['.", "x]"),
    # parse.
    "parse 'a * *' as x": (
        "This pattern has 2 '*' for 1 name. Write it like parse @message \"user=*, id=*\" as user, id.",
        "'a * *'",
    ),
    "parse 'a' as x": (
        "This pattern has 0 '*' for 1 name. Write it like parse @message \"user=*, id=*\" as user, id.",
        "'a'",
    ),
    "parse /x/": (
        "This pattern has no named group, so it finds nothing. Write it like /user=(?<user>[a-z]+)/.",
        "/x/",
    ),
    "parse /(?<a>x)/ as a": (
        "After a /pattern/ there is no 'as'. Name the groups inside it: (?<name>…).",
        "/(?<a>x)/",
    ),
    # Habits from other languages.
    "filter a = 1 || b = 2": ("Write 'or' for '||'.", "||"),
    "fields a == 1": ("Write one '=' to compare.", "=="),
    "fields a;": ("';' means nothing here.", ";"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_says_what_is_wrong_and_shows_where(text: str):
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    error = caught.value
    sentence, place = ERRORS[text]
    assert str(error) == sentence
    assert error.line == 1
    if place is not None:
        assert error.column == (text.index(place) if place else len(text)) + 1


def test_the_caret_stands_below_the_word_in_its_line():
    text = "fields srcAddr\n| stats coun(*) by srcAddr"
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert caught.value.pretty(text) == (
        "| stats coun(*) by srcAddr\n        ^^^^\n'coun' is not a function. Did you mean 'count'?"
    )


@pytest.mark.parametrize("name", commands.REFUSED)
def test_a_command_that_flowtui_does_not_run_is_refused_by_name_with_the_reason(name: str):
    spelled, reason = commands.REFUSED[name]
    for written in (spelled, spelled.upper()):
        with pytest.raises(QueryError) as caught:
            parse_query(f"fields a | {written} b")
        assert str(caught.value) == f"flowtui does not have '{spelled}': {reason}"
        assert (caught.value.column, caught.value.length) == (12, len(spelled))


def test_a_function_that_flowtui_does_not_have_is_refused_by_name():
    with pytest.raises(QueryError, match="unmask is a function of CloudWatch") as caught:
        parse_query("fields UnMask(a)")
    assert (caught.value.column, caught.value.length) == (8, 6)


LARGE = {
    "parentheses": "fields " + "(" * 10_000 + "a" + ")" * 10_000,
    "open parentheses": "filter " + "(" * 10_000,
    "calls": "fields " + "abs(" * 10_000 + "a" + ")" * 10_000,
    "plus": "fields " + " + ".join(["a"] * 10_001),
    "minus": "fields " + "-" * 10_000 + "a",
    "powers": "fields " + "^".join(["2"] * 10_001),
    "sums in parentheses": "fields " + "a + (" * 5_000 + "1" + ")" * 5_000,
    "nots": "filter " + "not " * 10_000 + "a = 1",
    "ands": "filter " + " and ".join(["a = 1"] * 5_000),
    "side by side": "filter " + "a = 1 " * 5_000,
    "ors": "filter " + " or ".join(["a = 1"] * 5_000),
    "pipes": "fields a" + " | fields a" * 5_000,
    "empty commands": "fields a" + " |" * 5_000,
    "fields": "fields " + ", ".join(["a"] * 5_000),
    "items of a list": "filter a in [" + ", ".join(["1"] * 10_000) + "]",
    "places in lists": "fields a" + "[0]" * 5_000,
    "brackets": "fields " + "[" * 10_000,
    "backticks": "fields " + "`" * 10_001,
    "quotes": "filter a = " + "'" * 10_001,
}


@pytest.mark.parametrize("what", LARGE)
def test_a_large_text_is_read_or_refused_and_never_exhausts_the_stack(what: str):
    with suppress(QueryError):
        assert parse_query(LARGE[what]).commands


def test_any_before_a_limit_changes_nothing_here():
    assert parse_query("limit any 5").commands == parse_query("limit 5").commands == (commands.Limit(5),)
    assert parse_query("limit any").commands == (commands.Limit(None),)
