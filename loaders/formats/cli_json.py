"""What ``aws logs filter-log-events`` and ``aws logs get-log-events`` print as JSON, page after page."""

from __future__ import annotations

from loaders.envelopes import Documents, Envelope
from loaders.formats import register
from loaders.kinds import EVENT_ID
from loaders.schema import MESSAGE, STREAM, TIMESTAMP

_ENVELOPE = Envelope(
    "events",
    {},
    {"eventId": EVENT_ID, "logStreamName": STREAM, "timestamp": TIMESTAMP, "message": MESSAGE},
    ("searchedLogStreams", "nextToken", "NextToken", "nextForwardToken", "nextBackwardToken"),
    ("ingestionTime",),
)

register(
    Documents(
        "filter-log-events",
        51,
        _ENVELOPE,
        about="what `aws logs filter-log-events` prints",
        sign='a JSON object with `"events"`, and streams or event ids in it',
        needs='"(eventId|logStreamName|searchedLogStreams)"',
    )
)
register(
    Documents(
        "get-log-events",
        52,
        _ENVELOPE,
        about="what `aws logs get-log-events` prints",
        sign='a JSON object with `"events"`, whose events name no stream',
    )
)
