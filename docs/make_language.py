"""Write docs/language.md from the tables that the program itself reads.

python docs/make_language.py
"""

from __future__ import annotations

from pathlib import Path

from query import commands, local
from query.functions import FUNCTIONS, REFUSED, Function

TARGET = Path(__file__).resolve().parent / "language.md"
_INTRO = """# The query language

Made by `python docs/make_language.py` from the tables of the program.

flowtui answers CloudWatch Logs Insights QL: the same text runs here, offline, and in CloudWatch. A query is
commands with `|` between; `#` begins a comment. It is typed in the explorer after `;`, or given to the
command line:

```
flowtui query ./logs 'filter action = "REJECT"
  | stats count(*) as rejects by srcAddr
  | sort rejects desc | limit 10'
```

The explorer keeps the 500 newest queries that were run in `history.jsonl` in your state directory (on Linux
`~/.local/state/flowtui`), for `↑` to bring back. Remove the file to forget them.

`docs/queries.md` lists the ready-made ones, which `Q` shows in the explorer.

## What names mean

- A field is found in whatever spelling: `srcAddr`, `srcaddr`, `pkt-srcaddr`, `pkt_srcaddr`. Names with other
  characters than letters, digits, `_`, `@` and `.` stand in backticks: `` `detail-type` ``.
- Fields of JSON messages have dots: `userIdentity.type`, `answers.0.Rdata`.
- A field that these logs do not have is empty, as in AWS, and is warned about. A comparison with an empty
  value is false.
- `@message` is the record as it was logged; of flow logs, its fields with one space between.
- Text that spells a number compares and adds up as one.

## Commands

| command | written like | does |
| --- | --- | --- |
"""
_RULES = """
Rules worth knowing:

- Without `fields` or `display` a row shows `@timestamp` and `@message`, newest first.
- Without `limit` a query gives 10,000 rows at most, and says so when there were more. `limit` takes up to
  100,000; `limit any` gives all, which AWS does not know (`limit any 500` is for both).
- After `stats` only its own columns are left. A column is called by its alias, or else by its text:
  `count(*)`. Without `sort` its rows stand in the order of what they are grouped by.
- `sort` puts text before numbers, and runs of digits in text in the order of their length: `10.0.9.1` before
  `10.0.10.1`. An empty value stands first, and last when `desc`.
- `bin(300s)` is `bin(60s)`: AWS takes at most 1000 ms, 60 s, 60 m and 24 h, and so does flowtui.
- `dedup` keeps every row that lacks one of its fields; only `limit` may follow it.
- A result that cannot be said is empty: a division by zero, a whole number beyond 64 bits, the root of a
  negative number, the sum of nothing.
- Percentiles are interpolated, standard deviations are those of a sample, and `count_distinct` is exact.
- `diff` needs a time range: `--since -3h`.
- `cidrlookup nets srcAddr OUTPUT owner` reads `nets.csv` from a folder `lookups` beside the logs or in your
  configuration directory.

Commands of AWS that flowtui refuses by name:

"""


def _table(functions: list[Function]) -> str:
    rows = "".join(f"| `{function.example}` | {function.meaning} |\n" for function in functions)
    return f"| written like | gives |\n| --- | --- |\n{rows}"


def text() -> str:
    """The whole page."""
    parts = [_INTRO]
    parts += [
        f"| `{name}` | `{example.replace('|', chr(92) + '|')}` | {meaning} |\n"
        for name, (example, meaning) in commands.MEANINGS.items()
    ]
    parts.append(_RULES)
    parts += [f"- `{name}`: {reason}\n" for name, reason in commands.REFUSED.values()]
    ordered = sorted(FUNCTIONS.values(), key=lambda function: function.name.lower())
    parts.append("\n## Functions\n\n" + _table([one for one in ordered if not one.aggregate]))
    parts.append("\n## Functions of stats\n\n" + _table([one for one in ordered if one.aggregate]))
    refused = ", ".join(f"`{name}`" for name, _ in REFUSED.values())
    parts.append(f"\nFunctions of AWS that flowtui refuses by name: {refused}.\n")
    parts.append(
        "\n## Only in flowtui\n\nThese are never needed. A query with one of them is not copied for AWS; "
        "flowtui says why.\n\n| field | holds | for AWS |\n| --- | --- | --- |\n"
    )
    parts += [f"| `{ours.name}` | {ours.meaning} | {ours.instead} |\n" for ours in local.FIELDS.values()]
    charts = ", ".join(f"`{kind}`" for kind in commands.CHARTS)
    parts.append(f"| `chart` (a command) | how to draw the result: {charts} | leave it out |\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
