"""Whatever people press, choose or type on Discord is stored, acknowledged in time and answered."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.discord_interacting import Desk, interacting, payloads, until
from frontdesk.adapters.discord.channels import Channels
from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.interactions import (
    FAILED,
    KEPT,
    NOT_KEPT,
    STILL_AT_IT,
    TAKEN_UP,
    UNREADABLE,
)
from frontdesk.adapters.discord.places import Places
from frontdesk.adapters.discord.register import register
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.events import ButtonPressed, MessagePosted
from frontdesk.domain.messages import Thread
from frontdesk.sandbox.discord import DiscordServer, Fault
from frontdesk.sandbox.discord.example import ALICE, BOB, HELP, RANDOM, SAM, STAFF, SUPPORT

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
FOLLOW_UP = "/webhooks/{webhook_id}/{webhook_token}"
ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
CONVERSATION = f"discord:1100000000000000100:{SUPPORT}:1299999999999999999"


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
async def desk(discord: DiscordServer) -> AsyncIterator[Desk]:
    async with interacting(discord) as desk:
        yield desk


def thread(channel: str, root: str | None, *, direct: bool = False) -> Thread:
    community = "@me" if direct else "1100000000000000100"
    return Thread(platform="discord", community=community, channel=channel, root=root, direct=direct)


def too_late(desk: Desk) -> None:
    """The next acknowledgement is refused; whoever acted need not wait for Discord's whole three seconds."""
    desk.discord.guild.interactions.ack_seconds = 0.3
    desk.discord.faults.on("POST", CALLBACK, Fault.api_error(404, 10062))


async def card(desk: Desk, *actions: Any) -> tuple[str, list[str]]:
    names = [desk.ids.button(action, CONVERSATION) for action in actions]
    return await desk.post(STAFF, "Ticket #1", *names), names


async def test_a_press_is_stored_and_then_acknowledged(desk: Desk) -> None:
    message, (claim,) = await card(desk, "claim")

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert (ack.arrived, ack.kind) == (True, 6)
    (event,) = desk.reception.events
    assert isinstance(event, ButtonPressed)
    assert (event.action, event.value, event.by.id, event.message_id) == ("claim", CONVERSATION, SAM, message)
    assert event.thread == thread(STAFF, message)


async def test_a_press_in_a_thread_belongs_to_the_conversation_there(desk: Desk) -> None:
    guild = desk.discord.guild
    asked = await guild.say(ALICE, SUPPORT, "How long?")
    opened = await guild.open_thread(ALICE, SUPPORT, "How long", on=asked.id)
    message = await desk.post(opened.id, "Soon", desk.ids.button("rate_up", "up"))

    await guild.press(ALICE, opened.id, message, desk.ids.button("rate_up", "up"))

    assert [event.thread for event in desk.reception.events] == [thread(SUPPORT, asked.id)]


async def test_resolving_opens_a_form_and_its_words_come_with_the_press(desk: Desk) -> None:
    guild = desk.discord.guild
    message, (resolve,) = await card(desk, "resolve")

    ack = await guild.press(SAM, STAFF, message, resolve)
    assert ack.kind == 9
    assert desk.reception.events == []

    modal = guild.modal_of(SAM)
    assert modal is not None
    sent = await guild.submit(SAM, modal.id, {"comment": "All done, bye."})

    assert (sent.arrived, sent.kind) == (True, 6)
    (event,) = desk.reception.events
    assert (event.action, event.comment, event.message_id) == ("resolve", "All done, bye.", message)
    assert event.thread == thread(STAFF, message)


async def test_a_resolve_form_that_is_closed_does_nothing(desk: Desk) -> None:
    message, (resolve, claim) = await card(desk, "resolve", "claim")
    guild = desk.discord.guild

    ack = await guild.press(SAM, STAFF, message, resolve)
    guild.dismiss(SAM, ack.modal or "")
    await guild.press(SAM, STAFF, message, claim)

    assert [event.action for event in desk.reception.events] == ["claim"]


async def test_a_thumb_down_counts_at_once_and_its_comment_follows(desk: Desk) -> None:
    guild = desk.discord.guild
    down = desk.ids.button("rate_down", "down")
    direct = await guild.say_dm(ALICE, "Hello")
    message = await desk.post(direct.channel, "An answer", down)

    ack = await guild.press(ALICE, direct.channel, message, down)
    assert ack.kind == 9
    assert [(event.action, event.comment) for event in desk.reception.events] == [("rate_down", "")]

    await guild.submit(ALICE, ack.modal or "", {"comment": "The islands"})
    assert [event.comment for event in desk.reception.events] == ["", "The islands"]
    assert {event.thread for event in desk.reception.events} == {thread(direct.channel, None, direct=True)}
    assert {event.message_id for event in desk.reception.events} == {message}


async def test_a_button_says_who_pressed_it_whoever_it_is_for(desk: Desk) -> None:
    """Whether it was theirs to press says the core, which is told by Discord and not by the button."""
    guild = desk.discord.guild
    up = desk.ids.button("rate_up", "up")
    message = await desk.post(SUPPORT, "An answer for Alice", up)

    await guild.press(BOB, SUPPORT, message, up)

    assert [event.by.id for event in desk.reception.events] == [BOB]
    assert await desk.whispers.whisper(SUPPORT, BOB, {"content": "Not yours."})
    assert desk.private_words(BOB) == ["Not yours."]


async def test_somebody_with_a_form_open_can_be_whispered_to(desk: Desk) -> None:
    down = desk.ids.button("rate_down", "down")
    message = await desk.post(SUPPORT, "An answer", down)

    await desk.discord.guild.press(ALICE, SUPPORT, message, down)

    assert await desk.whispers.whisper(SUPPORT, ALICE, {"content": "Thank you."})


async def test_a_button_that_nobody_knows_is_answered(desk: Desk) -> None:
    names = ["rubbish", desk.ids.button("claim", CONVERSATION)[:-1] + "x"]
    message = await desk.post(STAFF, "Old", *names)

    for name in names:
        ack = await desk.discord.guild.press(SAM, STAFF, message, name)
        assert ack.kind == 4

    assert all("do not know this button" in words for words in desk.private_words(SAM))
    assert len(desk.private_words(SAM)) == 2
    assert desk.reception.events == []


async def test_a_slow_store_is_not_waited_for_and_then_told_of(desk: Desk) -> None:
    desk.reception.gate = asyncio.Event()
    message, (claim,) = await card(desk, "claim")

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert ack.arrived
    assert ack.seconds < 2.0
    assert desk.private_words(SAM) == [STILL_AT_IT]
    desk.reception.gate.set()
    await desk.discord.guild.until(lambda: desk.private_words(SAM) == [KEPT])
    assert len(desk.reception.events) == 1


async def test_a_press_that_could_not_be_stored_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdesk.adapters.discord.interactions.STORE_WITHIN", 0.2)
    desk.reception.refuse = 1_000
    message, (claim,) = await card(desk, "claim")

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert ack.arrived
    assert desk.private_words(SAM) == [NOT_KEPT]


async def test_a_store_that_is_away_for_a_moment_is_asked_again(desk: Desk) -> None:
    desk.reception.refuse = 1
    message, (claim,) = await card(desk, "claim")

    await desk.discord.guild.press(SAM, STAFF, message, claim)

    await until(lambda: len(desk.reception.events) == 1)
    await desk.discord.guild.until(lambda: STILL_AT_IT not in desk.private_words(SAM))


async def test_an_acknowledgement_whose_answer_is_lost_is_given(desk: Desk) -> None:
    desk.brought_twice = True
    desk.discord.faults.on("POST", CALLBACK, Fault.dropped_after_receipt())
    desk.discord.faults.on("POST", CALLBACK, Fault.dropped_before_receipt())
    message, (claim,) = await card(desk, "claim")

    first = await desk.discord.guild.press(SAM, STAFF, message, claim)
    second = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert (first.kind, second.kind) == (6, 6)
    assert len(desk.reception.events) == 2
    assert not any(line.startswith("discord_interaction_missed") for line in desk.log.lines)


async def test_a_press_brought_twice_has_one_name(desk: Desk) -> None:
    desk.brought_twice = True
    message, (claim,) = await card(desk, "claim")
    desk.discord.faults.events(duplicate=1)

    await desk.discord.guild.press(SAM, STAFF, message, claim)

    await until(lambda: len(desk.reception.events) == 2)
    assert len({event.ids for event in desk.reception.events}) == 1
    await until(lambda: len(desk.discord.calls("POST", CALLBACK)) == 2)
    assert desk.private_words(SAM) == []


async def test_a_command_is_answered_to_one_person(desk: Desk) -> None:
    ack = await desk.discord.guild.slash(SAM, STAFF, "desk", "queue")

    assert (ack.arrived, ack.kind) == (True, 5)
    await desk.discord.guild.until(lambda: any("Nobody" in words for words in desk.private_words(SAM)))
    ((name, text, person, where),) = desk.reception.commands
    assert (name, text, person.id, where) == ("desk", "queue", SAM, thread(STAFF, None))


async def test_a_command_whose_time_ran_out_is_answered_in_the_staff_channel(desk: Desk) -> None:
    too_late(desk)

    await desk.discord.guild.slash(SAM, STAFF, "desk", "queue")

    await desk.discord.guild.until(lambda: any("Nobody" in m.shown for m in desk.discord.guild.messages(STAFF)))
    assert len(desk.reception.commands) == 1


async def test_elsewhere_a_late_answer_is_not_shown_to_everybody(desk: Desk) -> None:
    too_late(desk)

    await desk.discord.guild.slash(SAM, SUPPORT, "desk", "queue")

    await desk.discord.guild.until(lambda: len(desk.discord.guild.messages(SUPPORT)) == 1)
    (said,) = desk.discord.guild.messages(SUPPORT)
    assert "too late" in said.shown
    assert "Nobody" not in said.shown


async def test_a_command_that_somebody_else_acknowledged_is_answered_all_the_same(desk: Desk) -> None:
    """Two processes with one token, or an interaction that is brought again."""
    desk.brought_twice = True
    desk.discord.faults.events(duplicate=1)

    await desk.discord.guild.slash(SAM, STAFF, "desk", "queue")

    await until(lambda: len(desk.reception.commands) == 2)
    await desk.discord.guild.until(
        lambda: desk.private_words(SAM) and all("Nobody" in w for w in desk.private_words(SAM))
    )
    assert desk.discord.guild.messages(STAFF) == []


async def test_a_question_after_a_slash_is_shown_and_asked_in_its_thread(desk: Desk) -> None:
    ack = await desk.discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "How **long**? @everyone"})

    assert ack.kind == 4
    (shown,) = desk.discord.guild.messages(SUPPORT)
    assert shown.shown.startswith("**Alice Martin** asks: How")
    assert shown.pings == ()
    await until(lambda: len(desk.reception.events) == 1)
    (event,) = desk.reception.events
    assert isinstance(event, MessagePosted)
    assert event.thread == thread(SUPPORT, shown.id)
    assert event.addressed
    assert (event.message.id, event.message.author.id) == (shown.id, ALICE)
    assert event.message.text == "How **long**? @everyone"


async def test_nothing_in_a_shown_question_is_live(desk: Desk) -> None:
    hostile = f"<@{BOB}> @here <@&1100000000000000401> [x](https://evil.example) https://evil.example discord.gg/abc"
    await desk.discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": hostile})

    (shown,) = desk.discord.guild.messages(SUPPORT)
    assert shown.pings == ()
    assert shown.masked_links == []
    assert shown.links == []


async def test_where_threads_are_private_the_question_is_not_for_everybody(discord: DiscordServer) -> None:
    async with interacting(discord, threads="private") as desk:
        await discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "Was I charged twice?"})

        await until(lambda: len(desk.reception.events) == 1)
        (shown,) = discord.guild.messages(SUPPORT)
        assert "charged" not in shown.shown
        assert desk.reception.events[0].message.text == "Was I charged twice?"

        channels = Channels(desk.api)
        places = Places(desk.api, channels, desk.notes, SystemClock(), desk.log)
        opened = await places.to_write(desk.reception.events[0].thread)
        assert ALICE in discord.guild.channels[opened.root or ""].members


async def test_a_question_in_a_thread_is_asked_there(desk: Desk) -> None:
    guild = desk.discord.guild
    post = await guild.create_post(ALICE, HELP, "Parcel", "Where is it?")

    await guild.slash(ALICE, post.id, "ask", None, {"question": "And now?"})

    await until(lambda: len(desk.reception.events) == 1)
    assert desk.reception.events[0].thread == thread(HELP, post.id)


async def test_a_question_after_a_slash_is_taken_up_in_direct_messages(desk: Desk) -> None:
    guild = desk.discord.guild
    direct = await guild.say_dm(ALICE, "Hello")

    await guild.slash(ALICE, direct.channel, "ask", None, {"question": "How long?"})

    await until(lambda: len(desk.reception.events) == 1)
    (posted,) = desk.reception.events
    assert (posted.thread, posted.message.text) == (thread(direct.channel, None, direct=True), "How long?")
    (told,) = payloads(desk.discord)
    assert told["app_permissions"] == "442368", "as the documentation's examples have it: seeing is not named there"


async def test_a_question_whose_time_ran_out_is_asked_in_the_channel(desk: Desk) -> None:
    too_late(desk)

    await desk.discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "How long?"})

    await until(lambda: len(desk.reception.events) == 1)
    (shown,) = desk.discord.guild.messages(SUPPORT)
    assert "**Alice Martin** asks: How long?" in shown.shown
    assert desk.reception.events[0].thread == thread(SUPPORT, shown.id)


async def test_a_question_brought_again_after_a_crash_is_the_same_question(desk: Desk) -> None:
    desk.brought_twice = True
    await desk.discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "How long?"})
    await until(lambda: len(desk.reception.events) == 1)

    await desk.interactions.accept(payloads(desk.discord)[-1])

    first, again = desk.reception.events
    assert (first.ids, first.thread, first.message.id) == (again.ids, again.thread, again.message.id)
    assert len(desk.discord.guild.messages(SUPPORT)) == 1


async def test_a_very_long_question_is_asked_whole(desk: Desk) -> None:
    question = "*" * 2_000

    await desk.discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": question})

    await until(lambda: len(desk.reception.events) == 1)
    assert desk.reception.events[0].message.text == question
    assert len(desk.discord.guild.messages(SUPPORT)[0].content) <= 2_000


async def test_the_menu_asks_about_somebody_elses_message(desk: Desk) -> None:
    guild = desk.discord.guild
    said = await guild.say(BOB, SUPPORT, "My parcel is gone.")

    ack = await guild.menu(ALICE, SUPPORT, said.id, "Ask the desk")

    assert ack.kind == 4
    assert desk.private_words(ALICE) == [TAKEN_UP]
    (event,) = desk.reception.events
    assert event.thread == thread(SUPPORT, said.id)
    assert (event.message.author.id, event.message.text, event.addressed) == (BOB, "My parcel is gone.", True)


async def test_the_menu_works_without_the_message_content_intent(discord: DiscordServer) -> None:
    discord.app.enabled_intents.clear()
    async with interacting(discord, message_content=False) as desk:
        said = await discord.guild.say(BOB, SUPPORT, "My parcel is gone.")

        await discord.guild.menu(ALICE, SUPPORT, said.id, "Ask the desk")

        assert [event.message.text for event in desk.reception.events] == ["My parcel is gone."]


async def test_the_menu_on_the_desks_own_message_says_that_it_is_its_own(desk: Desk) -> None:
    message = await desk.post(SUPPORT, "Hello")

    ack = await desk.discord.guild.menu(ALICE, SUPPORT, message, "Ask the desk")

    assert ack.kind == 4
    assert "message of mine" in desk.private_words(ALICE)[0]
    assert desk.reception.events == []


async def test_nobody_asks_in_the_staff_channel(desk: Desk) -> None:
    await desk.discord.guild.slash(SAM, STAFF, "ask", None, {"question": "Secret?"})

    assert "channels of customers" in desk.private_words(SAM)[0]
    assert desk.discord.guild.messages(STAFF) == []
    assert desk.reception.events == []


async def test_where_the_desk_sees_nothing_nobody_asks(desk: Desk) -> None:
    await desk.discord.guild.slash(ALICE, RANDOM, "ask", None, {"question": "Hm?"})

    assert "cannot see this channel" in desk.private_words(ALICE)[0]
    assert desk.reception.events == []


async def test_what_could_be_asked_is_offered_while_it_is_typed(desk: Desk) -> None:
    ack = await desk.discord.guild.autocomplete(ALICE, SUPPORT, "ask", None, "question", "return")
    none = await desk.discord.guild.autocomplete(ALICE, SUPPORT, "ask", None, "question", "zebra")

    assert (ack.kind, ack.choices) == (8, ["How do I return an item?"])
    assert none.choices == []


async def test_the_commands_are_told_once_and_again_when_they_change(desk: Desk) -> None:
    told = "/applications/{application_id}/commands"
    assert len(desk.discord.calls("PUT", told)) == 1

    assert not await register(desk.api, desk.notes, desk.log, commands())
    assert await register(desk.api, desk.notes, desk.log, commands()[:1])
    assert len(desk.discord.calls("PUT", told)) == 2

    desk.discord.faults.on("PUT", told, Fault.api_error(400, 50035))
    assert not await register(desk.api, desk.notes, desk.log, commands())
    assert await register(desk.api, desk.notes, desk.log, commands())


async def test_a_desk_in_another_process_can_whisper(desk: Desk) -> None:
    message, (claim,) = await card(desk, "claim")
    await desk.discord.guild.press(SAM, STAFF, message, claim)

    for channel in (STAFF, message):
        assert await desk.whispers.whisper(channel, SAM, {"content": "Dana has it."})
    assert not await desk.whispers.whisper(STAFF, ALICE, {"content": "Psst"})
    assert not await desk.whispers.whisper(SUPPORT, SAM, {"content": "Psst"})

    assert desk.private_words(SAM) == ["Dana has it.", "Dana has it."]


async def test_a_whisper_that_is_faster_than_the_acknowledgement_waits_for_it(desk: Desk) -> None:
    desk.discord.faults.on("POST", FOLLOW_UP, Fault.api_error(404, 10015), times=2)
    message, (claim,) = await card(desk, "claim")
    await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert await desk.whispers.whisper(STAFF, SAM, {"content": "Psst"})


async def test_a_token_that_ran_out_is_not_used_again(desk: Desk) -> None:
    message, (claim,) = await card(desk, "claim")
    await desk.discord.guild.press(SAM, STAFF, message, claim)
    desk.discord.advance(901)

    assert not await desk.whispers.whisper(STAFF, SAM, {"content": "Psst"})
    asked = len(desk.discord.calls("POST", FOLLOW_UP))
    assert not await desk.whispers.whisper(STAFF, SAM, {"content": "Psst"})
    assert len(desk.discord.calls("POST", FOLLOW_UP)) == asked


async def test_a_notebook_that_is_away_keeps_nobody_from_pressing(desk: Desk) -> None:
    message, (claim,) = await card(desk, "claim")
    desk.notes.away = True

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)
    desk.notes.away = False

    assert ack.kind == 6
    assert len(desk.reception.events) == 1


async def test_a_payload_that_cannot_be_read_is_answered_and_set_aside_without_its_token(desk: Desk) -> None:
    """Held back on its way, and spoilt."""
    desk.discord.faults.events(hold=True)
    message, (claim,) = await card(desk, "claim")
    pressing = asyncio.create_task(desk.discord.guild.press(SAM, STAFF, message, claim))
    await desk.discord.guild.until(lambda: payloads(desk.discord))
    payload = payloads(desk.discord)[-1]

    await desk.interactions.accept({**payload, "member": None})

    assert (await pressing).kind == 4
    assert desk.private_words(SAM) == [UNREADABLE]
    ((kept, reason),) = desk.reception.aside
    assert payload["token"] not in kept
    assert "nobody" in reason


async def test_a_broken_receiver_is_answered_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.reception, "command", broken)
    monkeypatch.setattr(desk.reception, "receive", broken)
    message, (claim,) = await card(desk, "claim")

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert ack.arrived
    assert FAILED in desk.private_words(SAM)


async def test_a_burst_of_presses_is_acknowledged_at_once(desk: Desk) -> None:
    """No limit of Discord's stands between an interaction and its answer."""
    message, (claim,) = await card(desk, "claim")
    guild = desk.discord.guild

    acks = await asyncio.gather(*(guild.press(SAM, STAFF, message, claim) for _ in range(200)))

    assert all(ack.kind == 6 for ack in acks)
    assert len(desk.reception.events) == 200


async def test_an_answer_waits_for_no_limit_of_other_calls(desk: Desk) -> None:
    desk.discord.faults.on("GET", "/gateway/bot", Fault.rate_limited(2, scope="global"))
    waiting = asyncio.create_task(desk.api.call("GET", "/gateway/bot"))
    await until(lambda: any(r.status == 429 for r in desk.discord.calls("GET", "/gateway/bot")))
    message = (await desk.discord.guild.say(BOB, SUPPORT, "Gone.")).id

    ack = await desk.discord.guild.menu(ALICE, SUPPORT, message, "Ask the desk")

    assert ack.arrived
    assert ack.seconds < 1.0
    assert not waiting.done()
    await waiting
