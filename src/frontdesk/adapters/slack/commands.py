"""The words staff can type after a slash, as Slack's manifest says them."""

from typing import Any

from frontdesk.domain.commands import DESK, SlashCommand

COMMANDS = (DESK,)


def slash_command(command: SlashCommand) -> dict[str, Any]:
    return {
        "command": f"/{command.name}",
        "description": command.description,
        "usage_hint": command.usage,
        "should_escape": False,
    }
