"""What a person's client sends for a slash command, out of the commands that the app registered."""

from collections.abc import Mapping
from typing import Any

from frontdesk.sandbox.discord.happenings import Happenings
from frontdesk.sandbox.discord.values import Json

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER = 3, 4, 5, 6, 7, 8, 10


def find_command(guild: Happenings, name: str, kind: int) -> Json:
    """A registered command, the server's own (which then names it) before those of everywhere."""
    for scope in (guild.id, ""):
        for command in guild.commands.get(scope, ()):
            if command["name"] == name and command["type"] == kind:
                return {**command, "guild_id": scope} if scope else command
    known = [one["name"] for commands in guild.commands.values() for one in commands]
    raise ValueError(f"the app has no command {name!r} of type {kind}; it has {known}")


def must_be_offered(guild: Happenings, command: Json, user: str, channel: str) -> None:
    """A person's client offers a command only where it may be used, and to whom."""
    place = guild.channels[channel]
    contexts = command.get("contexts")
    if contexts is not None and (1 if place.dm else 0) not in contexts:
        raise ValueError(f"{command['name']!r} is not offered in {'direct messages' if place.dm else 'the server'}")
    needed = int(command.get("default_member_permissions") or 0)
    if not place.dm and guild.permissions(user, channel) & needed != needed:
        raise ValueError(f"{command['name']!r} is not offered to {user}")


def chosen(
    guild: Happenings,
    name: str,
    subcommand: str | None,
    options: Mapping[str, Any],
    *,
    focused: str | None = None,
) -> Json:
    """The data of the interaction: the command, the way down to the subcommand, the options and what they mean."""
    command = find_command(guild, name, 1)
    steps = []
    place = command
    for step in (subcommand or "").split():
        place = next((one for one in place.get("options", ()) if one["name"] == step), {})
        if place.get("type") not in (SUBCOMMAND, GROUP):
            raise ValueError(f"/{name} has no {subcommand!r}")
        steps.append(place)
    given = _filled(place, options, focused=focused)
    for one in reversed(steps):
        given = [{"type": one["type"], "name": one["name"], "options": given}]
    data = invoked(command) | {"options": given}
    people = [
        str(options[one["name"]]) for one in place.get("options", ()) if one["type"] == USER and one["name"] in options
    ]
    if people:
        users = [guild.people[one] for one in people]
        data["resolved"] = {
            "users": {one.id: guild.wire.user(one) for one in users},
            "members": {one.id: guild.wire.member(one, user=False) | {"permissions": "0"} for one in users},
        }
    return data


def invoked(command: Json) -> Json:
    """What the interaction says of the command itself."""
    return {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}


def _filled(place: Json, options: Mapping[str, Any], *, focused: str | None) -> list[Json]:
    known = {one["name"]: one for one in place.get("options", ())}
    if any(one["type"] in (SUBCOMMAND, GROUP) for one in known.values()):
        raise ValueError(f"{place['name']} needs one of its subcommands: {list(known)}")
    for name in options:
        if name not in known:
            raise ValueError(f"{place['name']} has no option {name!r}; it has {list(known)}")
    missing = [name for name, one in known.items() if one.get("required") and name not in options]
    if missing and focused is None:
        raise ValueError(f"{place['name']} needs {missing}")
    return [_option(known[name], value, focused=name == focused) for name, value in options.items()]


def _option(option: Json, value: Any, *, focused: bool) -> Json:
    allowed = [one["value"] for one in option.get("choices", ())]
    if allowed and not focused and value not in allowed:
        raise ValueError(f"{option['name']} is one of {allowed}, not {value!r}")
    if option["type"] == STRING and len(str(value)) > option.get("max_length", 6000):
        raise ValueError(f"{option['name']} takes at most {option['max_length']} characters")
    whole = {"type": option["type"], "name": option["name"], "value": value}
    return whole | ({"focused": True} if focused else {})
