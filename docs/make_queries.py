"""Write docs/queries.md from the ready-made queries that the program ships.

python docs/make_queries.py
"""

from __future__ import annotations

from pathlib import Path

from query.library import SECTIONS, ReadyMade, read_library

TARGET = Path(__file__).resolve().parent / "queries.md"
# What people ask of flow logs, gathered from AWS's samples and reports and from other tools; a query names
# the questions that it answers by their numbers here.
QUESTIONS = (
    "What was rejected, newest first?",
    "Which TCP connections were rejected, at which interface and from where?",
    "Which sources are rejected most?",
    "When did the rejects start?",
    "How does the share of rejects change over time?",
    "Which rejects are on uncommon ports?",
    "Which requests were allowed while their replies were rejected?",
    "Who opened the connections?",
    "What went to or came from an address?",
    "What is the traffic of an instance?",
    "What is the traffic of a subnet?",
    "What came from a network?",
    "Which addresses are the top talkers?",
    "Which instances are the top talkers?",
    "Which subnets are the top talkers?",
    "Which pairs of addresses move the most bytes?",
    "Which pairs of addresses exchange the most packets?",
    "Where do the bytes of a subnet go?",
    "Which servers get the most HTTPS?",
    "Who uses SSH and RDP?",
    "Who uses admin, database or sensitive ports?",
    "Who uses UDP or unusual protocols?",
    "Which external sources reach in?",
    "Which external destinations take much?",
    "What happens outside business hours?",
    "What drives the cost of NAT, up and down?",
    "What goes to S3 or DynamoDB through NAT instead of an endpoint?",
    "What crosses availability zones?",
    "What are the true source and destination behind NAT?",
    "How do IPv4 and IPv6 compare?",
    "Where were records skipped?",
    "Which flows have many packets and few bytes?",
    "Which DNS name was that address?",
)
_INTRO = """# Ready-made queries

Made by `python docs/make_queries.py` from the files in `query/library/`.

A query is offered where the logs have the fields that it needs. All of it is the language of CloudWatch Logs
Insights, so that it can be copied there. Where the origin is an AWS sample, the text is
AWS's; where it is a report of the Athena console, it is that report in this language.

## Your own

Put a file `NAME.insights` into the folder `queries` of the user's configuration directory (on Linux
`~/.config/flowtui/queries`). The comments at its top say what it is; only the title is needed. A parameter is
asked for before the query runs, and stands in quotes in the text. A file with the name of a query below
takes its place.

```
# title: Who talked to the mail relay
# description: Which hosts sent how much to a port of the relay?
# needs: srcaddr, dstaddr, bytes
# parameter: relay, from dstaddr, like 10.0.1.10
filter dstAddr = "{{relay}}" and dstPort in [25, 587]
| stats sum(bytes) as bytesSent by srcAddr
| sort bytesSent desc
| limit 20
```

## Questions

| question | queries |
| --- | --- |
"""


def text() -> str:
    """The whole page."""
    queries, _ = read_library()
    parts = [_INTRO]
    for number, question in enumerate(QUESTIONS, 1):
        answers = ", ".join(query.title for query in queries if number in query.questions)
        parts.append(f"| {question} | {answers} |\n")
    for section, title in SECTIONS.items():
        parts.append(f"\n## {title}\n\n| query | answers | needs | origin |\n| --- | --- | --- | --- |\n")
        parts += [_row(query) for query in queries if query.section == section]
    return "".join(parts)


def _row(query: ReadyMade) -> str:
    needs = ", ".join(" or ".join(f"`{name}`" for name in need.split("|")) for need in query.needs)
    title = f"{query.title} (`{query.name}`)"
    return f"| {title} | {query.description} | {needs or 'nothing'} | {query.origin or 'flowtui'} |\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
