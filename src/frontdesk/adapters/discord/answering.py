"""The answers to one interaction: the first within three seconds, the others for as long as its token is good."""

import asyncio
from typing import Any, Literal

from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import DiscordApi, Json, Refused
from frontdesk.adapters.discord.whispers import follow_up
from frontdesk.domain.errors import Ambiguous, DeskError, Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

PONG: Json = {"type": 1}
SEEN: Json = {"type": 6}
"""For a button: it was heard, and nothing about its message changes now."""
THINKING: Json = {"type": 5, "data": {"flags": render.EPHEMERAL}}
MESSAGE, CHOICES, FORM = 4, 8, 9

PATIENCE = 2.6
"""Seconds for the first answer; Discord waits three."""
_TRY = 1.5
_ELSEWHERE = 40060
_NOT_YET = frozenset({10008, 10015})
_SETTLES_WITHIN = 2.0
_ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"

Standing = Literal["owed", "given", "late", "elsewhere"]


class Answering:
    """What the person who acted gets to see."""

    def __init__(
        self,
        api: DiscordApi,
        clock: Clock,
        telemetry: Telemetry,
        interaction: str,
        token: str,
        body: "asyncio.Future[Json | None] | None" = None,
    ) -> None:
        self._api = api
        self._clock = clock
        self._telemetry = telemetry
        self._interaction = interaction
        self._token = token
        self._body = body
        """Where the first answer goes when the interaction came over HTTP."""
        self._began = clock.elapsed()
        self._changeable = False
        """True when the first answer is a message of ours."""
        self.standing: Standing = "owed"
        """`late`: Discord had given up on us. `elsewhere`: another process of ours was first."""

    async def first(self, answer: Json) -> None:
        """Give the first answer. Never raises: `standing` says what became of it."""
        if self._body is not None and not self._body.done():
            self._body.set_result(answer)
            self._given(answer)
            return
        await self._call(answer)

    async def first_message(self, data: Json) -> Json | None:
        """Answer with a message that others see too; the message, when it stands there. Raises Retry."""
        told = await self._call({"type": MESSAGE, "data": data})
        if self._body is not None and not self._body.done():
            self._body.set_result(None)
        if self.standing == "late":
            return None
        shown = (told.get("resource") or {}).get("message")
        if isinstance(shown, dict) and shown.get("id"):
            return shown
        return await self._original()

    async def tell(self, markdown: str) -> bool:
        """Tell the person alone, in place of the first answer if that was a message. Never raises."""
        if self.standing == "late":
            return False
        until = self._clock.elapsed() + _SETTLES_WITHIN
        while True:
            try:
                if self._changeable:
                    await self._change(render.words(markdown, ephemeral=False))
                else:
                    await follow_up(self._api, self._token, render.words(markdown))
            except Ambiguous:
                return True
            except DeskError as error:
                # What went back over HTTP may not have been read yet.
                if isinstance(error, Refused) and error.code in _NOT_YET and self._clock.elapsed() < until:
                    await self._clock.sleep(0.1)
                    continue
                self._telemetry.count("discord_answer_failed", kind=type(error).__name__)
                return False
            return True

    async def _call(self, answer: Json) -> Json:
        tries = 0
        while True:
            tries += 1
            try:
                told = await self._api.answer_interaction(self._interaction, self._token, answer, _TRY)
            except Retry as retry:
                if self._clock.elapsed() - self._began + retry.after > PATIENCE:
                    return self._missed("late", "no answer")
                await self._clock.sleep(retry.after)
            except Refused as refused:
                if refused.code == _ELSEWHERE and tries > 1:
                    break  # the try whose answer was lost did arrive
                return self._missed("elsewhere" if refused.code == _ELSEWHERE else "late", str(refused.code))
            else:
                self._given(answer)
                return told
        self._given(answer)
        return {}

    def _given(self, answer: Json) -> None:
        self.standing = "given"
        self._changeable = answer["type"] in (MESSAGE, THINKING["type"])

    def _missed(self, standing: Standing, why: str) -> Json:
        self.standing = standing
        self._telemetry.count("discord_interaction_missed", how=standing, why=why)
        return {}

    async def _change(self, payload: Json) -> None:
        await self._api.call("PATCH", _ORIGINAL, body=payload, interaction=True, **(await self._names()))

    async def _original(self) -> Json | None:
        try:
            found = await self._api.call("GET", _ORIGINAL, interaction=True, **(await self._names()))
        except Refused:
            return None
        return found if isinstance(found, dict) and found.get("id") else None

    async def _names(self) -> dict[str, Any]:
        identity = await self._api.identity()
        return {"webhook_id": identity.application, "webhook_token": self._token}
