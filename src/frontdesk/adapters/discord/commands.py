"""The desk's commands as Discord's application commands."""

from typing import Any

from frontdesk.domain.commands import ASK, ASK_ABOUT, DESK, MenuCommand, SlashCommand

Json = dict[str, Any]

_CHAT_INPUT, _MESSAGE = 1, 3
_SUBCOMMAND, _STRING = 1, 3
_IN_A_GUILD = 0
_CONTEXTS = {"community": 0, "direct": 1}


def commands() -> list[Json]:
    """What Discord is told of them, all at once."""
    return [slash_command(DESK), slash_command(ASK), menu_command(ASK_ABOUT)]


def slash_command(command: SlashCommand) -> Json:
    return {
        "type": _CHAT_INPUT,
        "name": command.name,
        "description": command.description,
        "options": _options(command),
        "contexts": [_CONTEXTS[place] for place in command.places],
        "integration_types": [_IN_A_GUILD],
    }


def menu_command(command: MenuCommand) -> Json:
    """Below *Apps* in the menu of a message."""
    return {
        "type": _MESSAGE,
        "name": command.name,
        "contexts": list(_CONTEXTS.values()),
        "integration_types": [_IN_A_GUILD],
    }


def _options(command: SlashCommand) -> list[Json]:
    options: list[Json] = [
        {"type": _SUBCOMMAND, "name": each.name, "description": _sentence(each.description)}
        for each in command.subcommands
    ]
    if command.argument is not None:
        argument = command.argument
        asked = {"type": _STRING, "name": argument.name, "description": argument.description, "required": True}
        options.append({**asked, "max_length": argument.most, "autocomplete": argument.suggests})
    return options


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
