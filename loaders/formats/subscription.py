"""What a subscription of CloudWatch hands to Firehose, which leaves it in a bucket."""

from __future__ import annotations

from loaders.envelopes import Documents, Envelope
from loaders.formats import register
from loaders.kinds import EVENT_ID
from loaders.schema import GROUP, MESSAGE, STREAM, TIMESTAMP

_ENVELOPE = Envelope(
    "logEvents",
    {"logGroup": GROUP, "logStream": STREAM},
    {"id": EVENT_ID, "timestamp": TIMESTAMP, "message": MESSAGE},
    ("messageType", "owner", "subscriptionFilters", "policyLevel"),
    ("extractedFields",),
)

register(
    Documents(
        "subscription",
        50,
        _ENVELOPE,
        about="log events of CloudWatch that a subscription filter sent through Firehose to S3",
        sign='JSON objects with `"logEvents"`, one behind the other',
    )
)
