"""The AWS CLI commands that save an inventory."""

from __future__ import annotations

from diagnose.inventory import COMMANDS

FOLDER = "inventory"


def commands() -> list[str]:
    """Shell commands, one a line, that save everything that ``inventory`` reads; all of them only read."""
    whole = [command for command in COMMANDS.values() if command.startswith("describe-")]
    lists = "aws ec2 describe-managed-prefix-lists --query 'PrefixLists[].PrefixListId' --output text"
    entries = 'aws ec2 get-managed-prefix-list-entries --prefix-list-id "$list" --output json'
    return [
        f"mkdir -p {FOLDER}",
        *(f"aws ec2 {command} --output json > {FOLDER}/{command}.json" for command in whole),
        f'for list in $({lists}); do {entries} > "{FOLDER}/prefix-list.$list.json"; done',
    ]
