"""The codes of verdicts: stable names, what each means, and how it is said in a line.

``-IN`` and ``-OUT`` behind a code are the record's direction at its interface.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "R-BPA": "refused by VPC Block Public Access",
    "R-EC": "refused by encryption controls",
    "R-SG": "no security-group rule allows it",
    "R-NACL": "the network ACL denies it",
    "R-BOTH": "neither security groups nor network ACL allow it: both have to change",
    "R-NACL-RETURN": "the network ACL refuses the reply to an accepted request",
    "R-CHANGED-SG": "the same flow was accepted before: the security groups have changed since",
    "R-CHANGED-NACL": "the same flow was accepted before: the network ACL has changed since",
    "R-LATE": "it came after the connection was closed or forgotten: no rule refused it",
    "R-ASYM": "the request left by another interface: asymmetric routing",
    "R-BACKSCATTER": "an answer that nobody here asked for: noise",
    "R-STALE": "the rules of the inventory allow what was refused",
    "R-UNKNOWN": "what refused it cannot be told from what is here",
    "A-OK": "accepted both ways",
    "A-REFUSED": "accepted, and the host answered with a reset: nothing listens there",
    "A-REPLY-REJECTED": "accepted, but its reply is refused",
    "A-ICMP-ANSWER": "answered by ICMP",
    "A-ASYM": "its reply left by another interface of the same instance",
    "A-NOREPLY-HOST": "let in, and the host is silent",
    "A-NOREPLY-REMOTE": "let out, and the far side is silent",
    "A-NOREPLY-UNKNOWN": "accepted and never answered; which way it went is not known",
    "A-REMOTE": "let out here; the far interface is ours too",
    "A-NOROUTE": "let out, and the subnet has no route for it",
    "A-BLACKHOLE": "let out, and its route leads to what is gone",
    "N-EXCLUDED": "AWS never logs this",
    "N-RESERVED": "an address that AWS reserves in the subnet",
    "N-SAMEHOST": "both addresses are on one instance or node",
    "N-NOFLOWLOG": "no flow log covers the interface",
    "N-DELIVERY": "the flow log fails to deliver",
    "N-TRAFFICTYPE": "the flow log leaves out this half of the traffic",
    "N-BEFORE": "before the flow log was made",
    "N-LAG": "too recent: it is still on its way",
    "N-SKIPDATA": "records were skipped at that time",
    "N-GAP": "no file of that time is here",
    "N-REWRITTEN": "it is there under another address",
    "N-NOROUTE": "the source's subnet has no route for it",
    "N-BLACKHOLE": "the source's route leads to what is gone",
    "N-NOTOURS": "neither end is an interface of the inventory",
    "N-UPSTREAM": "covered and recorded, and nothing reached the interface: look upstream",
}
"""What each code means, without ``-IN`` and ``-OUT``, and without what follows ``A-REMOTE-``."""

DIRECTED = frozenset({"R-SG", "R-NACL", "R-BOTH", "R-NACL-RETURN", "R-UNKNOWN"})
"""Codes that are followed by the record's direction."""


def base(code: str) -> str:
    """A code without its direction, and without the far interface's verdict."""
    if code.startswith("A-REMOTE-"):
        return "A-REMOTE"
    stem = code.removesuffix("-IN").removesuffix("-OUT")
    return stem if stem in DIRECTED else code


def meaning(code: str) -> str:
    """What a code means, in a line without a full stop."""
    if code.startswith("A-REMOTE-"):
        far = code.removeprefix("A-REMOTE-")
        return f"{MEANINGS['A-REMOTE']}, and there: {meaning(far)}"
    return MEANINGS[base(code)]
