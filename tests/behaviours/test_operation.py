"""What operators count on: restarts, crashes, stopping, limits, and that they can see what goes on."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from behaviours.conftest import Open, a_desk, desk_environment
from behaviours.running import running
from behaviours.world import BOB, GENERAL, SAM, STAFF, SUPPORT, Talk, World, behaviour
from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.slack.faults import Fault

SHIPPING = "How long does shipping take?"
RETURN = "How can I return a bag?"
PERSON = "I want to talk to a person, please"
IMPATIENT = "[store]\nlease_seconds = 1.0\n"
"""A desk that takes over from a dead one within a second."""


@behaviour("operation.restart")
async def test_a_conversation_goes_on_after_a_restart_of_the_desk(box: Sandbox, empty_store: str) -> None:
    async with a_desk(box, empty_store) as before:
        talk = await before.ask(f"{before.mention} {SHIPPING}", where=GENERAL)
        await talk.reply()

    async with a_desk(box, empty_store) as after:
        await talk.say(RETURN)
        await talk.reply(2)

    assert SHIPPING in [said.text for said in after.told("answer")[-1].conversation]


@behaviour("operation.restart")
async def test_a_ticket_goes_on_after_a_restart_of_the_desk(box: Sandbox, empty_store: str) -> None:
    async with a_desk(box, empty_store) as before:
        talk = await before.ask(PERSON)
        card = await before.card()
        await talk.reply()

    async with a_desk(box, empty_store):
        await card.write("I am looking into it.", who=SAM)
        await talk.reply_with("I am looking into it.")
        await card.press("claim", who=SAM)
        await card.until_shown("Sam")


@behaviour("operation.restart")
async def test_what_is_asked_while_no_desk_runs_is_answered_by_the_next(box: Sandbox, empty_store: str) -> None:
    async with a_desk(box, empty_store) as before:
        talk = await before.ask(SHIPPING)
        await talk.reply()
    await talk.say(RETURN)

    async with a_desk(box, empty_store) as after:
        box.slack.advance(4)
        await talk.reply(2)
        await after.another_is_answered()

    assert len(talk.replies()) == 2


@behaviour("operation.restart_mid_answer")
@pytest.mark.parametrize("deltas", [0, 10])
async def test_a_crash_in_the_middle_of_an_answer_ends_in_exactly_one_answer(
    box: Sandbox, empty_store: str, tmp_path: Path, desk_file: Callable[[str], str], deltas: int
) -> None:
    config = desk_file(IMPATIENT)
    async with running(desk_environment(box, empty_store, FRONTDESK_CONFIG=config), tmp_path) as desk:
        box.model.hold(after=deltas)
        message = await box.slack.workspace.say("UALICE", SUPPORT, SHIPPING)
        await box.model.until(lambda: len(box.model.requests) == 2)
        if deltas:
            await box.slack.workspace.until(lambda: len(box.slack.workspace.thread(SUPPORT, message.ts)) == 2)
        desk.kill()
        await desk.ended()
    box.model.release()

    async with a_desk(box, empty_store, FRONTDESK_CONFIG=config) as after:
        talk = Talk(after, SUPPORT, message.ts, "UALICE")
        await after.turns_ended(1, talk.conversation)
        await after.another_is_answered()

    (reply,) = talk.replies()
    assert "[1]" in reply.shown
    assert "Sources" in reply.shown
    assert reply.streaming in (None, "stopped")
    assert talk.status == ""


@behaviour("operation.restart_mid_answer")
@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream"])
async def test_a_crash_between_a_call_and_its_answer_ends_in_exactly_one_answer(
    box: Sandbox, empty_store: str, tmp_path: Path, desk_file: Callable[[str], str], method: str
) -> None:
    config = desk_file(IMPATIENT)
    async with running(desk_environment(box, empty_store, FRONTDESK_CONFIG=config), tmp_path) as desk:
        box.slack.faults.on(method, Fault.slow(60))
        message = await box.slack.workspace.say("UALICE", SUPPORT, SHIPPING)
        await box.slack.workspace.until(lambda: box.slack.calls(method))
        desk.kill()
        await desk.ended()

    async with a_desk(box, empty_store, FRONTDESK_CONFIG=config) as after:
        talk = Talk(after, SUPPORT, message.ts, "UALICE")
        await after.turns_ended(1, talk.conversation)
        await after.another_is_answered()

    (reply,) = talk.replies()
    assert "Sources" in reply.shown
    assert reply.streaming in (None, "stopped")
    assert talk.status == ""


@behaviour("operation.restart_mid_answer")
async def test_a_crash_after_the_card_was_posted_leaves_one_ticket_and_one_promise(
    box: Sandbox, empty_store: str, tmp_path: Path, desk_file: Callable[[str], str]
) -> None:
    config = desk_file(IMPATIENT)
    async with running(desk_environment(box, empty_store, FRONTDESK_CONFIG=config), tmp_path) as desk:
        box.slack.faults.on("chat.postMessage", Fault.slow(60))
        message = await box.slack.workspace.say("UALICE", SUPPORT, PERSON)
        await box.slack.workspace.until(lambda: box.slack.workspace.history(STAFF))
        desk.kill()
        await desk.ended()

    async with a_desk(box, empty_store, FRONTDESK_CONFIG=config) as after:
        talk = Talk(after, SUPPORT, message.ts, "UALICE")
        await after.turns_ended(1, talk.conversation)
        await after.another_is_answered()

        assert len(after.cards()) == 1
        assert len(after.cards()[0].thread()) == 1
        assert len(talk.replies()) == 1
