"""Model faults: whatever the provider does, the customer gets an answer or a person, in time."""

import json
import socket
from collections.abc import Callable

import pytest

from behaviours.conftest import Open
from behaviours.world import Talk, World, behaviour

SHIPPING = "How long does shipping take?"
HASTY = "[desk.limits]\nfirst_token = 0.3\nbetween_tokens = 0.3\nstep_seconds = 0.8\nseconds = 2.0\n"
"""Limits that end before a test's patience does."""

DeskFile = Callable[[str], str]


async def gets_a_person(world: World, talk: Talk) -> None:
    """The customer is told of a ticket that staff can see, and of nothing else."""
    card = await world.card()
    reply = await talk.reply_with("#1")
    assert "A person will answer you" in reply.shown
    assert "model failed" in card.shown
    await card.until_in_thread(SHIPPING)
    await talk.no_longer_thinking()
    assert (await world.turns_ended(1, talk.conversation))[0].outcome == "handed_off"


@behaviour("model.down")
async def test_when_nothing_listens_the_customer_gets_a_person(open_desk: Open, desk_file: DeskFile) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        world = await open_desk(OPENAI_BASE_URL=address, FRONTDESK_CONFIG=desk_file(HASTY))
        talk = await world.ask(SHIPPING)

        await gets_a_person(world, talk)

    assert len(talk.replies()) == 1


@behaviour("model.down")
@pytest.mark.parametrize("fault", ["status:500", "status:503", "status:429", "status:401", "status:402", "error_200"])
async def test_when_the_model_refuses_to_work_the_customer_gets_a_person(
    open_desk: Open, desk_file: DeskFile, fault: str
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(HASTY))
    world.model.script.fault(fault, task="answer", times=20)
    talk = await world.ask(SHIPPING)

    await gets_a_person(world, talk)

    assert len(talk.replies()) == 1


@behaviour("model.down")
async def test_a_short_outage_is_waited_for(world: World) -> None:
    world.model.script.fault("status:503", task="answer")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "[1]" in reply.shown
    assert world.cards() == []


@behaviour("model.html")
@pytest.mark.parametrize("task", ["triage", "answer"])
async def test_a_model_that_answers_html_leads_to_a_person(open_desk: Open, desk_file: DeskFile, task: str) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(HASTY))
    world.model.script.fault("html_200", task=task, times=20)  # type: ignore[arg-type]
    talk = await world.ask(SHIPPING)

    await gets_a_person(world, talk)

    assert not world.was_sent("Bad gateway")
    assert not world.was_sent("doctype")


@behaviour("model.html")
@pytest.mark.parametrize("fault", ["bad_json_chunk", "bad_utf8", "null_choices", "wrong_type", "in_stream_error"])
async def test_a_model_that_answers_rubbish_leads_to_a_person(open_desk: Open, desk_file: DeskFile, fault: str) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(HASTY))
    world.model.script.fault(fault, task="answer", times=20)
    talk = await world.ask(SHIPPING)

    await gets_a_person(world, talk)

    assert not world.was_sent("upstream")


@behaviour("model.cut")
async def test_a_stream_that_is_cut_is_taken_up_again_without_showing_anything_twice(world: World) -> None:
    whole = "Parcels leave Leipzig every weekday [1]. In Germany they need two days [1]. The end [1]."
    world.model.script.answer(whole, chunk=1, delay=0.08)
    world.model.script.fault("cut", task="answer", after=8)
    world.model.hold(after=7)
    watch = world.watch()
    talk = await world.ask(SHIPPING)
    growing = await talk.until_visible("Parcels leave Leipzig")

    world.model.release()
    reply = await talk.reply(containing="The end")

    assert len(world.told("answer")) == 2
    assert reply.id == growing.id
    assert len(talk.replies()) == 1
    assert all(state.shown.count("Parcels leave") <= 1 for state in await watch.seen())
    assert whole in reply.shown
    assert world.cards() == []


@behaviour("model.cut")
async def test_a_stream_that_is_cut_again_and_again_ends_with_a_person(world: World) -> None:
    world.model.script.answer(
        "Parcels leave Leipzig every weekday [1]. In Germany they need two days [1]. The end [1]."
    )
    world.model.script.fault("cut", task="answer", after=8, times=20)
    world.model.hold(after=6)
    talk = await world.ask(SHIPPING)
    growing = await talk.until_visible("Parcels leave Leipzig")

    world.model.release()
    await gets_a_person(world, talk)

    broken = next(reply for reply in talk.finished() if reply.id == growing.id)
    assert broken.shown.rstrip().endswith("…")
    assert len(talk.replies()) == 2


@behaviour("model.stalls")
@pytest.mark.parametrize("task", ["triage", "answer"])
@pytest.mark.parametrize("fault", ["never_first_token", "keepalive_only", "stall"])
async def test_a_model_that_says_nothing_is_given_up_on_in_time(
    open_desk: Open, desk_file: DeskFile, fault: str, task: str
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(HASTY))
    world.model.script.fault(fault, task=task, times=20)  # type: ignore[arg-type]
    talk = await world.ask(SHIPPING)

    await gets_a_person(world, talk)

    assert (await world.turns_ended(1, talk.conversation))[0].seconds < 3.0


@behaviour("model.stalls")
async def test_a_model_that_never_ends_is_given_up_on_in_time(open_desk: Open, desk_file: DeskFile) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(HASTY))
    world.model.script.answer("Slow [1]. " + "and slower and slower " * 200, chunk=1, delay=0.1)
    world.model.script.answer("Slow [1]. " + "and slower and slower " * 200, chunk=1, delay=0.1)
    talk = await world.ask(SHIPPING)

    await gets_a_person(world, talk)

    assert (await world.turns_ended(1, talk.conversation))[0].seconds < 3.5


@behaviour("model.triage_repaired")
async def test_invalid_triage_is_repaired_once(world: World) -> None:
    world.model.script.triage('{"category": "bananas", "tier": 9}')
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "[1]" in reply.shown
    assert world.cards() == []
    first, repair = [body for body in world.model.requests if "TASK: triage" in json.dumps(body)]
    assert len(repair["messages"]) == len(first["messages"]) + 2
    assert "bananas" in repair["messages"][-2]["content"]
    assert "category" in repair["messages"][-1]["content"]


@behaviour("model.triage_repaired")
@pytest.mark.parametrize("fault", ["fenced_json", "chatty_json", "think_tags"])
async def test_triage_with_words_around_it_is_understood(world: World, fault: str) -> None:
    world.model.script.fault(fault, task="triage")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "[1]" in reply.shown
    assert len(world.told("triage")) == 1


@behaviour("model.triage_repaired")
async def test_triage_that_is_no_json_is_repaired_too(world: World) -> None:
    world.model.script.triage("It is a question, I think.")
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert "[1]" in reply.shown
    assert world.cards() == []
    assert len(world.told("triage")) == 2


@behaviour("model.triage_hopeless")
@pytest.mark.parametrize("nonsense", ['{"category": "bananas"}', "I cannot judge that.", "[]", '{"category": '])
async def test_triage_that_stays_invalid_goes_to_a_person(world: World, nonsense: str) -> None:
    for _ in range(6):
        world.model.script.triage(nonsense)
    talk = await world.ask(SHIPPING)

    card = await world.card()
    reply = await talk.reply_with("#1")

    assert "A person will answer you" in reply.shown
    assert len(talk.replies()) == 1
    assert world.told("answer") == []
    assert len(world.told("triage")) <= 4
    await card.until_in_thread(SHIPPING)


@behaviour("model.filtered")
@pytest.mark.parametrize("task", ["triage", "answer"])
async def test_a_refused_completion_goes_to_a_person(world: World, task: str) -> None:
    world.model.script.fault("content_filter", task=task, times=20)  # type: ignore[arg-type]
    talk = await world.ask(SHIPPING)

    await gets_a_person(world, talk)

    assert len(world.told(task)) == 1  # type: ignore[arg-type]


@behaviour("model.stalls")
async def test_time_that_runs_out_during_the_delivery_does_not_bring_a_person_too(
    open_desk: Open, desk_file: DeskFile
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file("[desk.limits]\nseconds = 2.0\n"))
    world.goes_wrong("finish", "slow", 2.5)
    talk = await world.ask("How long does shipping take?")

    await world.quiet(talk, 1)

    assert "Sources" in (await talk.reply()).shown
    assert len(talk.replies()) == 1
    assert world.cards() == []
