"""What the desk says on Discord arrives once and in the right place, or somebody is told in one line why not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.discord_desk import Desk, connected
from contracts.discord_interacting import Notes
from frontdesk.adapters.discord.api import Refused
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.errors import Ambiguous, Retry, Undeliverable
from frontdesk.domain.messages import Attachment, Content, Line, MessageRef, Relay, Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.sandbox.discord import DiscordServer, Message
from frontdesk.sandbox.discord.example import (
    ALICE,
    BOB,
    BOT_ROLE,
    HELP,
    QUEUE,
    SAM,
    STAFF,
    STAFF_ROLE,
    SUPPORT,
)
from frontdesk.sandbox.discord.faults import Fault

POST = ("POST", "/channels/{channel_id}/messages")
THREADS = ("POST", "/channels/{channel_id}/threads")
ON_MESSAGE = ("POST", "/channels/{channel_id}/messages/{message_id}/threads")
WEBHOOK = ("POST", "/webhooks/{webhook_id}/{webhook_token}")
SAM_HERE = Person(platform="discord", community="discord", id=SAM, name="Sam Rivera")


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
async def desk(discord: DiscordServer) -> AsyncIterator[Desk]:
    async with connected(discord, listen=False, clock=SystemClock()) as desk:
        yield desk


async def asked(desk: Desk, text: str = "How long does shipping take?") -> Thread:
    question = await desk.discord.guild.say(ALICE, SUPPORT, text)
    return desk.thread(question.id)


def said(desk: Desk, thread: Thread) -> list[str]:
    return [one.shown for one in desk.ours(thread.root or thread.channel)]


def card(number: int = 1, **changes: Any) -> Card:
    ticket = Ticket(**{"number": number, "why": "asks for a person", "wants": "a refund", "opened_at": 1.0, **changes})
    customer = Person(platform="discord", community="discord", id=ALICE, name="Alice Martin")
    return Card(ticket=ticket, customer=customer, conversation=f"discord:1:{SUPPORT}:{number}")


# threads


async def test_the_first_answer_opens_a_thread_on_the_question(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
    await desk.chat.post(thread, Reply(markdown="Or three."), "m2")
    assert said(desk, thread) == ["Two days.", "Or three."]
    assert desk.discord.guild.channels[thread.root or ""].name == "How long does shipping take?"
    assert len(desk.discord.calls(*ON_MESSAGE)) == 1


async def test_a_thread_that_somebody_opened_first_is_used(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.discord.guild.open_thread(BOB, SUPPORT, "mine", on=thread.root)
    desk.discord.faults.on("GET", "/channels/{channel_id}", Fault.api_error(404, 10003))
    await desk.chat.post(thread, Reply(markdown="Here."), "m1")
    assert said(desk, thread) == ["Here."]


@pytest.mark.parametrize("code", [50013, 50001, 160006, 50024])
async def test_where_no_thread_can_be_opened_the_answer_is_a_reply_in_the_channel(desk: Desk, code: int) -> None:
    thread = await asked(desk)
    desk.discord.faults.on(*ON_MESSAGE, Fault.api_error(403, code))
    await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
    [message] = desk.ours(SUPPORT)
    assert message.reference is not None
    assert message.reference["message_id"] == thread.root
    assert await desk.chat.find(thread, "m1") == (MessageRef(thread=thread, id=message.id),)


async def test_an_answer_in_the_channel_is_found_by_the_next_process(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, listen=False, notes=notes, clock=SystemClock()) as desk:
        thread, other = await asked(desk), await asked(desk, "And where?")
        discord.faults.on(*ON_MESSAGE, Fault.api_error(400, 160006), times=2)
        await desk.chat.post(other, Reply(markdown="Two days."), "m2")
        [ref] = await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
    async with connected(discord, listen=False, notes=notes, clock=SystemClock()) as desk:
        assert await desk.chat.find(thread, "m1") == (ref,)


async def test_a_desk_that_may_not_read_history_answers_all_the_same(desk: Desk) -> None:
    thread = await asked(desk)
    desk.discord.guild.deny(SUPPORT, "READ_MESSAGE_HISTORY")
    await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
    assert said(desk, thread) == ["Two days."]
    again = await asked(desk, "And where?")
    desk.discord.guild.deny(SUPPORT, "CREATE_PUBLIC_THREADS")
    await desk.chat.post(again, Reply(markdown="Here."), "m2")
    assert [one.shown for one in desk.ours(SUPPORT)] == ["Here."]


async def test_a_post_whose_first_message_is_still_on_its_way_is_waited_for(desk: Desk) -> None:
    post = await desk.discord.guild.create_post(BOB, HELP, "Title", "", starter=False)
    thread = desk.thread(post.id, HELP)
    desk.discord.guild.without_starter.add(post.id)
    with pytest.raises(Retry):
        await desk.chat.post(thread, Reply(markdown="Hello"), "m1")
    await desk.discord.guild.start_post(post.id, "text")
    await desk.chat.post(thread, Reply(markdown="Hello"), "m1")
    assert said(desk, thread) == ["Hello"]


@pytest.mark.parametrize("content", [Reply(markdown="Hello"), Relay(name="Sam", markdown="Hello")])
async def test_an_archived_thread_is_brought_back(desk: Desk, content: Content) -> None:
    thread = await asked(desk)
    [ref] = await desk.chat.post(thread, content, "m1")
    await desk.discord.guild.archive(thread.root or "")
    await desk.chat.post(thread, content, "m2")
    await desk.discord.guild.archive(thread.root or "")
    await desk.chat.edit(ref, content.model_copy(update={"markdown": "Changed"}))
    assert said(desk, thread) == ["Changed", "Hello"]


async def test_a_private_thread_is_opened_once_and_found_again(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, listen=False, notes=notes, clock=SystemClock(), threads="private") as desk:
        thread = await asked(desk)
        discord.faults.on(*THREADS, Fault.dropped_after_receipt())
        with pytest.raises(Ambiguous):
            await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
    async with connected(discord, listen=False, notes=notes, clock=SystemClock(), threads="private") as desk:
        assert await desk.chat.find(thread, "m1") == ()
        await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
        await desk.chat.post(thread, Reply(markdown="Or three."), "m2")
        [opened] = discord.guild.threads(SUPPORT)
        assert opened.kind == "private_thread"
        assert ALICE in opened.members
        assert [one.shown for one in desk.ours(opened.id)] == ["Two days.", "Or three."]


# what cannot be done


async def told(work: Any) -> str:
    with pytest.raises(Undeliverable) as caught:
        await work
    words = str(caught.value)
    assert "\n" not in words
    assert "/channels/" not in words
    return words


async def test_a_missing_permission_is_one_line(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.chat.post(thread, Reply(markdown="One."), "m1")
    desk.discord.guild.deny(SUPPORT, "SEND_MESSAGES_IN_THREADS")
    assert "lacks a permission" in await told(desk.chat.post(thread, Reply(markdown="Two."), "m2"))


async def test_a_channel_that_is_hidden_from_the_desk_is_one_line(desk: Desk) -> None:
    thread = await asked(desk)
    desk.discord.guild.deny(SUPPORT, "VIEW_CHANNEL")
    assert "cannot see" in await told(desk.chat.post(thread, Reply(markdown="One."), "m1"))


async def test_a_deleted_channel_is_one_line(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.chat.post(thread, Reply(markdown="One."), "m1")
    await desk.discord.guild.delete_channel(SUPPORT)
    assert "deleted" in await told(desk.chat.post(thread, Reply(markdown="Two."), "m2"))


async def test_a_thread_that_somebody_deleted_is_opened_again_while_the_question_stands(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.chat.post(thread, Reply(markdown="One."), "m1")
    await desk.discord.guild.delete_channel(thread.root or "")
    await desk.chat.post(thread, Reply(markdown="Two."), "m2")
    assert said(desk, thread)[-1] == "Two."


async def test_a_deleted_question_is_one_line(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.discord.guild.delete(ALICE, SUPPORT, thread.root or "")
    assert "deleted" in await told(desk.chat.post(thread, Reply(markdown="One."), "m1"))


async def test_a_thread_that_moderators_locked_is_one_line(desk: Desk) -> None:
    thread = await asked(desk)
    await desk.chat.post(thread, Reply(markdown="One."), "m1")
    desk.discord.guild.deny(SUPPORT, "MANAGE_THREADS")
    await desk.discord.guild.archive(thread.root or "", locked=True)
    assert "locked" in await told(desk.chat.post(thread, Reply(markdown="Two."), "m2"))
    assert desk.discord.guild.channels[thread.root or ""].locked


async def test_a_person_who_takes_no_direct_messages_is_one_line(desk: Desk) -> None:
    message = await desk.discord.guild.say_dm(ALICE, "hi")
    desk.discord.guild.block_dms(ALICE)
    thread = desk.thread(channel=message.channel, direct=True)
    assert "no direct messages" in await told(desk.chat.post(thread, Reply(markdown="One."), "m1"))


async def test_while_the_token_is_revoked_nothing_is_given_up(desk: Desk) -> None:
    thread = await asked(desk)
    desk.discord.app.revoked = True
    with pytest.raises(Retry, match="token"):
        await desk.chat.post(thread, Reply(markdown="One."), "m1")
    desk.discord.app.revoked = False
    await desk.chat.post(thread, Reply(markdown="One."), "m1")
    assert said(desk, thread) == ["One."]


# once


async def as_after_a_crash(desk: Desk, thread: Thread, content: Content, marker: str) -> tuple[MessageRef, ...]:
    """What a turn does with a step that it may have done before."""
    there = await desk.chat.find(thread, marker)
    return await desk.chat.post(thread, content, marker, there)


async def test_an_answer_whose_receipt_got_lost_is_posted_once(desk: Desk) -> None:
    thread = await asked(desk)
    desk.discord.faults.on(*POST, Fault.dropped_after_receipt(), Fault.server_error(500))
    await desk.chat.post(thread, Reply(markdown="Two days."), "m1")
    assert said(desk, thread) == ["Two days."]


@pytest.mark.parametrize("later", [0, 1200])
@pytest.mark.parametrize("parts", [1, 3])
async def test_a_crash_between_receipt_and_journal_posts_nothing_twice(
    discord: DiscordServer, later: int, parts: int
) -> None:
    """Within the time that Discord knows a nonce, and long after it."""
    notes = Notes()
    reply = Reply(markdown="\n\n".join(f"Part {n}. " + "All is well. " * 120 for n in range(parts)))
    async with connected(discord, listen=False, notes=notes, clock=SystemClock()) as desk:
        thread = await asked(desk)
        await desk.chat.post(thread, Line(markdown="Something else."), "m0")
        refs = await desk.chat.post(thread, reply, "m1")
        assert len(refs) == parts
    discord.advance(later)
    async with connected(discord, listen=False, notes=notes, clock=SystemClock()) as desk:
        assert await as_after_a_crash(desk, thread, reply, "m1") == refs
        assert len(said(desk, thread)) == parts + 1


async def test_of_a_reply_in_parts_only_the_missing_ones_are_posted(discord: DiscordServer) -> None:
    reply = Reply(markdown="\n\n".join(f"Part {n}. " + "All is well. " * 120 for n in range(3)))
    notes = Notes()
    async with connected(discord, listen=False, notes=notes, clock=SystemClock()) as desk:
        thread = await asked(desk)
        await desk.chat.post(thread, Line(markdown="Opens the thread."), "m0")
        discord.faults.on(*POST, Fault.slow(0), *[Fault.dropped_before_receipt()] * 4)
        with pytest.raises(Ambiguous):
            await desk.chat.post(thread, reply, "m1")
    discord.faults.clear()
    discord.advance(1200)
    async with connected(discord, listen=False, notes=notes, clock=SystemClock()) as desk:
        refs = await as_after_a_crash(desk, thread, reply, "m1")
        assert [ref.id for ref in refs] == [one.id for one in desk.ours(thread.root or "")[1:]]
        assert len(refs) == 3


async def test_a_relayed_message_whose_receipt_got_lost_is_there_once(desk: Desk) -> None:
    """A webhook's posts have no nonce."""
    thread = await asked(desk)
    relay = Relay(name="Sam Rivera", markdown="I am looking into it.")
    desk.discord.faults.on(*WEBHOOK, Fault.dropped_after_receipt())
    with pytest.raises(Ambiguous):
        await desk.chat.post(thread, relay, "m1")
    [ref] = await as_after_a_crash(desk, thread, relay, "m1")
    [message] = desk.ours(thread.root or "")
    assert (message.id, message.name) == (ref.id, "Sam Rivera")


async def test_a_relayed_message_that_never_arrived_is_posted(desk: Desk) -> None:
    thread = await asked(desk)
    relay = Relay(name="Sam Rivera", markdown="I am looking into it.")
    desk.discord.faults.on(*WEBHOOK, Fault.dropped_before_receipt())
    with pytest.raises(Ambiguous):
        await desk.chat.post(thread, relay, "m1")
    await as_after_a_crash(desk, thread, relay, "m1")
    assert said(desk, thread) == ["I am looking into it."]


async def test_a_ticket_whose_receipt_got_lost_is_one_post(discord: DiscordServer) -> None:
    notes, place = Notes(), Thread(platform="discord", community=discord.guild_id, channel=QUEUE)
    async with connected(discord, listen=False, notes=notes, clock=SystemClock(), staff_channel=QUEUE) as desk:
        await desk.chat.post(place, card(1), "other")
        discord.faults.on(*THREADS, Fault.dropped_after_receipt())
        with pytest.raises(Ambiguous):
            await desk.chat.post(place, card(2), "m1")
    async with connected(discord, listen=False, notes=notes, clock=SystemClock(), staff_channel=QUEUE) as desk:
        [ref] = await as_after_a_crash(desk, place, card(2), "m1")
        assert [post.name for post in discord.guild.threads(QUEUE)] == ["#1 · a refund", "#2 · a refund"]
        assert ref.id == discord.guild.threads(QUEUE)[1].id


async def test_a_card_in_a_text_channel_whose_receipt_got_lost_is_there_once(desk: Desk) -> None:
    place = Thread(platform="discord", community=desk.discord.guild_id, channel=STAFF)
    await desk.chat.post(place, card(1), "m1")
    [ref] = await as_after_a_crash(desk, place, card(1), "m1")
    assert [one.id for one in desk.ours(STAFF)] == [ref.id]


# files


def attachment_of(desk: Desk, message: Message) -> Attachment:
    [file] = message.attachments
    return Attachment(
        id=file.id,
        name=file.name,
        media_type=file.mimetype,
        size=len(file.content),
        url=desk.discord.links.sign(file.path),
        platform="discord",
        channel=message.channel,
        message=message.id,
    )


async def test_a_file_goes_along_under_the_name_of_who_sent_it(desk: Desk) -> None:
    thread = await asked(desk)
    sent = await desk.discord.guild.say(BOB, SUPPORT, "see", files=[("photo.png", b"pixels", "image/png")])
    relay = Relay(name="Sam", markdown="Look", attachments=(attachment_of(desk, sent),))
    await desk.chat.post(thread, relay, "m1")
    [message] = desk.ours(thread.root or "")
    assert [(file.name, file.content) for file in message.attachments] == [("photo.png", b"pixels")]


async def test_a_file_whose_address_ran_out_is_fetched_at_a_new_one(desk: Desk) -> None:
    sent = await desk.discord.guild.say(BOB, SUPPORT, "see", files=[("a.txt", b"words", "text/plain")])
    old = attachment_of(desk, sent)
    desk.discord.advance(2 * 86_400)
    assert await desk.chat.fetch(old) == b"words"


async def test_a_file_whose_message_is_gone_is_named_instead(desk: Desk) -> None:
    thread = await asked(desk)
    sent = await desk.discord.guild.say(BOB, SUPPORT, "see", files=[("a.txt", b"words", "text/plain")])
    old = attachment_of(desk, sent)
    await desk.discord.guild.delete(BOB, SUPPORT, sent.id)
    desk.discord.advance(2 * 86_400)
    await desk.chat.post(thread, Relay(name="Sam", markdown="Look", attachments=(old,)), "m1")
    [text] = said(desk, thread)
    assert "Look" in text
    assert "a.txt" in text


async def test_a_file_that_is_too_large_is_named_instead(desk: Desk) -> None:
    thread = await asked(desk)
    large = Attachment(id="5", name="film.mp4", size=50 << 20, platform="discord", channel=SUPPORT, message="5")
    await desk.chat.post(thread, Relay(name="Sam", markdown="Look", attachments=(large,)), "m1")
    [text] = said(desk, thread)
    assert "film.mp4" in text
    assert desk.ours(thread.root or "")[0].attachments == ()


async def test_nobody_but_discord_is_asked_for_a_file(desk: Desk) -> None:
    strange = Attachment(id="5", name="a", url="http://127.0.0.1:9/a", platform="discord", channel=SUPPORT, message="5")
    with pytest.raises(Undeliverable):
        await desk.chat.fetch(strange)


# what is shown beside words


async def test_addresses_lead_to_where_a_message_stands(desk: Desk) -> None:
    guild = desk.discord.guild_id
    thread = await asked(desk)
    [ref] = await desk.chat.post(thread, Reply(markdown="One."), "m1")
    assert await desk.chat.permalink(ref) == f"https://discord.com/channels/{guild}/{thread.root}/{ref.id}"
    question = MessageRef(thread=thread, id=thread.root or "")
    assert await desk.chat.permalink(question) == f"https://discord.com/channels/{guild}/{SUPPORT}/{thread.root}"
    post = await desk.discord.guild.create_post(BOB, HELP, "Title", "text")
    starter = MessageRef(thread=desk.thread(post.id, HELP), id=post.id)
    assert await desk.chat.permalink(starter) == f"https://discord.com/channels/{guild}/{post.id}/{post.id}"
    message = await desk.discord.guild.say_dm(ALICE, "hi")
    direct = MessageRef(thread=desk.thread(channel=message.channel, direct=True), id=message.id)
    assert await desk.chat.permalink(direct) == f"https://discord.com/channels/@me/{message.channel}/{message.id}"


async def test_who_sees_the_staff_channel_is_staff(discord: DiscordServer) -> None:
    guild = discord.guild
    guild.deny(STAFF, "VIEW_CHANNEL", target=BOT_ROLE)
    guild.allow(STAFF, "VIEW_CHANNEL", target=discord.bot_user_id)
    guild.allow(STAFF, "VIEW_CHANNEL", target=BOB)
    async with connected(discord, listen=False, clock=SystemClock()) as desk:

        async def is_staff(person: str) -> bool:
            return await desk.chat.is_staff(Person(platform="discord", community="discord", id=person))

        assert await is_staff(SAM)
        assert await is_staff(BOB)
        assert not await is_staff(ALICE)
        assert not await is_staff("5")
        assert not await desk.chat.is_staff(Person(platform="slack", community="T", id=SAM))
    guild.deny(STAFF, "VIEW_CHANNEL", target=STAFF_ROLE)
    async with connected(discord, listen=False, clock=SystemClock()) as desk:
        assert await is_staff(BOB)
        assert not await is_staff(SAM)


async def test_a_resolved_post_is_marked_and_put_away_and_comes_back(desk: Desk) -> None:
    guild = desk.discord.guild
    post = await guild.create_post(BOB, HELP, "Title", "text")
    thread = desk.thread(post.id, HELP)
    await desk.chat.show_state(thread, "resolved")
    assert (guild.tag_names(post.id), guild.channels[post.id].archived) == (["solved"], True)
    await desk.chat.show_state(thread, "resolved")
    await desk.chat.show_state(thread, "waiting")
    assert (guild.tag_names(post.id), guild.channels[post.id].archived) == ([], False)


async def test_a_post_that_moderators_locked_stays_locked(desk: Desk) -> None:
    guild = desk.discord.guild
    post = await guild.create_post(BOB, HELP, "Title", "text")
    await guild.archive(post.id, locked=True)
    await desk.chat.show_state(desk.thread(post.id, HELP), "open")
    assert guild.channels[post.id].archived
    assert guild.channels[post.id].locked


# tickets as posts


@pytest.fixture
async def queue(discord: DiscordServer) -> AsyncIterator[Desk]:
    async with connected(discord, listen=False, clock=SystemClock(), staff_channel=QUEUE) as desk:
        yield desk


async def test_a_ticket_is_one_post_whose_tags_follow_it(queue: Desk) -> None:
    guild, place = queue.discord.guild, queue.thread(channel=QUEUE)
    [ref] = await queue.chat.post(place, card(priority="urgent"), "m1")
    assert guild.tag_names(ref.id) == ["waiting", "urgent"]
    await queue.chat.edit(ref, card(status="claimed", assignee=SAM_HERE))
    assert guild.tag_names(ref.id) == ["in work", "normal", "Sam Rivera"]
    await queue.chat.edit(ref, card(status="resolved", assignee=SAM_HERE, closed_by=SAM_HERE))
    assert guild.tag_names(ref.id) == ["closed", "normal", "Sam Rivera"]
    assert guild.channels[ref.id].archived
    await queue.chat.edit(ref, card(status="queued"))
    assert guild.tag_names(ref.id) == ["waiting", "normal"]
    assert not guild.channels[ref.id].archived
    assert [post.name for post in guild.threads(QUEUE)] == ["#1 · a refund"]
    assert [one.reference for one in guild.messages(ref.id)] == [None]


async def test_lines_and_customers_words_go_under_the_card(queue: Desk) -> None:
    [ref] = await queue.chat.post(queue.thread(channel=QUEUE), card(), "m1")
    under = queue.thread(ref.id, QUEUE)
    await queue.chat.post(under, Line(markdown="Sam has claimed this."), "m2")
    await queue.chat.post(under, Relay(name="Alice Martin", markdown="Hello?"), "m3")
    _, line, words = queue.ours(ref.id)
    assert line.shown == "-# Sam has claimed this."
    assert (words.name, words.shown) == ("Alice Martin", "Hello?")


async def test_the_forums_own_tags_keep_their_emoji(queue: Desk) -> None:
    await queue.app._api.call(
        "PATCH",
        "/channels/{channel_id}",
        channel_id=QUEUE,
        body={"available_tags": [{"name": "vip", "emoji_name": "⭐", "moderated": True}]},
    )
    await queue.chat.post(queue.thread(channel=QUEUE), card(), "m1")
    told: Any = await queue.app._api.call("GET", "/channels/{channel_id}", channel_id=QUEUE)
    [vip] = [tag for tag in told["available_tags"] if tag["name"] == "vip"]
    assert (vip["emoji_name"], vip["moderated"]) == ("⭐", True)


async def test_a_forum_whose_tags_the_desk_may_not_manage_still_takes_tickets(queue: Desk) -> None:
    queue.discord.guild.deny(QUEUE, "MANAGE_CHANNELS")
    [ref] = await queue.chat.post(queue.thread(channel=QUEUE), card(), "m1")
    await queue.chat.edit(ref, card(status="claimed", assignee=SAM_HERE))
    assert queue.discord.guild.tag_names(ref.id) == []


def test_a_refusal_says_what_and_its_number() -> None:
    assert str(Refused("POST /x", 403, 50013)) == "the desk lacks a permission there (Discord 50013)"
    assert str(Refused("POST /x", 400, 12345)) == "POST /x: 400 (12345)"


@pytest.mark.parametrize("content", [Reply(markdown="ok"), Relay(name="Sam Rivera", markdown="ok")])
async def test_the_same_words_said_a_moment_before_are_not_taken_for_these(desk: Desk, content: Content) -> None:
    thread = await asked(desk)
    [first] = await desk.chat.post(thread, content, "m1")
    desk.discord.faults.on(*WEBHOOK, Fault.dropped_before_receipt())
    desk.discord.faults.on(*POST, *[Fault.dropped_before_receipt()] * 4)
    with pytest.raises((Ambiguous, Retry)):
        await desk.chat.post(thread, content, "m2")
    desk.discord.faults.clear()
    [second] = await as_after_a_crash(desk, thread, content, "m2")
    assert [one.id for one in desk.ours(thread.root or "")] == [first.id, second.id]


async def test_a_reply_that_grew_before_a_crash_is_not_taken_for_the_one_before(desk: Desk) -> None:
    thread = await asked(desk)
    alice = Person(platform="discord", community="discord", id=ALICE)
    earlier = desk.chat.stream(thread, alice, "m1")
    await earlier.append("The first answer.\n\n")
    await earlier.finish(Reply(markdown="The first answer."))
    stream = desk.chat.stream(thread, alice, "m2")
    await stream.append("The second answer.\n\n")
    await desk.until(lambda: stream.refs)
    stream.abandon()
    assert await desk.chat.find(thread, "m2") == stream.refs
    assert len(stream.refs) == 1
