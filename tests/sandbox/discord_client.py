"""A plain HTTP client for the local Discord, for what no library would send."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp

from frontdesk.sandbox.discord import DiscordServer


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> int:
        """(HTTP status is in `status`.) Discord's own number for the error."""
        return int(self.body["code"])


class Client:
    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session
        self.headers = {
            "Authorization": f"Bot {server.token}",
            "User-Agent": "DiscordBot (https://example.com, 1.0)",
        }

    async def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Reply:
        return await self._ask(method, path, query, json=body)

    async def upload(self, method: str, path: str, body: Any, *files: tuple[str, bytes, str], **query: Any) -> Reply:
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps(body), content_type="application/json")
        for number, (name, content, mimetype) in enumerate(files):
            form.add_field(f"files[{number}]", BytesIO(content), filename=name, content_type=mimetype)
        return await self._ask(method, path, query, data=form)

    async def fetch(self, url: str) -> Reply:
        async with self._session.get(url) as response:
            return Reply(response.status, await response.read(), response.headers)

    async def _ask(self, method: str, path: str, query: Any, **payload: Any) -> Reply:
        url = self._server.api_url + path
        async with self._session.request(method, url, params=query, headers=self.headers, **payload) as response:
            text = await response.text()
            is_json = response.headers.get("Content-Type") == "application/json"
            return Reply(response.status, json.loads(text) if is_json else text, response.headers)
