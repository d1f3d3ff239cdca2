"""Buttons, forms and stops with forged contents: nobody acts for somebody else, and only staff act as staff."""

import asyncio
import json
from itertools import product
from typing import Any

from behaviours.slack_world import PEOPLE, PLACES, SHARED, SlackSide
from behaviours.world import ALICE, BOB, CAROL, SAM, STAFF, SUPPORT, Talk, World
from frontdesk.domain.transcript import Rated

SHIPPING = "How long does shipping take?"
REFUND = "I want a refund for my lamp, now."


def slack_of(world: World) -> SlackSide:
    assert isinstance(world.customers, SlackSide)
    return world.customers


async def press(world: World, who: str, channel: str, ts: str, action: str, **more: Any) -> None:
    """A button as a forged client would send it: any action on any message."""
    slack, place = slack_of(world).slack, PLACES[channel]
    payload = slack.workspace._interaction(PEOPLE[who], "block_actions") | {
        "container": {"type": "message", "message_ts": ts, "channel_id": place, "thread_ts": more.get("root", ts)},
        "channel": {"id": place, "name": "x"},
        "message": {"ts": ts, "text": "x", "user": slack.bot_user_id},
        "actions": [{"action_id": action, "value": more.get("value", ""), "action_ts": slack.workspace.next_ts()}],
    }
    payload.pop("trigger_id", None)
    await slack.workspace._interact("interactive", payload)


async def submit(world: World, who: str, words: str, **kept: Any) -> None:
    """A form that carries whatever its sender likes."""
    values = {"fd:comment": {"comment": {"type": "plain_text_input", "value": words}}}
    workspace = slack_of(world).workspace
    payload = workspace._interaction(PEOPLE[who], "view_submission") | {
        "view": {
            "id": f"V{workspace.next_ts()}",
            "callback_id": "fd:form",
            "private_metadata": json.dumps({"value": "", "root": None, **kept}),
            "state": {"values": values},
        }
    }
    await workspace._interact("interactive", payload)


async def settled(world: World) -> None:
    """By now the desk has dealt with what came before."""
    await world.another_is_answered()


async def received(world: World, events: int) -> None:
    """Wait until the desk has stored so many events."""
    async with asyncio.timeout(8):
        while True:
            _, page = await world.page("/metrics")
            counts = [line for line in page.splitlines() if line.startswith("frontdesk_events_total{")]
            if sum(float(line.rsplit(" ", 1)[1]) for line in counts if 'what="received"' in line) >= events:
                return
            await asyncio.sleep(0.02)


async def ticket_of(world: World, who: str = ALICE) -> tuple[Talk, str]:
    talk = await world.ask(REFUND, who=who)
    await talk.reply(containing="ticket #")
    return talk, (await world.card(1)).spot.first


async def test_who_is_not_staff_moves_no_ticket_from_anywhere(world: World) -> None:
    talk, card = await ticket_of(world)
    before = [message.shown for message in talk.messages()]
    for who, action in product((ALICE, BOB, CAROL), ("claim", "handback", "resolve")):
        forged = f"fd:{action}"
        await press(world, who, STAFF, card, forged, value=talk.conversation)
        await press(world, who, SUPPORT, talk.first, forged, value=talk.conversation)
        await press(world, who, SUPPORT, card, forged, value=talk.conversation, root=talk.root)
        await press(world, who, SHARED, card, forged, value=talk.conversation)
        for channel, root in ((PLACES[STAFF], card), (PLACES[SUPPORT], talk.root), (PLACES[STAFF], None)):
            await submit(world, who, "Your refund is approved", action=action, channel=channel, root=root, message=card)
    await settled(world)
    assert [message.shown for message in talk.messages()] == before
    assert "Waiting" in (await world.card(1)).shown


async def test_nobody_presses_another_customers_buttons(world: World) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply(containing="[1]")
    for action, value in (("fd:ask_person", ""), ("fd:rate", "up"), ("fd:rate", "down"), ("fd:rate_up", "")):
        await press(world, BOB, SUPPORT, reply.id, action, value=value, root=talk.root)
        await press(world, CAROL, SUPPORT, reply.id, action, value=value, root=talk.root)
    await submit(world, BOB, "bad", action="rate_down", channel=PLACES[SUPPORT], root=talk.root, message=reply.id)
    await settled(world)
    assert world.cards() == []
    assert not any(isinstance(entry, Rated) for entry in await world.transcript(talk))


async def test_nobody_asks_for_a_person_in_anothers_name_while_the_answer_is_made(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()
    await press(world, BOB, SUPPORT, talk.first, "fd:ask_person", root=talk.root)
    await received(world, 2)
    world.model.release()
    await talk.reply(containing="[1]")
    assert world.cards() == []


async def test_a_bystander_cannot_stop_or_restart_anothers_answer(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()
    for number in range(5):
        await talk.say(f"me too {number}", who=BOB)
    await world.customers.stop(BOB, talk.spot)
    await received(world, 7)
    world.model.release()
    await talk.reply(containing="[1]")
    assert len(world.told("answer")) == 1


async def test_forms_with_nonsense_in_them_are_set_aside(world: World) -> None:
    for kept in (
        {"action": "resolve", "channel": 7, "message": "1.2"},
        {"action": "resolve", "channel": PLACES[STAFF], "message": None},
        {"action": "delete_everything", "channel": PLACES[STAFF], "message": "1.2"},
        {"action": ["resolve"], "channel": PLACES[STAFF], "message": "1.2"},
        {"action": "claim", "channel": {"$ne": 1}, "message": {"a": 1}},
        {"action": "claim", "channel": "C" * 2500, "message": "x"},
    ):
        await submit(world, SAM, "x", **kept)
    await settled(world)
    assert world.cards() == []
