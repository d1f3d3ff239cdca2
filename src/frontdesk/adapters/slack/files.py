"""Carries files from one thread to another: down with the token, up as a new file."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import unquote

import aiohttp
from yarl import URL

from frontdesk.adapters.slack.api import SlackApi
from frontdesk.domain.errors import DeskError, Retry, Undeliverable
from frontdesk.domain.messages import Attachment, Thread
from frontdesk.domain.value import Value

MOST_BYTES = 20 * 1024 * 1024
PATIENCE = 1.0
"""Seconds to ask about a file before its event is stored: Slack waits three for the acknowledgement."""
FILES_HOST = "files.slack.com"


class Uploaded(Value):
    """Bytes that Slack holds and shows nowhere yet."""

    id: str
    name: str


Fetch = Callable[[Attachment], Awaitable[bytes]]
"""The bytes of a file of any platform. Raises Retry or Undeliverable."""


class Files:
    """Slack's files, both ways; those of other platforms come through `fetch`."""

    def __init__(self, api: SlackApi, fetch: Fetch | None = None) -> None:
        self._api = api
        self._fetch = fetch or self.download

    async def upload(self, attachments: Sequence[Attachment]) -> tuple[tuple[Uploaded, ...], tuple[str, ...]]:
        """What could be brought to Slack, and the names of what could not. Raises nothing."""
        carried: list[Uploaded] = []
        lost: list[str] = []
        for attachment in attachments:
            try:
                carried.append(await self._carry(attachment))
            except (DeskError, aiohttp.ClientError, TimeoutError, OSError):
                lost.append(attachment.name)
        return tuple(carried), tuple(lost)

    async def share(self, files: Sequence[Uploaded], thread: Thread) -> None:
        """Show uploaded files in a thread. Raises DeskError."""
        await self._api.call(
            "files.completeUploadExternal",
            files=[{"id": file.id, "title": file.name} for file in files],
            channel_id=thread.channel,
            thread_ts=thread.root,
        )

    async def known(self, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Files of another organisation may be announced by their id alone: ask what they are. Raises nothing."""
        return tuple([await self._known(file) if file.name == file.id else file for file in attachments])

    async def _known(self, attachment: Attachment) -> Attachment:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._api.call("files.info", file=attachment.id)
        except (DeskError, TimeoutError):
            return attachment
        file = answer.get("file") or {}
        return attachment.model_copy(
            update={
                "name": str(file.get("name") or file.get("title") or attachment.name),
                "media_type": str(file.get("mimetype") or attachment.media_type),
                "size": max(int(file.get("size") or 0), 0),
                "url": str(file.get("url_private_download") or file.get("url_private") or ""),
            }
        )

    async def _carry(self, attachment: Attachment) -> Uploaded:
        content = await self._fetch(attachment)
        ticket = await self._api.call(
            "files.getUploadURLExternal", within=5.0, filename=attachment.name or "file", length=len(content)
        )
        async with self._api.session.post(str(ticket["upload_url"]), data=content) as response:
            if response.status != 200:
                raise Retry(f"upload answered {response.status}")
        return Uploaded(id=str(ticket["file_id"]), name=attachment.name)

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of one of Slack's own files. Raises Retry or Undeliverable."""
        try:
            return await self._downloaded(attachment)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Retry("a file could not be read") from error

    async def _downloaded(self, attachment: Attachment) -> bytes:
        url, media_type = attachment.url, attachment.media_type
        if not url:
            answer = await self._api.call("files.info", within=5.0, file=attachment.id)
            file = answer.get("file") or {}
            url = str(file.get("url_private_download") or file.get("url_private") or "")
            media_type = str(file.get("mimetype") or media_type)
        if not may_have_the_token(url, self._api.config.api_url):
            raise Undeliverable("a file from a host that must not see the token")
        if attachment.size > MOST_BYTES:
            raise Undeliverable("a file over the limit")
        token = self._api.config.bot_token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}"}
        async with self._api.session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                raise Undeliverable(f"a file answered {response.status}")
            if response.content_type == "text/html" and media_type != "text/html":
                raise Undeliverable("a login page in place of a file")
            content = bytearray()
            async for chunk in response.content.iter_chunked(65_536):
                content += chunk
                if len(content) > MOST_BYTES:
                    raise Undeliverable("a file over the limit")
        if not content:
            raise Undeliverable("an empty file")
        return bytes(content)


def may_have_the_token(url: str, api_url: str) -> bool:
    """Only Slack's file host, and the host of the Web API that has the token anyway, but not the Web API itself.

    Whoever adds a file kept elsewhere chooses its address: one that names a method would have us call it.
    """
    try:
        place, api = URL(url), URL(api_url)  # as the session reads them: `..` and escapes are resolved
        asked, known = (place.scheme, place.host, place.port), (api.scheme, api.host, api.port)
    except ValueError:
        return False
    if place.user is not None or place.password is not None:
        return False
    if asked == ("https", FILES_HOST, 443):
        return True
    return asked == known and _within(place.path, "/files") and not _within(place.path, api.path)


def _within(path: str, folder: str) -> bool:
    plain = unquote(path).replace("\\", "/").casefold()
    return plain.startswith(folder.casefold()) and ".." not in plain.split("/")
