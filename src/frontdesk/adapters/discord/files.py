"""Files that come with messages: fetched by addresses that run out, and sent along with ours."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from frontdesk.adapters.discord import escaping, wire
from frontdesk.adapters.discord.api import DiscordApi, File, Refused
from frontdesk.domain.errors import DeskError, Retry, Undeliverable
from frontdesk.domain.messages import Attachment
from frontdesk.ports.clock import Clock

MOST_BYTES = 10 * 1024 * 1024
"""Of one file that a bot may send."""
MOST_FILES = 10
"""In one message."""
MOST_TOGETHER = 24 * 1024 * 1024
TRIES, LONGEST_PAUSE = 3, 2.0
"""How often, and how many seconds apart at most, a file is asked for before it is left behind."""
HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})

ANY_KIND = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}", re.ASCII)
_NOT_IN_NAMES = re.compile(r'[\n\t/\\"<>|:*?`]')
_LONGEST_NAME = 120

Fetch = Callable[[Attachment], Awaitable[bytes]]
"""The bytes of a file of any platform. Raises Retry or Undeliverable."""


def file_name(text: str) -> str:
    """A name that no header, no folder and no reader takes for anything else; its ending stays."""
    visible = "".join(c for c in escaping.tidy(text) if unicodedata.category(c) not in ("Cc", "Cf"))
    plain = _NOT_IN_NAMES.sub("_", visible).strip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    if len(plain) <= _LONGEST_NAME or not dot or len(ending) > 10:
        return plain[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"


class Files:
    """Discord's files, both ways; those of other platforms come through `fetch`."""

    def __init__(self, api: DiscordApi, clock: Clock, fetch: Fetch | None = None) -> None:
        self._api = api
        self._clock = clock
        self._fetch = fetch or self.download

    async def bring(self, attachments: Sequence[Attachment]) -> tuple[tuple[File, ...], tuple[str, ...]]:
        """What can be sent with a message, and the names of what cannot. Raises nothing."""
        brought: list[File] = []
        lost: list[str] = []
        for attachment in attachments:
            room = MOST_TOGETHER - sum(len(file.content) for file in brought)
            try:
                content = await self._patiently(attachment)
            except DeskError:
                lost.append(attachment.name)
                continue
            if len(brought) == MOST_FILES or not 0 < len(content) <= min(MOST_BYTES, room):
                lost.append(attachment.name)
                continue
            kind = attachment.media_type if _MEDIA_TYPE.fullmatch(attachment.media_type) else ANY_KIND
            brought.append(File(file_name(attachment.name), content, kind))
        return tuple(brought), tuple(lost)

    async def _patiently(self, attachment: Attachment) -> bytes:
        """Raises Retry or Undeliverable."""
        for _ in range(TRIES - 1):
            try:
                return await self._fetch(attachment)
            except Retry as retry:
                await self._clock.sleep(min(retry.after, LONGEST_PAUSE))
        return await self._fetch(attachment)

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of one of Discord's own files; a new address is asked for when the one we have ran out.

        Raises Retry or Undeliverable.
        """
        if attachment.size > MOST_BYTES:
            raise Undeliverable("a file over the limit")
        if self._is_good(attachment.url):
            try:
                return await self._api.download(attachment.url, MOST_BYTES)
            except Undeliverable:
                pass  # Discord may take an address back before its time
        return await self._api.download(await self._new_address(attachment), MOST_BYTES)

    async def _new_address(self, attachment: Attachment) -> str:
        try:
            message: Any = await self._api.call(
                "GET",
                "/channels/{channel_id}/messages/{message_id}",
                channel_id=attachment.channel,
                message_id=attachment.message,
            )
        except Refused as refused:
            raise Undeliverable("the message of a file is gone") from refused
        forwarded = [each.get("message") or {} for each in message.get("message_snapshots") or ()]
        for told in [told for part in (message, *forwarded) for told in part.get("attachments") or ()]:
            if str(told.get("id")) == attachment.id:
                url = wire.File.model_validate(told).url or ""
                if self._is_ours(url):
                    return url
        raise Undeliverable("a file is gone")

    def _is_good(self, url: str) -> bool:
        if not self._is_ours(url):
            return False
        try:
            until = int(parse_qs(urlsplit(url).query).get("ex", ["0"])[0], 16)
        except ValueError:
            return False
        return until == 0 or until > self._clock.now() + 5

    def _is_ours(self, url: str) -> bool:
        """Discord's own hosts, and that of the API in use; nobody else chooses what we fetch."""
        try:
            place, api = urlsplit(url), urlsplit(self._api.config.api_url)
            asked = (place.scheme, place.hostname, place.port)
        except ValueError:
            return False
        if place.username or place.password:
            return False
        return (place.scheme == "https" and place.hostname in HOSTS and place.port in (None, 443)) or (
            asked == (api.scheme, api.hostname, api.port) and not place.path.startswith(api.path.rstrip("/") + "/")
        )
