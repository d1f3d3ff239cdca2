"""Whatever is appended, lost, deleted or archived meanwhile: what stands there in the end is exactly the reply."""

import asyncio
import re
from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Any

import pytest
from book import Book
from hand_clock import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_desk import Notebook

from frontdesk.adapters.discord import drafts, render
from frontdesk.adapters.discord.api import Answered, DiscordApi, Refused
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.pacing import Pacing, SharedPace
from frontdesk.adapters.discord.streams import DiscordReplyStream
from frontdesk.domain.errors import Ambiguous, Retry
from frontdesk.domain.messages import Reply, Thread
from frontdesk.domain.splitting import utf16

THREAD = Thread(platform="discord", community="1", channel="7", root="9")
IDS = CustomIds(b"secret")
ADDRESS = re.compile(r"^(POST|PATCH|DELETE) /channels/\{channel_id\}(/messages(/\{message_id\})?)?$")


class Channel(DiscordApi):
    """A channel in memory behind the API's door; `faults` are what happens to the next calls."""

    def __init__(self, clock: HandClock, pacing: Pacing) -> None:
        self.hands, self.pacing = clock, pacing
        self.messages: dict[str, dict[str, Any]] = {}
        self.nonces: dict[str, str] = {}
        self.faults: list[str] = []
        self.calls: list[str] = []
        self.drafts: list[str] = []
        self.is_archived = False
        self.pace: Any = None
        self._ids = count(100)

    async def call(  # type: ignore[override]  # only what a stream asks for
        self, method: str, path: str, *, body: Any = None, once: bool = False, within: float = 0.0, **names: str
    ) -> Any:
        what = f"{method} {path}"
        assert ADDRESS.match(what)
        self.calls.append(what)
        if self.pace is not None:
            await self.pace()
        await self.hands.sleep(0.05)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refused by the socket":
            raise Retry(what)
        if fault == "lost before":
            raise Ambiguous(what)
        if fault == "deleted by somebody" and self.messages:
            self.messages.pop(next(iter(self.messages)))
        if fault == "archived":
            self.is_archived = True
        answer = self._done(method, path, body, names)
        await self.hands.sleep(0.05)
        self.pacing.answered(Answered(method, path, names["channel_id"], 200, {}))
        if fault == "lost after":
            raise Ambiguous(what)
        return answer

    def _done(self, method: str, path: str, body: Any, names: Mapping[str, str]) -> dict[str, Any] | None:
        if path == "/channels/{channel_id}":
            assert body == {"archived": False}
            self.is_archived = False
            return {}
        if self.is_archived:
            raise Refused(method, 400, 50083)
        if body is not None:
            assert body["allowed_mentions"] == {"parse": []}
            assert 0 < utf16(body["content"]) <= 2000
            self.drafts.append(body["content"])
        if method == "POST":
            assert body["enforce_nonce"] is True
            assert len(body["nonce"]) <= 25
            known = self.nonces.get(body["nonce"])
            if known in self.messages:
                return {**self.messages[known], "id": known}
            name = self.nonces[body["nonce"]] = str(next(self._ids))
            self.messages[name] = {"content": body["content"], "components": body["components"]}
            return {**self.messages[name], "id": name}
        name = names["message_id"]
        if name not in self.messages:
            raise Refused(method, 404, 10008)
        if method == "DELETE":
            del self.messages[name]
            return None
        self.messages[name] = {"content": body["content"], "components": body["components"]}
        return {**self.messages[name], "id": name}

    @property
    def stands(self) -> list[tuple[str, Any]]:
        """In the order in which people read it."""
        ordered = sorted(self.messages.items(), key=lambda item: int(item[0]))
        return [(message["content"], message["components"]) for _, message in ordered]


class Bench:
    """A stream on a channel in memory, in time that the test moves."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.pacing = Pacing(self.clock)
        self.channel = Channel(self.clock, self.pacing)
        self.spoke = 0
        self.stream = self.another()

    def another(self, thread: Thread = THREAD, marker: str = "m") -> DiscordReplyStream:
        tasks: set[asyncio.Task[None]] = set()
        return DiscordReplyStream(
            self.channel,
            self.pacing,
            self.clock,
            Notebook(),
            thread,
            marker,
            lambda reply: render.messages(reply, IDS),
            self._place,
            tasks.add,
            self._speaks,
        )

    async def _place(self, thread: Thread) -> str:
        return str(thread.root)

    def _speaks(self, thread: Thread) -> None:
        self.spoke += 1


def as_meant(reply: Reply) -> list[tuple[str, Any]]:
    return [(payload["content"], payload["components"]) for payload in render.messages(reply, IDS)]


WORDS = st.sampled_from(
    ["word ", "**bold** ", "`code` ", "[a link](https://shop.example/a) ", "\n", "\n\n", "- item\n", "```python\n",
     "x = 1\n", "```\n", "| a | b |\n|---|---|\n", "@everyone ", "long " * 150, "🎁" * 80, "[1] ",
     "# head\n", "> quote\n"]
)  # fmt: skip
PIECES = st.lists(WORDS, max_size=30)
FAULTS = st.lists(
    st.sampled_from(["", "", "refused by the socket", "lost before", "lost after", "archived"]), max_size=5
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PIECES, PIECES, FAULTS, st.booleans(), st.integers(0, 10_000))
def test_what_stands_there_in_the_end_is_exactly_the_reply(
    said: list[str], end: list[str], faults: list[str], is_other: bool, seed: int
) -> None:
    async def scenario() -> None:
        bench, random = Bench(), Random(seed)
        bench.channel.faults = list(faults)
        for piece in said:
            await bench.stream.append(piece)
            if random.random() < 0.5:
                await bench.clock.advance(random.uniform(0, 3))
        text = "".join(end if is_other else said)
        reply = Reply(markdown=text, rateable=True)
        refs = await bench.clock.run(bench.stream.finish(reply))
        assert bench.channel.stands == as_meant(reply)
        assert [ref.id for ref in refs] == sorted(bench.channel.messages, key=int)

    asyncio.run(scenario())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PIECES, st.lists(st.sampled_from(["", "", "", "deleted by somebody"]), max_size=12), st.integers(0, 10_000))
def test_what_somebody_deletes_is_posted_again_in_order(said: list[str], faults: list[str], seed: int) -> None:
    async def scenario() -> None:
        bench, random = Bench(), Random(seed)
        for piece in said:
            await bench.stream.append(piece)
            await bench.clock.advance(random.uniform(0, 2))
        bench.channel.faults = faults[:1]
        reply = Reply(markdown="".join(said) + "and the end, which nobody has seen yet.")
        await bench.clock.run(bench.stream.finish(reply))
        stands = bench.channel.stands
        # A part that was right already and is deleted behind our back is missed by nobody we could ask.
        assert [part for part in as_meant(reply) if part in stands] == stands
        assert stands[-1] == as_meant(reply)[-1]

    asyncio.run(scenario())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PIECES, st.integers(0, 10_000))
def test_a_cut_reply_ends_with_its_last_words(said: list[str], seed: int) -> None:
    async def scenario() -> None:
        bench, random = Bench(), Random(seed)
        for piece in said:
            await bench.stream.append(piece)
            await bench.clock.advance(random.uniform(0, 2))
        was_visible = bench.stream.visible
        refs = await bench.clock.run(bench.stream.cut("*Stopped.*"))
        assert bool(refs) == was_visible
        if refs:
            assert bench.channel.stands[-1][0].endswith("*Stopped.*")
        assert len(refs) == len(bench.channel.messages)

    asyncio.run(scenario())


async def test_no_draft_shows_a_fence_or_a_link_that_is_half_open() -> None:
    bench = Bench()
    text = (
        "Look at [the page](https://shop.example/returns) and run **this one** now:\n```sh\necho one two\n```\nDone. "
    )
    for letter in text * 3:
        await bench.stream.append(letter)
        await bench.clock.advance(0.2)
    for draft in bench.channel.drafts:
        assert draft.count("```") % 2 == 0
        assert draft.count("**") % 2 == 0
        assert draft.count("](") == draft.count("[the page]")
        assert draft.count("](<https") + draft.count("](https") == draft.count("returns")
    assert len(bench.channel.drafts) > 20
    bench.stream.abandon()


async def test_an_abandoned_reply_changes_nothing_any_more() -> None:
    bench = Bench()
    await bench.stream.append("a few words that stand there\n" * 3)
    await bench.clock.advance(2)
    assert bench.stream.visible
    calls = len(bench.channel.calls)
    await bench.stream.append("and more\n")
    bench.stream.abandon()
    await bench.stream.append("and more\n")
    await bench.clock.advance(20)
    assert len(bench.channel.calls) == calls
    assert bench.pacing._places["9"].writers == 0


async def test_nothing_is_visible_without_an_append() -> None:
    bench = Bench()
    assert not bench.stream.visible
    assert await bench.stream.cut("stopped") == ()
    other = bench.another()
    await bench.clock.run(other.finish(Reply(markdown="At once.")))
    assert bench.channel.stands == [("At once.", [])]
    assert bench.spoke == 1


async def test_a_process_that_begins_again_finds_its_message_by_the_nonce() -> None:
    bench = Bench()
    await bench.stream.append("a few words that stand there\n" * 3)
    await bench.clock.advance(2)
    bench.stream.abandon()
    [old] = bench.channel.messages
    again = bench.another()
    refs = await bench.clock.run(again.finish(Reply(markdown="The whole answer.")))
    assert [ref.id for ref in refs] == [old]
    assert bench.channel.stands == [("The whole answer.", [])]


@pytest.mark.parametrize(("fault", "error"), [("refused by the socket", Retry), ("lost before", Ambiguous)])
async def test_an_end_that_never_arrives_says_whether_it_may_have(fault: str, error: type[Exception]) -> None:
    bench = Bench()
    bench.channel.faults = [fault] * 100
    with pytest.raises(error):
        await bench.clock.run(bench.stream.finish(Reply(markdown="At once.")))


async def test_a_place_that_refuses_is_undeliverable() -> None:
    bench = Bench()

    async def nowhere(thread: Thread) -> str:
        raise Refused("POST", 403, 50013)

    bench.stream._place = nowhere
    await bench.stream.append("words\n" * 20)
    await bench.clock.advance(5)
    assert not bench.stream.visible
    with pytest.raises(Refused):
        await bench.clock.run(bench.stream.finish(Reply(markdown="At once.")))


async def test_last_words_wait_for_no_draft_when_a_hundred_replies_are_written_at_once() -> None:
    bench = Bench()
    shared = SharedPace(Book(), bench.clock)
    bench.channel.pace = shared
    bench.channel.pacing = bench.pacing = Pacing(bench.clock, shared)
    threads = [THREAD.model_copy(update={"root": str(n)}) for n in range(120)]
    streams = [bench.another(thread, str(thread.root)) for thread in threads]
    late: list[float] = []

    async def finish(stream: DiscordReplyStream) -> None:
        began = bench.clock.time
        await stream.finish(Reply(markdown="The end."))
        late.append(bench.clock.time - began)

    ends = []
    for round_ in range(20):
        for stream in streams[round_:]:
            await stream.append("Some more words for everybody to read.\n")
        if round_ >= 5:
            ends.append(asyncio.create_task(finish(streams[round_])))
        await bench.clock.advance(0.5)
    await bench.clock.run(asyncio.gather(*ends))
    assert len(bench.channel.drafts) > 350
    assert max(late) < 1.0
    for stream in streams:
        stream.abandon()


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PIECES)
def test_what_can_be_shown_only_grows(pieces: list[str]) -> None:
    said, settled = "", 0
    for piece in pieces:
        said += piece
        now = drafts.settled(said, settled)
        assert settled <= now <= len(said)
        assert drafts.shown(said[:now]).count("\n") <= said.count("\n") + 1
        settled = now
