"""Tries token, intents and rights, and says in one line each what is missing and how to mend it."""

from collections.abc import Awaitable, Sequence
from typing import Any

from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.channels import Channels, Facts, unseen
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.manifest import PERMISSIONS
from frontdesk.adapters.discord.permissions import VIEW_CHANNEL, Permission, permissions_in
from frontdesk.adapters.discord.staff import EVERYBODY
from frontdesk.domain.errors import DeskError, Misconfigured, Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

CREATE_PRIVATE_THREADS = Permission.CREATE_PRIVATE_THREADS

Line = tuple[str, str | None]


async def suitability(config: DiscordConfig, clock: Clock, telemetry: Telemetry) -> Sequence[Line]:
    """(what, why it does not work or None), one after the other."""
    api = DiscordApi(config, clock, telemetry)
    try:
        try:
            await api.identity()
        except Retry as retry:
            return [("discord", f"DISCORD_API_URL={config.api_url} cannot be reached ({retry}): check the address")]
        except DeskError as error:
            return [("discord token", str(error))]
        lines: list[Line] = [("discord token", None), ("discord intents", _intents(api))]
        channels = Channels(api)
        if config.staff_channel is not None:
            lines.append(("discord staff channel", await _why_not(_staff_channel(api, channels, config.staff_channel))))
        served = [channel for channel in config.channels if channel != "*"]
        return [*lines, *[(f"discord channel {each}", await _why_not(_served(api, channels, each))) for each in served]]
    finally:
        await api.close()


async def _why_not(attempt: Awaitable[None]) -> str | None:
    try:
        await attempt
    except DeskError as error:
        return str(error)
    return None


def _intents(api: DiscordApi) -> str | None:
    if not api.config.message_content or "message_content" in api.identified.intents:
        return None
    return (
        "the Message Content intent is off: switch it on on the app's Bot page, "
        "or set message_content = false under [discord] in frontdesk.toml"
    )


async def _staff_channel(api: DiscordApi, channels: Channels, channel: str) -> None:
    name = f"FRONTDESK_STAFF_CHANNEL=discord:{channel}"
    facts = await _seen(channels, channel, name)
    if facts.kind not in ("text", "forum"):
        raise Misconfigured(f"{name} is a thread or another kind of channel: name a text channel or a forum")
    guild, place, mine = await _told(api, facts)
    if permissions_in(guild, place, EVERYBODY) & VIEW_CHANNEL:
        raise Misconfigured(f"{name} is public, so that anybody could read tickets: make it private")
    _suffices(api, name, mine)


async def _served(api: DiscordApi, channels: Channels, channel: str) -> None:
    name = f"discord:{channel} in FRONTDESK_CHANNELS"
    facts = await _seen(channels, channel, name)
    _, _, mine = await _told(api, facts)
    _suffices(api, name, mine)


async def _seen(channels: Channels, channel: str, name: str) -> Facts:
    try:
        return await channels.asked(channel)
    except Refused as refused:
        raise Misconfigured(f"{name} {unseen(refused)}") from refused


async def _told(api: DiscordApi, facts: Facts) -> tuple[Any, Any, Permission]:
    guild = await api.call("GET", "/guilds/{guild_id}", guild_id=facts.guild or "")
    place = await api.call("GET", "/channels/{channel_id}", channel_id=facts.id)
    me = await api.call(
        "GET", "/guilds/{guild_id}/members/{user_id}", guild_id=facts.guild or "", user_id=api.identified.user
    )
    return guild, place, permissions_in(guild, place, me)


def _suffices(api: DiscordApi, name: str, mine: Permission) -> None:
    needed = [each for each in PERMISSIONS if api.config.threads == "private" or each != CREATE_PRIVATE_THREADS]
    missing = [_as_discord_shows(each) for each in needed if each not in mine]
    if missing:
        raise Misconfigured(
            f"{name}: the bot lacks {', '.join(missing)}: grant it in the channel's settings under Permissions, "
            "or to the bot's role"
        )


def _as_discord_shows(permission: Permission) -> str:
    """Close enough to the words in Discord's settings: VIEW_CHANNEL is View Channel there."""
    return str(permission.name).replace("_", " ").title().replace(" In ", " in ")
