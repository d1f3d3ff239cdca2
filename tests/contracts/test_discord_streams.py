"""A reply grows in Discord by edits, below every limit, and ends as exactly what was meant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr
from slack_desk import Notebook

from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.pacing import DELETE, EDIT, POST, Pacing
from frontdesk.adapters.discord.streams import DiscordReplyStream
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.errors import Ambiguous, Retry
from frontdesk.domain.messages import Button, Reply, Thread
from frontdesk.sandbox.discord import DiscordServer, Fault, Message
from frontdesk.sandbox.discord.example import ALICE, SUPPORT

TEXT = "You can return it within thirty days, and we pay for the parcel.\n"
IDS = CustomIds(b"secret")


@dataclass
class Desk:
    """What streams need of the adapter, connected to a local Discord."""

    discord: DiscordServer
    api: DiscordApi
    pacing: Pacing
    clock: SystemClock
    spoke: list[Thread] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def asked(self) -> Thread:
        """A question, with the thread that the desk would open on it."""
        question = await self.discord.guild.say(ALICE, SUPPORT, "how?")
        await self.discord.guild.open_thread(ALICE, SUPPORT, "how?", on=question.id)
        return Thread(platform="discord", community=self.discord.guild_id, channel=SUPPORT, root=question.id)

    def stream(self, thread: Thread, marker: str = "m") -> DiscordReplyStream:
        return DiscordReplyStream(
            self.api,
            self.pacing,
            self.clock,
            Notebook(),
            thread,
            marker,
            lambda reply: render.messages(reply, IDS),
            self.place,
            self.tasks.add,
            self.spoke.append,
        )

    async def place(self, thread: Thread) -> str:
        return str(thread.root)

    def ours(self, thread: Thread) -> list[Message]:
        return [one for one in self.discord.guild.messages(str(thread.root)) if one.author == self.discord.bot_user_id]

    async def until_it_says(self, thread: Thread, words: str) -> None:
        await self.discord.guild.until(lambda: any(words in one.shown for one in self.ours(thread)))


@asynccontextmanager
async def connected(discord: DiscordServer) -> AsyncIterator[Desk]:
    config = DiscordConfig(token=SecretStr(discord.token), api_url=discord.api_url, timeout=3.0)
    clock = SystemClock()
    api = DiscordApi(config, clock, Notebook())
    pacing = Pacing(clock)
    api.listeners = (pacing.answered,)
    await api.identity()
    desk = Desk(discord, api, pacing, clock)
    try:
        yield desk
    finally:
        for task in desk.tasks:
            task.cancel()
        await asyncio.gather(*desk.tasks, return_exceptions=True)
        await api.close()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Nothing that was sent may have been wrong, and no limit hit."""
    async with AsyncExitStack() as opened:
        discord = await opened.enter_async_context(DiscordServer())
        yield await opened.enter_async_context(connected(discord))
        assert discord.violations == []
        assert [one for one in discord.limits.refusals if one[3] != "shared"] == []


def as_meant(reply: Reply) -> list[str]:
    return [payload["content"] for payload in render.messages(reply, IDS)]


async def test_a_reply_grows_by_edits_and_ends_as_meant(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    assert not stream.visible
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: stream.refs)
    assert stream.visible
    await stream.append("And there is more.\n")
    await desk.until_it_says(thread, "there is more")
    reply = Reply(markdown=TEXT * 3, buttons=(Button(action="ask_person", label="A person"),), rateable=True)
    refs = await stream.finish(reply)
    assert [ref.id for ref in refs] == [one.id for one in desk.ours(thread)]
    [message] = desk.ours(thread)
    assert message.shown == as_meant(reply)[0]
    assert [label for label, _ in message.buttons] == ["A person", "Helpful", "Not helpful"]
    assert message.allowed_mentions == {"parse": []}
    assert desk.spoke
    assert len(desk.discord.calls(*POST)) == 1


async def test_a_reply_that_ends_as_it_stands_is_not_touched_again(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.until_it_says(thread, "parcel.")
    await stream.finish(Reply(markdown=TEXT))
    assert desk.discord.calls(*EDIT) == []


async def test_a_reply_longer_than_a_message_goes_on_in_the_next_while_it_is_written(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    long = "".join(f"{n}. {TEXT}" for n in range(90))
    await stream.append(long[:1500])
    await desk.discord.guild.until(lambda: stream.refs)
    await stream.append(long[1500:])
    await desk.discord.guild.until(lambda: len(stream.refs) >= 3)
    reply = Reply(markdown=long)
    refs = await stream.finish(reply)
    assert [one.shown for one in desk.ours(thread)] == as_meant(reply)
    assert [ref.id for ref in refs] == [one.id for one in desk.ours(thread)]
    assert max(len(one.content) for one in desk.ours(thread)) <= 2000


async def test_parts_that_the_end_does_not_need_are_taken_away(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT * 60)
    await desk.discord.guild.until(lambda: len(stream.refs) >= 2)
    refs = await stream.finish(Reply(markdown="No, sorry."))
    assert [one.shown for one in desk.ours(thread)] == ["No, sorry."]
    assert len(refs) == 1
    assert desk.discord.calls(*DELETE)


@pytest.mark.parametrize("route", [POST, EDIT], ids=["post", "edit"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault.server_error(500),
        Fault.server_error(503),
        Fault.dropped_after_receipt(),
        Fault.dropped_before_receipt(),
        Fault.rate_limited(0.5, scope="shared"),
    ],
    ids=["500", "503", "dropped after", "dropped before", "rate limited"],
)
async def test_a_call_that_fails_loses_and_doubles_nothing(desk: Desk, route: tuple[str, str], fault: Fault) -> None:
    desk.discord.faults.on(*route, fault)
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: stream.refs)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: desk.discord.calls(*EDIT))
    await stream.finish(Reply(markdown=f"{TEXT}{TEXT}The end."))
    [message] = desk.ours(thread)
    assert message.shown.endswith("The end.")


async def test_the_first_words_may_be_lost_and_the_whole_reply_comes_once(desk: Desk) -> None:
    desk.discord.faults.on(*POST, Fault.dropped_after_receipt())
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: desk.ours(thread))
    await stream.finish(Reply(markdown="Something else."))
    assert [one.shown for one in desk.ours(thread)] == ["Something else."]


async def test_a_thread_that_fell_asleep_is_woken(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: stream.refs)
    await desk.discord.guild.archive(str(thread.root))
    await stream.finish(Reply(markdown="The end."))
    assert [one.shown for one in desk.ours(thread)] == ["The end."]
    assert not desk.discord.guild.channels[str(thread.root)].archived


async def test_a_reply_that_somebody_deleted_is_posted_anew(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: stream.refs)
    gone = desk.discord.guild.message(str(thread.root), stream.refs[0].id)
    assert gone is not None
    desk.discord.guild.remove(gone)
    refs = await stream.finish(Reply(markdown="The end."))
    assert [one.shown for one in desk.ours(thread)] == ["The end."]
    assert refs[0].id != gone.id


async def test_a_message_too_old_to_be_edited_is_posted_anew(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: stream.refs)
    desk.discord.clock.advance(3700)
    desk.discord.guild.most_edits_of_old = 1
    desk.discord.guild.edits_of_old[str(thread.root)] = [desk.discord.clock.now()]
    refs = await stream.finish(Reply(markdown="The end."))
    assert [one.shown for one in desk.ours(thread)] == ["The end."]
    assert stream.refs == refs
    desk.discord.limits.refusals.clear()


async def test_where_the_desk_may_not_write_a_reply_is_undeliverable(desk: Desk) -> None:
    thread = await desk.asked()
    desk.discord.guild.deny(SUPPORT, "SEND_MESSAGES_IN_THREADS")
    stream = desk.stream(thread)
    await stream.append(TEXT)
    await desk.discord.guild.until(lambda: desk.discord.calls(*POST))
    with pytest.raises(Refused):
        await stream.finish(Reply(markdown=TEXT))
    assert not stream.visible


async def test_an_end_that_discord_never_takes_is_told_as_what_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.adapters.discord.streams.PATIENCE", 1.0)
    thread = await desk.asked()
    desk.discord.faults.on(*POST, Fault.dropped_before_receipt(), times=10)
    with pytest.raises(Ambiguous):
        await desk.stream(thread).finish(Reply(markdown=TEXT))
    desk.discord.faults.clear()
    await desk.api.close()
    desk.api.config = desk.api.config.model_copy(update={"api_url": "http://127.0.0.1:9/api/v10"})
    with pytest.raises(Retry):
        await desk.stream(thread, "other").finish(Reply(markdown=TEXT))


async def test_a_cut_reply_keeps_what_stands_and_says_so(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(TEXT + "and then **bold")
    await desk.discord.guild.until(lambda: stream.refs)
    refs = await stream.cut("_Stopped._")
    [message] = desk.ours(thread)
    assert message.shown.startswith("You can return it")
    assert message.shown.endswith("*Stopped.*")
    assert "bold" not in message.shown
    assert refs == stream.refs


async def test_nobody_is_pinged_while_it_is_written_or_in_the_end(desk: Desk) -> None:
    thread = await desk.asked()
    stream = desk.stream(thread)
    await stream.append(f"Hello @everyone and <@{ALICE}> and more words for a first glance.\n")
    await desk.discord.guild.until(lambda: stream.refs)
    await stream.finish(Reply(markdown=f"Hello @everyone and <@{ALICE}>!"))
    assert [one.pings for one in desk.ours(thread)] == [()]


async def test_three_replies_in_one_channel_end_in_time(desk: Desk) -> None:
    thread = await desk.asked()
    streams = [desk.stream(thread, str(n)) for n in range(3)]
    for number in range(8):
        for stream in streams:
            await stream.append(f"{number}. {TEXT}")
        await desk.clock.sleep(0.3)
    began = desk.clock.elapsed()
    await asyncio.gather(*(stream.finish(Reply(markdown=f"{n} is over.")) for n, stream in enumerate(streams)))
    assert desk.clock.elapsed() - began < 5.0
    assert sorted(one.shown for one in desk.ours(thread)) == ["0 is over.", "1 is over.", "2 is over."]


async def test_posts_and_edits_that_share_a_limit_stay_below_it(desk: Desk) -> None:
    desk.discord.limits.edits_share_with_posts = True
    thread = await desk.asked()
    streams = [desk.stream(thread, str(n)) for n in range(4)]
    for number in range(8):
        for stream in streams:
            await stream.append(f"{number}. {TEXT}")
        await desk.clock.sleep(0.3)
    await asyncio.gather(*(stream.finish(Reply(markdown=f"{n} is over.")) for n, stream in enumerate(streams)))
    assert sorted(one.shown for one in desk.ours(thread)) == [f"{n} is over." for n in range(4)]
