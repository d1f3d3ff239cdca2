"""Rate limits as Discord enforces them: buckets per route and resource, the global limit, and the ban behind both.

Discord documents the headers, the global limit, the ban and that interaction endpoints are outside the global limit. It
does not publish the size of a bucket: the figures here are what apps report from the headers they were sent.
"""

import hashlib
import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Json = dict[str, Any]
Scope = Literal["user", "global", "shared", ""]

VIA = "1.1 google"
_ID = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True)
class Rule:
    """So many requests in so many seconds."""

    name: str
    limit: int
    seconds: float


MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
REACTIONS = MESSAGE + "/reactions/{emoji_name}/@me"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"

ROUTES: Mapping[tuple[str, str], Rule] = {
    ("POST", MESSAGES): Rule("post message", 5, 5.0),
    ("GET", MESSAGES): Rule("read messages", 10, 1.0),
    ("GET", MESSAGE): Rule("read message", 10, 1.0),
    ("PATCH", MESSAGE): Rule("edit message", 5, 5.0),
    ("DELETE", MESSAGE): Rule("delete message", 5, 1.0),
    ("POST", MESSAGES + "/bulk-delete"): Rule("delete messages", 1, 1.0),
    ("PUT", REACTIONS): Rule("react", 1, 0.25),
    ("DELETE", REACTIONS): Rule("react", 1, 0.25),
    ("POST", "/channels/{channel_id}/typing"): Rule("type", 5, 5.0),
    ("POST", MESSAGE + "/threads"): Rule("open thread", 10, 10.0),
    ("POST", "/channels/{channel_id}/threads"): Rule("open thread", 10, 10.0),
    ("PATCH", "/channels/{channel_id}"): Rule("change channel", 5, 15.0),
    ("POST", "/channels/{channel_id}/webhooks"): Rule("create webhook", 5, 15.0),
    ("POST", "/users/@me/channels"): Rule("open direct messages", 10, 10.0),
    ("POST", WEBHOOK): Rule("run webhook", 5, 2.0),
    ("PATCH", WEBHOOK + "/messages/{message_id}"): Rule("edit webhook's message", 5, 2.0),
    ("DELETE", WEBHOOK + "/messages/{message_id}"): Rule("delete webhook's message", 5, 2.0),
    ("PATCH", WEBHOOK + "/messages/@original"): Rule("edit webhook's message", 5, 2.0),
    ("DELETE", WEBHOOK + "/messages/@original"): Rule("delete webhook's message", 5, 2.0),
}
"""The rest has a bucket of its own for each route, of this size:"""
OTHERS = Rule("", 10, 5.0)
RENAME = Rule("rename", 2, 600.0)
WEBHOOK_A_MINUTE = Rule("webhook a minute", 30, 60.0)


@dataclass
class Window:
    """The requests of one bucket since it was last full."""

    ends: float
    used: int = 0


@dataclass(frozen=True)
class Verdict:
    """What the limits say to one request."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """To be sent with the answer, whatever it is."""
    refused: Json | None = None
    """The body of a 429, or None = go on."""
    scope: Scope = ""


class Limits:
    """Enforced unless a test says otherwise; `generosity` multiplies every limit but the ban."""

    def __init__(self, application_id: str = "") -> None:
        self._application_id = application_id
        self._windows: dict[tuple[str, str], Window] = {}
        self._invalid: deque[float] = deque()
        self._banned_until = 0.0
        self.enforced = True
        self.generosity = 1.0
        self.per_second = 50
        self.invalid_at_most = 10_000
        self.invalid_seconds = 600.0
        self.ban_seconds = 3600.0
        self.edits_share_with_posts = False
        """Some have seen new messages and edits in one bucket; nobody could check."""
        self.rules: dict[tuple[str, str], Rule] = dict(ROUTES)
        self.refusals: list[tuple[float, str, str, Scope]] = []
        """Every 429: when, method, route, scope."""

    def set(self, method: str, template: str, limit: int, seconds: float) -> None:
        """Another bucket for one route."""
        self.rules[method, template] = Rule(f"{method} {template}", limit, seconds)

    def check(self, method: str, template: str, major: str, at: float, token: bool) -> Verdict:
        """Count one request; `major` is its channel, guild or webhook, `token` whether the app's token came with it."""
        if self.enforced and at < self._banned_until:
            return self._ban(method, template, at)
        if self._counts_globally(template, major):
            verdict = self._globally(method, template, at, token)
            if verdict is not None:
                return verdict
        verdict = self._spend(method, template, self._rule(method, template), major, at)
        if verdict.refused is None and (method, template) == ("POST", WEBHOOK) and self._is_webhook(major):
            hidden = self._spend(method, template, WEBHOOK_A_MINUTE, major, at)
            verdict = hidden if hidden.refused is not None else verdict
        return verdict

    def check_rename(self, major: str, at: float) -> Verdict:
        """A change of a channel's name or topic has its own, hidden limit besides the route's."""
        return self._spend("PATCH", "/channels/{channel_id}", RENAME, major, at)

    def answered(self, status: int, at: float, scope: Scope = "") -> None:
        """Count an answer that Discord calls invalid: 401, 403, and 429 unless the limit is shared with others."""
        if status in (401, 403) or (status == 429 and scope != "shared"):
            self._invalid.append(at)
            if self.invalid_requests(at) >= self.invalid_at_most:
                self._banned_until = at + self.ban_seconds

    def invalid_requests(self, at: float) -> int:
        """How many there were in the last ten minutes."""
        while self._invalid and self._invalid[0] <= at - self.invalid_seconds:
            self._invalid.popleft()
        return len(self._invalid)

    def refusal(
        self, method: str, template: str, at: float, retry_after: float, scope: Scope, headers: Mapping[str, str]
    ) -> Verdict:
        """A 429 with its headers and its body; also for a fault that a test asks for."""
        self.refusals.append((at, method, template, scope))
        self.answered(429, at, scope)
        body: Json = {
            "message": ("The resource is being rate limited." if scope == "shared" else "You are being rate limited."),
            "retry_after": round(retry_after, 3),
            "global": scope == "global",
        }
        extra = {"Via": VIA, "Retry-After": str(math.ceil(retry_after)), "X-RateLimit-Scope": scope}
        if scope == "global":
            extra["X-RateLimit-Global"] = "true"
        return Verdict({**headers, **extra}, body, scope)

    # pieces

    def _rule(self, method: str, template: str) -> Rule:
        if self.edits_share_with_posts and (method, template) == ("PATCH", MESSAGE):
            method, template = "POST", MESSAGES
        return self.rules.get((method, template)) or replace(OTHERS, name=f"{method} {template}")

    def _is_webhook(self, major: str) -> bool:
        """Follow-ups to interactions go to the same address with the application's id in it."""
        return not self._application_id or not major.startswith(self._application_id)

    def _counts_globally(self, template: str, major: str) -> bool:
        if template == CALLBACK:
            return False
        return not (template.startswith(WEBHOOK) and not self._is_webhook(major))

    def _globally(self, method: str, template: str, at: float, token: bool) -> Verdict | None:
        """One limit for what comes with the token and one for what comes without, from the same address."""
        rule = Rule("global", self.per_second, 1.0)
        window = self._window(rule, "token" if token else "address", at)
        window.used += 1
        if not self.enforced or window.used <= self._room(rule):
            return None
        return self.refusal(method, template, at, window.ends - at, "global", {})

    def _spend(self, method: str, template: str, rule: Rule, major: str, at: float) -> Verdict:
        window = self._window(rule, major, at)
        room = self._room(rule)
        refused = self.enforced and window.used >= room
        if not refused:
            window.used += 1
        hidden = rule in (RENAME, WEBHOOK_A_MINUTE)
        left = room - window.used if self.enforced else room
        headers = {} if hidden else _headers(rule, room, max(0, left), window.ends, at)
        if refused:
            return self.refusal(method, template, at, window.ends - at, "user", headers)
        return Verdict({**headers, "Via": VIA})

    def _window(self, rule: Rule, major: str, at: float) -> Window:
        window = self._windows.get((rule.name, major))
        if window is None or at >= window.ends:
            if len(self._windows) > 10_000:
                self._windows = {key: one for key, one in self._windows.items() if one.ends > at}
            window = self._windows[rule.name, major] = Window(at + rule.seconds)
        return window

    def _room(self, rule: Rule) -> int:
        return max(1, int(rule.limit * self.generosity))

    def _ban(self, method: str, template: str, at: float) -> Verdict:
        """What the edge in front of Discord says to an address that it no longer lets through: no Via header."""
        self.refusals.append((at, method, template, ""))
        left = self._banned_until - at
        words = "You are being blocked from accessing our API temporarily due to exceeding our rate limits frequently."
        return Verdict({"Retry-After": str(math.ceil(left))}, {"message": words, "code": 0, "retry_after": left})


def _headers(rule: Rule, room: int, left: int, ends: float, at: float) -> dict[str, str]:
    bucket = hashlib.md5(_ID.sub("", rule.name).encode(), usedforsecurity=False).hexdigest()
    return {
        "X-RateLimit-Limit": str(room),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{ends:.3f}",
        "X-RateLimit-Reset-After": f"{max(0.0, ends - at):.3f}",
        "X-RateLimit-Bucket": bucket,
    }
