"""Addresses that come with an interaction and may be answered five times within half an hour."""

import secrets
from dataclasses import dataclass

from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.clock import Clock
from frontdesk.sandbox.slack.values import Message

USES = 5
SECONDS = 1800.0


@dataclass
class ResponseUrl:
    user: str
    channel: str
    message: Message | None
    """What was clicked; None for commands and shortcuts."""
    good_until: float
    uses_left: int = USES


class ResponseUrls:
    def __init__(self, app: App, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._known: dict[str, ResponseUrl] = {}

    def new(self, user: str, channel: str, message: Message | None) -> str:
        key = secrets.token_urlsafe(12)
        self._known[key] = ResponseUrl(user, channel, message, self._clock.now() + SECONDS)
        return f"{self._app.base_url}/actions/{self._app.team_id}/{key}"

    def use(self, key: str) -> ResponseUrl | None:
        """Who may be answered there; None when it is unknown, too old or used up."""
        url = self._known.get(key)
        if url is None or url.good_until < self._clock.now() or url.uses_left == 0:
            return None
        url.uses_left -= 1
        return url
