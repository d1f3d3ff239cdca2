"""The app's commands over REST: read, overwrite all, add, change, remove."""

from typing import Any

from frontdesk.sandbox.discord import overlay
from frontdesk.sandbox.discord.call import DONE, Answer, Call, created, ok
from frontdesk.sandbox.discord.errors import ApiError, InvalidForm
from frontdesk.sandbox.discord.values import Json


def listed(call: Call) -> Answer:
    return ok([_shown(call, one) for one in call.guild.commands.get(_scope(call), ())])


def overwrite(call: Call) -> Answer:
    """All commands of one place at once; a command that was there under its name keeps its id."""
    given: Any = call.body
    if not isinstance(given, list):
        raise InvalidForm({"_": "Must be a list."})
    overlay.check_commands(given)
    old = {(one["type"], one["name"]): one["id"] for one in call.guild.commands.get(_scope(call), ())}
    made = [_kept(call, one, old.get((one.get("type", 1), one["name"]))) for one in given]
    call.guild.commands[_scope(call)] = made
    call.guild.wake()
    return ok([_shown(call, one) for one in made])


def add(call: Call) -> Answer:
    commands = call.guild.commands.setdefault(_scope(call), [])
    kind, name = call.body.get("type", 1), call.body.get("name")
    old = next((one for one in commands if (one["type"], one["name"]) == (kind, name)), None)
    others = [one for one in commands if one is not old]
    overlay.check_commands([*others, call.body])
    made = _kept(call, call.body, old["id"] if old else None)
    call.guild.commands[_scope(call)] = [*others, made]
    return ok(_shown(call, made)) if old else created(_shown(call, made))


def look(call: Call) -> Answer:
    return ok(_shown(call, _named(call)))


def change(call: Call) -> Answer:
    old = _named(call)
    new = {**old, **call.body}
    overlay.check_command(new)
    commands = call.guild.commands[_scope(call)]
    commands[commands.index(old)] = new
    return ok(_shown(call, new))


def remove(call: Call) -> Answer:
    call.guild.commands[_scope(call)].remove(_named(call))
    return DONE


def _named(call: Call) -> Json:
    for one in call.guild.commands.get(_scope(call), ()):
        if one["id"] == call.path["command_id"]:
            return one
    raise ApiError(10063)


def _scope(call: Call) -> str:
    if call.path["application_id"] != call.app.application_id:
        raise ApiError(10002)
    if "guild_id" in call.path:
        call.need_guild()
        return call.guild.id
    return ""


def _kept(call: Call, given: Json, known: str | None) -> Json:
    defaults: Json = {
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "dm_permission": True,
        "nsfw": False,
        "integration_types": [0],
        "contexts": None,
        "name_localizations": None,
        "description_localizations": None,
    }
    stated = {key: value for key, value in given.items() if value is not None}
    if "default_member_permissions" in stated:
        stated["default_member_permissions"] = str(stated["default_member_permissions"])
    return {
        **defaults,
        **stated,
        "id": known or call.guild.snowflakes.next(),
        "application_id": call.app.application_id,
        "version": call.guild.snowflakes.next(),
    }


def _shown(call: Call, command: Json) -> Json:
    """As the API answers: the names in other languages only where asked for."""
    whole = {**command, **({"guild_id": call.guild.id} if "guild_id" in call.path else {})}
    if call.query.get("with_localizations") not in ("true", "1", "True"):
        whole = {key: value for key, value in whole.items() if not key.endswith("_localizations")}
    return whole


GLOBAL = "/applications/{application_id}/commands"
LOCAL = "/applications/{application_id}/guilds/{guild_id}/commands"
ROUTES = {
    ("GET", GLOBAL): listed,
    ("PUT", GLOBAL): overwrite,
    ("POST", GLOBAL): add,
    ("GET", GLOBAL + "/{command_id}"): look,
    ("PATCH", GLOBAL + "/{command_id}"): change,
    ("DELETE", GLOBAL + "/{command_id}"): remove,
    ("GET", LOCAL): listed,
    ("PUT", LOCAL): overwrite,
    ("POST", LOCAL): add,
    ("GET", LOCAL + "/{command_id}"): look,
    ("PATCH", LOCAL + "/{command_id}"): change,
    ("DELETE", LOCAL + "/{command_id}"): remove,
}
