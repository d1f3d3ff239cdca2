"""Tells Discord which commands there are, when that changed."""

import json
from collections.abc import Sequence
from hashlib import sha256

from frontdesk.adapters.discord.api import DiscordApi, Json, Refused
from frontdesk.domain.errors import DeskError
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

KEPT = 7 * 86_400.0
"""Seconds after which they are told again, in case somebody else changed them."""


async def register(api: DiscordApi, notebook: Notebook, telemetry: Telemetry, commands: Sequence[Json]) -> bool:
    """Make the application's commands exactly these; True when Discord had to be told. Never raises.

    Without them people still reach the desk by writing, so that trouble here stops nothing.
    """
    try:
        application = (await api.identity()).application
        note = f"discord:commands:{application}"
        told = sha256(json.dumps(list(commands), sort_keys=True).encode()).hexdigest()
        if await notebook.get(note) == told:
            return False
        await api.call(
            "PUT", "/applications/{application_id}/commands", body=list(commands), application_id=application
        )
        await notebook.put(note, told, KEPT)
    except Refused as refused:
        telemetry.trouble("discord does not take the commands", refused, status=refused.status, code=refused.code)
        return False
    except DeskError as error:
        telemetry.trouble("the commands could not be brought to discord", error)
        return False
    telemetry.note("discord knows the commands", commands=len(commands))
    return True
