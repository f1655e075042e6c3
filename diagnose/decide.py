"""The decision procedure: from the facts about one record to the code of its verdict."""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.tri import Tri


@dataclass(frozen=True, slots=True)
class Case:
    """What decides about a record, and nothing else; records with equal cases have the same code.

    Attributes:
        accepted: Whether it was accepted.
        leaves: Whether it left by its interface; ``None`` where that is not known.
        reason: ``reject-reason``, if one is logged.
        answers: Whether it is TCP and carries a SYN-ACK.
        asks: Whether it carries a SYN without an ACK.
        is_reply: Whether its destination started the conversation.
        other_accepted: Whether any of the other direction was accepted here.
        other_rejected: Whether any of it was rejected here.
        same_accepted: Whether any of its own direction was accepted here.
        accepted_before: Whether that was before it, or at the same second.
        asked_elsewhere: Whether a SYN the other way was seen at another interface.
        reset: Whether the side that was asked answered with resets and never with a SYN-ACK.
        icmp_back: Whether ICMP came back.
        reply_elsewhere: Whether the other direction was seen at another interface of the same instance.
        groups: Whether the security groups allow it.
        acl: Whether the network ACL does.
        far: The verdict at the far interface, if that is ours and saw it too.
        routed: Whether there is a route for it.
        blackhole: Whether that leads nowhere.
    """

    accepted: bool
    leaves: bool | None
    reason: str | None = None
    answers: bool = False
    asks: bool = False
    is_reply: bool = False
    other_accepted: bool = False
    other_rejected: bool = False
    same_accepted: bool = False
    accepted_before: bool = False
    asked_elsewhere: bool = False
    reset: bool = False
    icmp_back: bool = False
    reply_elsewhere: bool = False
    groups: Tri = Tri.UNKNOWN
    acl: Tri = Tri.UNKNOWN
    far: str | None = None
    routed: Tri = Tri.UNKNOWN
    blackhole: bool = False

    @property
    def end(self) -> str:
        """What follows a code that is about a direction; what is not known to leave came in."""
        return "-OUT" if self.leaves else "-IN"


def decide(case: Case) -> str:
    """The code of a record's verdict."""
    return _accepted(case) if case.accepted else _rejected(case)


def _rejected(case: Case) -> str:
    if case.reason in {"BPA", "EC"}:
        return f"R-{case.reason}"
    if case.answers and case.leaves is False and not case.other_accepted:
        return "R-ASYM" if case.asked_elsewhere else "R-BACKSCATTER"
    if case.is_reply and case.other_accepted and not case.same_accepted:
        return "R-LATE" if case.acl is Tri.YES else f"R-NACL-RETURN{case.end}"
    if case.accepted_before and not case.asks:
        return "R-CHANGED-NACL" if case.acl is Tri.NO else "R-LATE"
    if case.accepted_before and case.groups is Tri.NO:
        return "R-CHANGED-SG"
    return _by_rules(case)


def _by_rules(case: Case) -> str:
    if case.groups is Tri.NO:
        return f"R-BOTH{case.end}" if case.acl is Tri.NO else f"R-SG{case.end}"
    if case.acl is Tri.NO:
        return f"R-NACL{case.end}"
    if case.groups is Tri.YES and case.acl is Tri.YES:
        return "R-STALE"
    return f"R-UNKNOWN{case.end}"


def _accepted(case: Case) -> str:
    if case.other_rejected and not case.other_accepted:
        return "A-REPLY-REJECTED"
    if case.other_accepted:
        return "A-REFUSED" if case.reset else "A-OK"
    if case.icmp_back:
        return "A-ICMP-ANSWER"
    if case.reply_elsewhere:
        return "A-ASYM"
    if case.leaves is None:
        return "A-NOREPLY-UNKNOWN"
    if not case.leaves:
        return "A-NOREPLY-HOST"
    if case.far is not None:
        return f"A-REMOTE-{case.far}"
    if case.routed is Tri.NO:
        return "A-NOROUTE"
    return "A-BLACKHOLE" if case.blackhole else "A-NOREPLY-REMOTE"
