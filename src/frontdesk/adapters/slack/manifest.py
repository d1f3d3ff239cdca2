"""Generates the app manifest from what the adapter calls and listens to."""

import json
import sys
from typing import Any

from frontdesk.adapters.slack.commands import COMMANDS, slash_command
from frontdesk.adapters.slack.parse import EVENTS

SCOPES = {
    "app_mentions:read": "hear when somebody mentions the desk",
    "assistant:write": "the Messages tab of an assistant",
    "channels:history": "hear messages in public channels, find our own posts again",
    "channels:read": "who is a member of the staff channel, when it is public",
    "chat:write": "answer, stream, edit, show what is being done",
    "chat:write.customize": "carry a person's words under that person's name",
    "commands": "the slash command",
    "files:read": "carry a file from one side of the desk to the other",
    "files:write": "the same, putting it down",
    "groups:history": "hear messages in private channels",
    "groups:read": "who is a member of the private staff channel",
    "im:history": "hear direct messages",
    "mpim:history": "hear group messages",
    "users:read": "people's names and pictures",
}
"""Every scope of the bot token, and what for."""


def manifest(name: str = "frontdesk", url: str | None = None) -> dict[str, Any]:
    """The manifest, to be pasted where Slack asks for one when an app is made.

    With `url` (`https://desk.example/slack/events`) Slack calls the desk over HTTP; without, the desk calls Slack.
    """
    address = {} if url is None else {"request_url": url}
    return {
        "display_information": {
            "name": name,
            "description": "Answers questions from your team's own articles, and brings in a person when it should.",
            "background_color": "#1d3557",
        },
        "features": {
            "agent_view": {
                "agent_description": "Answers questions from the team's own articles, and brings in a person.",
            },
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "slash_commands": [
                {**slash_command(command), **({} if url is None else {"url": url})} for command in COMMANDS
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(manifest(), indent=2) + "\n")
