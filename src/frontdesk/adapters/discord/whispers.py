"""Words that one person sees: follow-ups of what that person pressed or asked a moment ago, in whichever process."""

from frontdesk.adapters.discord.api import DiscordApi, Json, Refused
from frontdesk.adapters.discord.interactions_parse import Caller
from frontdesk.adapters.discord.render import EPHEMERAL
from frontdesk.domain.errors import Ambiguous, DeskError
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

TOKEN_SECONDS = 840.0
"""Of the fifteen minutes for which Discord takes a token."""
FOLLOW_UP = "/webhooks/{webhook_id}/{webhook_token}"
_UNKNOWN_WEBHOOK = 10015
_ACKNOWLEDGED_WITHIN = 2.0
"""Seconds after which a token that Discord does not know is not one that is being acknowledged just now."""


class Whispers:
    """Keeps what people's acts allow us to say to them alone."""

    def __init__(self, api: DiscordApi, notebook: Notebook, clock: Clock, telemetry: Telemetry) -> None:
        self._api = api
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry

    async def keep(self, caller: Caller, *others: str) -> None:
        """This person can be told something, in this channel and in those it stands for. Never raises."""
        try:
            for channel in {caller.channel, *others}:
                await self._notebook.put(_name(channel, caller.person.id), caller.token, TOKEN_SECONDS)
        except DeskError as error:
            self._telemetry.count("discord_token_not_kept", kind=type(error).__name__)

    async def forget(self, caller: Caller) -> None:
        """Discord did not take our answer, so that the token is good for nothing. Never raises."""
        try:
            await self._notebook.forget(_name(caller.channel, caller.person.id))
        except DeskError as error:
            self._telemetry.count("discord_token_not_kept", kind=type(error).__name__)

    async def whisper(self, channel: str, person: str, payload: Json) -> bool:
        """Tell this person alone; False when there is no way to, today. Raises Retry."""
        token = await self._notebook.get(_name(channel, person))
        if token is None:
            return False
        until = self._clock.elapsed() + _ACKNOWLEDGED_WITHIN
        while True:
            try:
                await follow_up(self._api, token, payload)
            except Ambiguous:
                return True  # told, most likely; and nothing depends on it
            except Refused as refused:
                # The desk may be faster than the acknowledgement of what it whispers about.
                if refused.code == _UNKNOWN_WEBHOOK and self._clock.elapsed() < until:
                    await self._clock.sleep(0.1)
                    continue
                self._telemetry.count("discord_whisper_refused", code=str(refused.code))
                await self._notebook.forget(_name(channel, person))
                return False
            return True


async def follow_up(api: DiscordApi, token: str, payload: Json) -> None:
    """A further message for the person alone. Raises Retry, Ambiguous or Refused."""
    identity = await api.identity()
    await api.call(
        "POST",
        FOLLOW_UP,
        body=for_one(payload),
        once=True,
        interaction=True,
        webhook_id=identity.application,
        webhook_token=token,
    )


def for_one(payload: Json) -> Json:
    """The message as only the person who acted sees it."""
    return {**payload, "flags": int(payload.get("flags") or 0) | EPHEMERAL, "allowed_mentions": {"parse": []}}


def _name(channel: str, person: str) -> str:
    return f"discord:token:{channel}:{person}"
