"""Whether a rule can be taken away, and the command for it: only where nobody can have used it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.fixes import rule_options
from diagnose.rule_coverage import unseen
from diagnose.said import plural, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from diagnose.model import GroupRule
    from diagnose.rule_coverage import Coverage

_DAY = 86_400


def removal(
    rule: GroupRule, row: Mapping[str, Any], lacks: Sequence[str], cover: Coverage
) -> tuple[str | None, str]:
    """The command that takes a rule away, and why it is suggested or not (a sentence without a full stop).

    Args:
        rule: The rule.
        row: What is known of it (``rules.RULES``).
        lacks: What is missing for calling a rule of its group unused for good.
        cover: How much of its group's traffic can be seen.
    """
    hidden = unseen(rule)
    if row["hits"]:
        if row["sole"]:
            return None, f"No other rule allows {row['sole']:,} of its {plural(row['hits'], 'hit')}"
        beside = " and ".join(row["beside"])
        return None, f"Whatever it let in {beside} {_allow(row['beside'])} too; never take both away at once"
    if row["maybe"]:
        why = "what it asks for is not logged, or it is not clear who began"
        return None, f"{plural(row['maybe'], 'conversation')} may have used it: {why}"
    if cover.members == 0:
        return None, "No interface has the group"
    said = [*([hidden] if hidden else []), *lacks]
    if said:
        return None, f"Nothing seen used it, but {'; '.join(said)}"
    length, all_ = span(cover.days * _DAY), plural(cover.members or 0, "interface")
    return revoke(rule), f"Nothing used it in {length}, and all of {all_} with the group is logged"


def _allow(names: Sequence[str]) -> str:
    return "allows" if len(names) == 1 else "allow"


def revoke(rule: GroupRule) -> str:
    """The command that takes a rule away, for a shell."""
    verb = "egress" if rule.egress else "ingress"
    return f"aws ec2 revoke-security-group-{verb} {rule_options(rule.group, [rule])}"
