"""Generates what an application on Discord needs for the desk, from what the adapter calls and listens to."""

import json
import sys
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.permissions import NONE, Permission

SCOPES = {
    "bot": "be a member of the server, hear and write messages there",
    "applications.commands": "the slash commands and the entry in the menu of a message",
}
PERMISSIONS = {
    Permission.VIEW_CHANNEL: "see the channels it serves",
    Permission.SEND_MESSAGES: "answer, post tickets to the staff channel",
    Permission.SEND_MESSAGES_IN_THREADS: "answer in threads and forum posts",
    Permission.CREATE_PUBLIC_THREADS: "open a thread on a question, and on a ticket",
    Permission.CREATE_PRIVATE_THREADS: "the same in private, where the desk is configured so",
    Permission.MANAGE_THREADS: "mark a forum post as solved, archive it, open it again",
    Permission.READ_MESSAGE_HISTORY: "catch up after an outage, find its own posts again",
    Permission.ATTACH_FILES: "carry a file from one side of the desk to the other",
    Permission.MANAGE_WEBHOOKS: "carry a person's words under that person's name and picture",
}
"""Every permission the desk is invited with, and what for."""
OPTIONAL_PERMISSIONS = {
    Permission.MANAGE_CHANNELS: "on a staff forum only: make the tags that show status, priority and owner",
}
"""Given on one channel, not by the invitation."""
INTENTS = {
    "GUILDS": (1 << 0, "know channels, threads and roles"),
    "GUILD_MESSAGES": (1 << 9, "hear messages in the server"),
    "DIRECT_MESSAGES": (1 << 12, "hear direct messages"),
    "MESSAGE_CONTENT": (1 << 15, "read messages that do not mention the desk; without it, set message_content = false"),
}
OPTIONAL_INTENTS = {
    "GUILD_MEMBERS": "hear that a customer left the server, and tell staff; used where it is switched on",
}
PRIVILEGED = frozenset({"MESSAGE_CONTENT", *OPTIONAL_INTENTS})
"""To be switched on at the application's own page, and reviewed by Discord for large applications."""

AUTHORIZE = "https://discord.com/oauth2/authorize"


def manifest(name: str = "frontdesk", application_id: str = "APPLICATION_ID") -> dict[str, Any]:
    """What to set up, and the link that invites the desk to a server."""
    granted = reduce(or_, PERMISSIONS, NONE)
    return {
        "application": {
            "name": name,
            "description": "Answers questions from your team's own articles, and brings in a person when it should.",
        },
        "scopes": SCOPES,
        "permissions": {
            "integer": str(int(granted)),
            "needed_for": {str(each.name): reason for each, reason in PERMISSIONS.items()},
            "optional": {str(each.name): reason for each, reason in OPTIONAL_PERMISSIONS.items()},
        },
        "intents": {
            "integer": sum(bit for bit, _ in INTENTS.values()),
            "needed_for": {
                intent: {"reason": reason, "privileged": intent in PRIVILEGED}
                for intent, (_, reason) in INTENTS.items()
            },
            "optional": {
                intent: {"reason": reason, "privileged": intent in PRIVILEGED}
                for intent, reason in OPTIONAL_INTENTS.items()
            },
        },
        "invite": invite(application_id),
        "commands": commands(),
    }


def invite(application_id: str) -> str:
    """The address at which an administrator lets the desk in."""
    asked = {
        "client_id": application_id,
        "scope": " ".join(SCOPES),
        "permissions": int(reduce(or_, PERMISSIONS, NONE)),
    }
    return f"{AUTHORIZE}?{urlencode(asked)}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(manifest(), indent=2) + "\n")
