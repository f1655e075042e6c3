"""Values in JSON that break careless readers, put among ordinary neighbours into every layout made of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.flows import flow, later, line
from tests.corpus.route53 import query

if TYPE_CHECKING:
    from collections.abc import Callable

VALUES = {
    "lone-surrogate": '"\\ud800"',
    "lone-low-surrogate": '"x\\udc00y"',
    "nul": '"a\\u0000b"',
    "escape": '"\\u001b[2J\\u009b"',
    "not-a-number": "NaN",
    "infinity": "-Infinity",
    "huge-integer": "9" * 400,
    "huge-exponent": "1e999",
    "beyond-64-bits": "18446744073709551616",
    "deep-array": "[" * 10_000 + "]" * 10_000,
    "deep-object": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "deep-and-open": "[" * 10_000,
    "empty-name": '{"": 1}',
    "same-name-twice": '{"a": 1, "a": 2}',
    "null": "null",
    "true": "true",
    "text": '"so"',
    "array": "[1, 2]",
    "object": '{"b": {"c": null}}',
    "odd-bytes": '"\\\\xff"',
    "braces": '"}{"',
    "quote": '"\\""',
    "single-quotes": "'x'",
    "nothing": "",
    "bare-word": "undefined",
    "control-character": '"\x01"',
    "line-end": '"\n"',
}
"""JSON text of a value; some of it is none."""

GOOD_JSON = [f'{{"time":"2026-01-15T10:00:0{n}Z","n":{n}}}' for n in range(4)]


def _envelope(*events: str) -> str:
    head = '{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":'
    return f"{head}{_array(*events)}}}"


def _array(*items: str) -> str:
    return f"[{','.join(items)}]"


def _event(number: int, more: str = "") -> str:
    said = json.dumps(line(later(number)))
    return f'{{"id":"{number}","timestamp":{1768471200000 + number},"message":{said}{more}}}'


def _get(*events: str) -> str:
    return f'{{"events":{_array(*events)},"nextForwardToken":"f","nextBackwardToken":"b"}}'


def _got(number: int, more: str = "") -> str:
    return f'{{"timestamp":{1768471200000 + number},"message":{json.dumps(line(later(number)))},"ingestionTime":1{more}}}'


def _trail(number: int, value: str = "1") -> str:
    return (
        '{"eventVersion":"1.08","eventTime":"2026-01-15T09:58:00Z","eventSource":"s3.amazonaws.com",'
        f'"eventName":"GetObject","eventID":"e{number}","requestParameters":{value}}}'
    )


def _result(value: str) -> str:
    time = '{"field":"@timestamp","value":"2026-01-15 10:00:00.000"}'
    return _array(time, f'{{"field":"@message","value":{value}}}')


def _among(value: str) -> list[str]:
    return [*GOOD_JSON[:2], f'{{"time":"2026-01-15T10:00:00Z","a":{value}}}', *GOOD_JSON[2:]]


def _dns(value: str) -> str:
    return json.dumps(query(answers="HERE")).replace('"HERE"', value)


GOOD_DNS = json.dumps(query())

LAYOUTS: dict[str, tuple[str, int, Callable[[str], str]]] = {
    "lines": ("json-lines", 4, lambda v: "\n".join([*_among(v), ""])),
    "array": ("json", 2, lambda v: _array(*_among(v))),
    "resolver": (
        "resolver-query-log",
        4,
        lambda v: "\n".join([GOOD_DNS, GOOD_DNS, _dns(v), GOOD_DNS, GOOD_DNS, ""]),
    ),
    "subscription-event": (
        "subscription",
        1,
        lambda v: _envelope(_event(0), _event(1, f',"more":{v}'), _event(2)) + _envelope(_event(3)),
    ),
    "subscription-message": (
        "subscription",
        1,
        lambda v: (
            _envelope(_event(0), f'{{"id":"x","timestamp":1768471200000,"message":{v}}}')
            + _envelope(_event(3))
        ),
    ),
    "subscription-timestamp": (
        "subscription",
        1,
        lambda v: (
            _envelope(_event(0), f'{{"id":"x","timestamp":{v},"message":{json.dumps(line(flow()))}}}')
            + _envelope(_event(3))
        ),
    ),
    "subscription-group": (
        "subscription",
        1,
        lambda v: _envelope(_event(0)) + _envelope(_event(1)).replace('"g"', v) + _envelope(_event(3)),
    ),
    "get-log-events": ("get-log-events", 1, lambda v: _get(_got(0), _got(1, f',"more":{v}'), _got(2))),
    "get-log-events-message": (
        "get-log-events",
        1,
        lambda v: _get(_got(0), f'{{"timestamp":1768471200000,"message":{v},"ingestionTime":1}}', _got(2)),
    ),
    "cloudtrail": ("cloudtrail", 1, lambda v: f'{{"Records":{_array(_trail(0), _trail(1, v), _trail(2))}}}'),
    "query-results": (
        "query-results",
        1,
        lambda v: (
            f'{{"results":{_array(_result(json.dumps(line(flow()))), _result(v))},"status":"Complete"}}'
        ),
    ),
}
"""By layout: the format, how many neighbours are kept whatever the value is, and the file with a value in it.

In one document of JSON what stands behind a value that is none may be lost, but nothing before it.
"""
