"""Slack, as the behaviours see it: the sandbox's local Slack in the words that hold on every platform."""

import json
import re
import time
from collections.abc import Callable, Iterable

import aiohttp

from behaviours.surroundings import (
    ALICE,
    BOB,
    CAROL,
    DANA,
    GENERAL,
    SAM,
    STAFF,
    SUPPORT,
    File,
    Looking,
    Operation,
    Shown,
    ShownFile,
    Spot,
    Trouble,
)
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.slack.delivery import sign
from frontdesk.sandbox.slack.faults import Fault
from frontdesk.sandbox.slack.values import Message

SHARED = "shared"
"""A channel shared with another organisation."""

PEOPLE = {ALICE: "UALICE", BOB: "UBOB", CAROL: "UCAROL", SAM: "USAM", DANA: "UDANA"}
PLACES = {SUPPORT: "CSUPPORT", GENERAL: "CGENERAL", STAFF: "CSTAFF", SHARED: "CSHARED"}
_NAMES = {id_: name for name, id_ in PEOPLE.items()}

OPERATIONS: dict[Operation, str] = {
    "post": "chat.postMessage",
    "begin": "chat.startStream",
    "grow": "chat.appendStream",
    "finish": "chat.stopStream",
    "look_up_person": "users.info",
    "link": "chat.getPermalink",
}
EXPECTED = ("chat.startStream", "chat.stopStream", "chat.postMessage", "chat.update", "views.open")

PINGS = (
    "Hello <!channel> and <!here> and <!everyone> [1].",
    "Hello <@USAM> and <@UDANA|dana> and <!subteam^S0123|staff> [1].",
    "Hello @channel, @here and @everyone [1].",
    "In code `<!channel>` and ``<@USAM>`` [1].\n\n```\n<!channel> <@USAM>\n```\n\nDone [1].",
    "An open fence [1].\n\n```\n<!channel>",
    "An open span `<!channel> and [1] more.",
    "| a | b |\n|---|---|\n| <!channel> | <@USAM> |\n\nDone [1].",
    "# <!channel>\n\n> <@USAM>\n\n- <!here>\n\nDone [1].",
    "[<!channel>](https://help.kettlebag.example/en/care) and **<!here>** [1].",
    "Encoded &lt;!channel&gt; and &#60;!here&#62; and \\<!everyone> [1].",
    "Hidden <!\u200bchannel> <\u2060!here> <!cha\u00adnnel> \uff1c!channel\uff1e [1].",
    "Nested <<!channel>> and <!channel|<!here>> and <!-- <!channel> --> [1].",
    "Joined [1] <[9]!channel> <!chan[9]nel> <!ch[an](x)nel> <!cha[9][8]nnel> [1].",
    "Split [1] <!chan\nnel> <!channel\n> <@US\nAM>.",
)


class SlackSide:
    """The local Slack and its example workspace."""

    name = "slack"
    hostile = PINGS
    not_stored = 'frontdesk_events_total{detail="",what="slack_not_acknowledged"}'
    path = "/slack/events"

    def __init__(self, slack: SlackServer) -> None:
        self.slack = slack
        self.workspace = slack.workspace

    # what a desk is told

    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
        }

    def key(self, place: str) -> str:
        return f"slack:{self.place(place)}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.slack.bot_token, self.slack.app_token, self.slack.signing_secret)

    # what people do

    def mentioning(self, who: str | None) -> str:
        return f"<@{self._person(who) if who else self.slack.bot_user_id}>"

    def pinging(self) -> str:
        return "<!channel> <!here> <!everyone>"

    def typed(self, markdown: str) -> str:
        escaped = markdown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return escaped.replace("**", "*")

    def written(self, markdown: str) -> str:
        """As Slack's client sends it: entities, links in angle brackets, no languages of code."""
        text = re.sub(r"```\w+\n", "```\n", markdown)
        text = re.sub(r"<(https?://[^>]+)>", "\ue000\\1\ue001", text)
        return self.typed(text).replace("\ue000", "<").replace("\ue001", ">")

    async def begin(self, who: str, where: str, text: str, files: Iterable[File] = ()) -> Spot:
        message = await self.workspace.say(self._person(who), self.place(where), text, files=files)
        return Spot(message.channel, message.ts, message.ts)

    async def begin_directly(self, who: str, text: str, files: Iterable[File] = ()) -> Spot:
        message = await self.workspace.say_dm(self._person(who), text, files=files)
        return Spot(message.channel, message.ts, message.ts)

    async def open(self, who: str, spot: Spot) -> None:
        """A message in a thread opens it."""

    async def say(self, who: str, spot: Spot, text: str, files: Iterable[File] = ()) -> str:
        message = await self.workspace.say(self._person(who), spot.channel, text, thread_ts=spot.root, files=files)
        return message.ts

    async def edit(self, who: str, spot: Spot, message: str, text: str) -> None:
        await self.workspace.edit(self._person(who), spot.channel, message, text)

    async def delete(self, who: str, spot: Spot, message: str) -> None:
        await self.workspace.delete(self._person(who), spot.channel, message)

    async def preview(self, spot: Spot, title: str) -> None:
        await self.workspace.unfurl(spot.channel, spot.first, title)

    async def another_app_says(self, where: str, text: str, spot: Spot | None = None) -> None:
        await self.workspace.say_as_other_app(self.place(where), text, thread_ts=spot.root if spot else None)

    async def desk_says(self, where: str, text: str) -> None:
        headers = {"Authorization": f"Bearer {self.slack.bot_token}"}
        url, message = f"{self.slack.api_url}chat.postMessage", {"channel": self.place(where), "text": text}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=message) as answer:
            assert (await answer.json())["ok"]

    async def press(self, who: str, spot: Spot, message: str, action: str, *, from_outside: bool = False) -> None:
        await self.workspace.click(self._person(who), spot.channel, message, f"fd:{action}", from_outside=from_outside)

    async def rate(self, who: str, spot: Spot, message: str, score: str) -> None:
        shown = self.workspace.message(spot.channel, message)
        elements = [each for block in (shown.blocks if shown else ()) for each in block.get("elements", ())]
        thumbs = next(each for each in elements if each.get("action_id") == "fd:rate")
        value = thumbs["positive_button" if score == "up" else "negative_button"]["value"]
        await self.workspace.click(self._person(who), spot.channel, message, "fd:rate", value)

    async def fill_in(self, who: str, words: str) -> None:
        form = self.workspace.views[self._person(who)][-1]
        field = form.body["blocks"][0]
        filled = {field["block_id"]: {field["element"]["action_id"]: words}} if words else {}
        await self.workspace.submit_view(self._person(who), form.id, filled)

    async def close_form(self, who: str) -> None:
        await self.workspace.close_view(self._person(who), self.workspace.views[self._person(who)][-1].id)

    async def command(self, who: str, where: str, text: str) -> None:
        await self.workspace.slash(self._person(who), self.place(where), "/desk", text)

    async def stop(self, who: str, spot: Spot) -> None:
        await self.workspace.stop(self._person(who), spot.channel, spot.first)

    async def leave_staff(self, who: str) -> None:
        await self.workspace.leave(self._person(who), self.place(STAFF))

    async def close_channel(self, where: str) -> None:
        await self.workspace.archive(self._person(SAM), self.place(where))

    def new_staff_channel(self) -> str:
        members = (self._person(SAM), self.slack.bot_user_id)
        return self.workspace.add_channel("desk-staff-2", private=True, members=members).id

    async def open_messages_tab(self, who: str) -> None:
        await self.workspace.open_messages_tab(self._person(who))

    # what people see

    def conversation(self, spot: Spot) -> str:
        return f"slack:{self.slack.team_id}:{spot.channel}:{spot.root}"

    def thread(self, spot: Spot) -> list[Shown]:
        return self._seen(self.workspace.thread(spot.channel, spot.first))

    def channel(self, where: str) -> list[Shown]:
        return self._seen(self.workspace.history(self.place(where)))

    def cards(self, where: str) -> list[Spot]:
        history = self.workspace.history(self.place(where))
        return [Spot(m.channel, m.ts, m.ts) for m in history if not m.deleted and m.blocks]

    def place(self, where: str) -> str:
        return PLACES.get(where, where)

    def whispers(self, who: str) -> list[str]:
        return [m.shown for m in self.workspace.ephemerals if m.seen_by == self._person(who)]

    def form_of(self, who: str) -> bool:
        return bool(self.workspace.views.get(self._person(who)))

    def thinking(self, spot: Spot) -> bool:
        return "thinking" in self.workspace.status.get((spot.channel, spot.first), "")

    async def no_longer_thinking(self, spot: Spot) -> None:
        await self.workspace.until(lambda: not self.workspace.status.get((spot.channel, spot.first)))

    def leads_to(self, link: str, spot: Spot) -> bool:
        return link.endswith(spot.first.replace(".", "")) or spot.first in link

    def offered(self, who: str) -> list[str]:
        """The questions offered to somebody who looks at the desk."""
        prompts = self.workspace.prompts.get((self.workspace.dm_with(self._person(who)).id, None), [])
        return [str(prompt["message"]) for prompt in prompts]

    def look(self) -> Looking:
        return _Looking(self)

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        await self.workspace.until(condition, timeout=timeout)

    # what a platform does by itself

    def sent_by_desk(self) -> str:
        return json.dumps([request.args for request in self.slack.requests], ensure_ascii=False)

    def times(self, operation: Operation) -> int:
        return len(self.slack.calls(OPERATIONS[operation]))

    def disliked(self) -> list[str]:
        asked_to_link = [r.method for r in self.slack.requests if r.args.get("link_names")]
        return [*self.slack.violations, *asked_to_link]

    def unused(self) -> list[str]:
        return [method for method in EXPECTED if not self.slack.calls(method)]

    def goes_wrong(self, operation: Operation, trouble: Trouble, seconds: float = 0.0, times: int = 1) -> None:
        self.slack.faults.on(OPERATIONS[operation], _fault(trouble, seconds), times=times)

    def events(self, *, duplicate: int = 0, reorder: int = 0) -> None:
        self.slack.faults.events(duplicate=duplicate, reorder=reorder)

    def nonsense(self) -> list[str]:
        said = {"type": "message", "channel": "CSUPPORT", "user": "UALICE"}
        pieces: dict[str, dict[str, object]] = {
            "no time": {**said, "text": "no time"},
            "bad time": {**said, "text": "bad time", "ts": "yesterday"},
            "wrong kinds": {"type": "message", "channel": {"id": "CSUPPORT"}, "user": 7, "text": ["a"], "ts": None},
            "an empty change": {"type": "message", "subtype": "message_changed", "channel": "CSUPPORT"},
            "an empty deletion": {"type": "message", "subtype": "message_deleted", "channel": "CSUPPORT"},
            "no type": {"no": "type"},
        }
        for event in pieces.values():
            self.slack.delivery.event(event, subscription="message.channels")
        return list(pieces)

    async def tell_again(self) -> None:
        for told in list(self.slack.delivery.sent):
            self.slack.delivery.redeliver(told)

    def lose_acknowledgement(self) -> None:
        """Slack does not hear that the next event has arrived."""
        self.slack.faults.events(redeliver=1)

    async def acknowledged_once_more(self) -> None:
        """What was not acknowledged is brought again and acknowledged."""
        before = len(self.slack.sockets.acks)
        self.slack.advance(4)
        await self.workspace.until(lambda: len(self.slack.sockets.acks) > before)

    async def all_received(self) -> None:
        await self.workspace.until(lambda: len(self.slack.sockets.acks) == len(self.slack.delivery.sent))

    async def nothing_acknowledged(self) -> bool:
        return not self.slack.sockets.acks

    async def bring_again(self) -> None:
        self.slack.advance(61 if self.slack.delivery.url else 4)

    def failed(self) -> list[object]:
        return [*self.workspace.failed_interactions, *self.slack.delivery.unacknowledged]

    def time_passes(self, seconds: float) -> None:
        self.slack.advance(seconds)

    async def connected(self) -> None:
        await self.workspace.until(lambda: len(self.slack.sockets.sockets) == 2)

    async def renew_connections(self) -> None:
        await self.slack.refresh_sockets()

    async def cut_connections(self) -> None:
        await self.slack.cut_sockets()

    def refuse_connections(self, refuse: bool) -> None:
        self.slack.reject_next_tickets(100 if refuse else 0)

    # signed requests

    def over_http(self) -> dict[str, str]:
        return {"SLACK_SIGNING_SECRET": self.slack.signing_secret, "SLACK_APP_TOKEN": ""}

    async def reach(self, address: str) -> None:
        self.slack.deliver_over_http(f"{address}{self.path}")
        assert await self.slack.verify_url()

    def all_by_request(self) -> bool:
        return not self.slack.calls("apps.connections.open")

    def request(self, text: str) -> bytes:
        now = f"{time.time():.6f}"
        said = {"type": "message", "channel": "CSUPPORT", "channel_type": "channel", "user": "UALICE"}
        event = {**said, "text": text, "ts": now}
        whole = {"type": "event_callback", "team_id": self.slack.team_id, "event_id": f"Ev{now}", "event": event}
        return json.dumps(whole).encode()

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        stamp = str(at or int(time.time()))
        signature = sign(self.slack.signing_secret, stamp, body)
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}

    def forged(self, body: bytes) -> list[dict[str, str]]:
        now = str(int(time.time()))
        return [
            {},
            {"X-Slack-Request-Timestamp": now},
            {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": "v0=" + "0" * 64},
            {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": ""},
            {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": sign("another secret", now, body)},
            self.signed(body, at=int(now) - 600),
            self.signed(body + b" "),
            {**self.signed(body), "X-Slack-Request-Timestamp": "0"},
        ]

    # names and ids

    def _person(self, who: str) -> str:
        return PEOPLE.get(who, who)

    def _seen(self, messages: Iterable[Message]) -> list[Shown]:
        return [self.seen(message) for message in messages if not message.deleted]

    def seen(self, message: Message) -> Shown:
        """A message in the words that hold on every platform."""
        rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
        person = self.workspace.people.get(message.user or "")
        return Shown(
            id=message.ts,
            channel=message.channel,
            root=message.thread_ts,
            by_desk=message.bot_id == self.slack.bot_id,
            author=_NAMES.get(message.user or "") if message.bot_id is None else None,
            name=message.username or (person.real_name if person else ""),
            shown=message.shown,
            order=int(message.ts.replace(".", "")),
            writing=message.streaming not in (None, "stopped", "stopped_by_user"),
            files=tuple(ShownFile(file.name, file.content) for file in message.files),
            live_links=message.live_links,
            live_mentions=message.live_mentions,
            buttons=tuple(element["action_id"].removeprefix("fd:") for row in rows for element in row),
        )


class _Looking:
    def __init__(self, side: SlackSide) -> None:
        self._side = side
        self._changes = side.workspace.changes()
        self._seen: list[Shown] = []

    async def seen(self) -> list[Shown]:
        self._side.workspace.tell("looked", {})
        async for frame in self._changes:
            if frame["kind"] == "looked":
                break
            if frame.get("bot_id") == self._side.slack.bot_id:
                message = Message(
                    frame["ts"],
                    frame["channel"],
                    thread_ts=frame["thread_ts"],
                    bot_id=frame["bot_id"],
                    text=frame["text"],
                    markdown_text=frame["markdown_text"],
                    blocks=tuple(frame["blocks"]),
                )
                self._seen.append(self._side.seen(message))
        return self._seen


def _fault(trouble: Trouble, seconds: float) -> Fault:
    match trouble:
        case "rate_limited":
            return Fault.rate_limited(seconds)
        case "server_error":
            return Fault.server_error(503)
        case "html":
            return Fault.html()
        case "dropped_before_receipt":
            return Fault.dropped_before_receipt()
        case "dropped_after_receipt":
            return Fault.dropped_after_receipt()
        case "slow":
            return Fault.slow(seconds)
