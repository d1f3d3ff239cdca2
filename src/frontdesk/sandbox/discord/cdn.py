"""Links to attachments as Discord's: signed, good for a day, and dead afterwards."""

import hashlib
import hmac
from urllib.parse import quote

from aiohttp import web

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.state import State

LINK_SECONDS = 24 * 3600
KEY = b"sandbox-cdn"


class Links:
    def __init__(self, app: App, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self.seconds = LINK_SECONDS

    def sign(self, path: str) -> str:
        """The address of this path, good for as long as Discord's are."""
        issued = int(self._clock.now())
        expires = issued + self.seconds
        mark = _mark(path, expires, issued)
        return f"{self._app.base_url}{quote(path)}?ex={expires:x}&is={issued:x}&hm={mark}&"

    def good(self, path: str, expires: str, issued: str, mark: str) -> bool:
        try:
            until, since = int(expires, 16), int(issued, 16)
        except ValueError:
            return False
        return hmac.compare_digest(_mark(path, until, since), mark) and self._clock.now() < until


def _mark(path: str, expires: int, issued: int) -> str:
    return hmac.new(KEY, f"{path} {expires} {issued}".encode(), hashlib.sha256).hexdigest()


def download(state: State, links: Links, request: web.Request) -> web.Response:
    """The bytes of an attachment, for whoever has a link that still works."""
    query = request.query
    attachment = state.attachments.get(request.match_info["attachment"])
    if attachment is None or attachment.path != request.path:
        return web.Response(status=404, text="")
    if not links.good(request.path, query.get("ex", ""), query.get("is", ""), query.get("hm", "")):
        return web.Response(status=404, text="This content is no longer available.")
    return web.Response(body=attachment.content, headers={"Content-Type": attachment.mimetype})
