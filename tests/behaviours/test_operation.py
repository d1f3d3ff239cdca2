"""What operators count on: restarts, crashes, stopping, limits, and that they can see what goes on."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from behaviours.conftest import a_desk, desk_environment
from behaviours.running import PATIENCE, running
from behaviours.surroundings import Operation, Trouble
from behaviours.world import BOB, DANA, GENERAL, SAM, SUPPORT, People, World, behaviour
from frontdesk.adapters.redis import keys

SHIPPING = "How long does shipping take?"
RETURN = "How can I return a bag?"
PERSON = "I want to talk to a person, please"
IMPATIENT = "[store]\nlease_seconds = 1.0\n"
"""A desk that takes over from a dead one within a second."""


@behaviour("operation.restart")
async def test_a_conversation_goes_on_after_a_restart_of_the_desk(people: People) -> None:
    async with a_desk(people) as before:
        talk = await before.ask(f"{before.mention} {SHIPPING}", where=GENERAL)
        await talk.reply()

    async with a_desk(people) as after:
        await talk.say(RETURN)
        await talk.reply(2)

    assert SHIPPING in [said.text for said in after.told("answer")[-1].conversation]


@behaviour("operation.restart")
async def test_a_ticket_goes_on_after_a_restart_of_the_desk(people: People) -> None:
    async with a_desk(people) as before:
        talk = await before.ask(PERSON)
        card = await before.card()
        await talk.reply()

    async with a_desk(people):
        await card.write("I am looking into it.", who=SAM)
        await talk.reply_with("I am looking into it.")
        await card.press("claim", who=SAM)
        await card.until_shown("Sam")


@behaviour("operation.restart")
async def test_what_is_asked_while_no_desk_runs_is_answered_by_the_next(people: People) -> None:
    async with a_desk(people) as before:
        talk = await before.ask(SHIPPING)
        await talk.reply()
    await talk.say(RETURN)

    async with a_desk(people) as after:
        await people.customers.bring_again()
        await talk.reply(2)
        await after.another_is_answered()

    assert len(talk.replies()) == 2


@behaviour("operation.restart_mid_answer")
@pytest.mark.parametrize("deltas", [0, 10])
async def test_a_crash_in_the_middle_of_an_answer_ends_in_exactly_one_answer(
    people: People, tmp_path: Path, desk_file: Callable[[str], str], deltas: int
) -> None:
    config = desk_file(IMPATIENT)
    async with running(desk_environment(people, FRONTDESK_CONFIG=config), tmp_path) as desk:
        people.model.hold(after=deltas)
        talk = await people.ask(SHIPPING)
        await people.model.until(lambda: len(people.model.requests) == 2, timeout=PATIENCE)
        if deltas:
            await people.until(talk.replies, PATIENCE)
        desk.kill()
        await desk.ended()
    people.model.release()

    async with a_desk(people, FRONTDESK_CONFIG=config) as after:
        await after.turns_ended(1, talk.conversation)
        await after.another_is_answered()

    (reply,) = talk.replies()
    assert "[1]" in reply.shown
    assert "Sources" in reply.shown
    assert not reply.writing
    await talk.no_longer_thinking()


@behaviour("operation.restart_mid_answer")
@pytest.mark.parametrize("operation", ["begin", "finish"])
async def test_a_crash_between_a_call_and_its_answer_ends_in_exactly_one_answer(
    people: People, tmp_path: Path, desk_file: Callable[[str], str], operation: Operation
) -> None:
    config = desk_file(IMPATIENT)
    async with running(desk_environment(people, FRONTDESK_CONFIG=config), tmp_path) as desk:
        people.goes_wrong(operation, "slow", 60)
        if operation == "finish":
            people.model.hold(after=10)
        talk = await people.ask(SHIPPING)
        if operation == "finish":
            await people.until(talk.replies, PATIENCE)
            people.model.release()
        await people.until(lambda: people.customers.times(operation), PATIENCE)
        desk.kill()
        await desk.ended()

    async with a_desk(people, FRONTDESK_CONFIG=config) as after:
        await after.turns_ended(1, talk.conversation)
        await after.another_is_answered()

    (reply,) = talk.replies()
    assert "Sources" in reply.shown
    assert not reply.writing
    await talk.no_longer_thinking()


@behaviour("operation.restart_mid_answer")
async def test_a_crash_after_the_card_was_posted_leaves_one_ticket_and_one_promise(
    people: People, tmp_path: Path, desk_file: Callable[[str], str]
) -> None:
    config = desk_file(IMPATIENT)
    async with running(desk_environment(people, FRONTDESK_CONFIG=config), tmp_path) as desk:
        people.goes_wrong("post", "slow", 60)
        talk = await people.ask(PERSON)
        await people.until(people.cards, PATIENCE)
        desk.kill()
        await desk.ended()

    async with a_desk(people, FRONTDESK_CONFIG=config) as after:
        await after.turns_ended(1, talk.conversation)
        await after.another_is_answered()

        assert len(after.cards()) == 1
        assert len(after.cards()[0].thread()) == 1
        assert len(talk.replies()) == 1


@behaviour("operation.drain")
async def test_a_stopping_desk_finishes_the_answer_it_is_writing(people: People, tmp_path: Path) -> None:
    async with running(desk_environment(people), tmp_path) as desk:
        people.model.hold(after=10)
        talk = await people.ask(SHIPPING)
        await people.until(talk.replies, PATIENCE)

        desk.interrupt()
        await desk.until_said("stopping")
        people.model.release()
        code = await desk.ended()

    (reply,) = talk.replies()
    assert "Sources" in reply.shown
    assert not reply.writing
    assert code == 0


@behaviour("operation.drain")
async def test_what_is_asked_of_a_stopping_desk_is_answered_by_the_next(people: People) -> None:
    async with a_desk(people) as before:
        people.model.hold(after=10)
        talk = await before.ask(SHIPPING)
        await before.until(talk.replies)
        before.program.stop()
        later = await before.ask(RETURN, who=BOB)
        await before.all_received()
        people.model.release()
        await talk.reply(containing="Sources")
    assert later.replies() == []

    async with a_desk(people):
        await later.reply()

    assert len(later.replies()) == 1


@behaviour("operation.drain")
async def test_a_second_interrupt_stops_at_once_and_the_answer_is_finished_by_the_next(
    people: People, tmp_path: Path
) -> None:
    async with running(desk_environment(people), tmp_path) as desk:
        people.model.hold(after=10)
        talk = await people.ask(SHIPPING)
        await people.until(talk.replies, PATIENCE)

        desk.interrupt()
        await desk.until_said("stopping")
        desk.interrupt()
        code = await desk.ended()
    people.model.release()

    async with a_desk(people) as after:
        await talk.reply(containing="Sources")
        await after.another_is_answered()

    assert len(talk.replies()) == 1
    assert code == 130


@behaviour("operation.trace")
async def test_the_trace_of_an_answer_says_what_was_judged_found_asked_and_said(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()
    (trace,) = await world.turns_ended(1, talk.conversation)

    assert trace.outcome == "answered"
    assert trace.triage is not None
    assert trace.triage_source == "model"
    assert trace.query == SHIPPING
    assert any(passage.used and passage.article and passage.coverage > 0 for passage in trace.passages)
    assert [step.task for step in trace.steps] == ["triage", "answer"]
    assert all(step.model and step.input_tokens > 0 and step.output_tokens > 0 for step in trace.steps)
    assert trace.seconds > 0
    assert trace.reply.split()[0] in (await talk.reply()).shown
    status, shown = await world.page("/traces/latest")
    assert (status, json.loads(shown)["turn"]) == (200, trace.turn)


@behaviour("operation.trace")
async def test_every_way_a_turn_can_end_leaves_a_trace_that_says_why(world: World) -> None:
    asked = await world.ask(f"{world.mentioning(BOB)} {SHIPPING}")
    await world.turns_ended(1, asked.conversation)
    unsure = await world.ask(f"{world.mention} How tall is the president of Zanzibar?")
    await unsure.reply()
    ticket = await world.ask(f"{world.mention} {PERSON}")
    card = await world.card()
    await ticket.reply()
    await card.press("claim", who=SAM)
    await card.until_shown("Sam")
    await card.write("I am looking into it.", who=SAM)
    await ticket.reply_with("I am looking into it.")
    await card.press("handback", who=SAM)
    await ticket.reply_with("handed our conversation back")

    (silent,) = await world.turns_ended(1, asked.conversation)
    (not_sure,) = await world.turns_ended(1, unsure.conversation)
    *staff, handed_off = await world.turns_ended(4, ticket.conversation)

    assert (silent.outcome, silent.why) == ("kept_silent", "addressed to somebody else")
    assert (not_sure.outcome, not_sure.why) == ("asked_back", "no article speaks of this")
    assert (handed_off.outcome, handed_off.rule) == ("handed_off", "asks for a person")
    assert len(staff) == 3
    assert all(trace.outcome and (trace.why or trace.outcome == "relayed") for trace in staff)


@behaviour("operation.trace")
async def test_the_trace_tells_what_went_wrong_on_the_way(world: World) -> None:
    world.model.script.fault("status:401", task="triage")
    talk = await world.ask(SHIPPING)
    await world.card()
    (trace,) = await world.turns_ended(1, talk.conversation)

    assert trace.outcome == "handed_off"
    assert "the model failed (denied)" in trace.why


@behaviour("operation.health")
async def test_health_readiness_and_metrics_say_how_the_desk_is(world: World) -> None:
    assert (await world.page("/healthz"))[0] == 200
    assert (await world.page("/readyz"))[0] == 200
    talk = await world.ask(SHIPPING)
    await talk.reply()
    await world.turns_ended(1, talk.conversation)

    assert await world.counted('frontdesk_turns_total{outcome="answered"}') == 1
    assert await world.counted('frontdesk_turn_seconds_count{outcome="answered"}') == 1
    assert await world.counted('frontdesk_tokens_total{direction="in",task="answer"}') > 0
    assert await world.counted('frontdesk_events_total{detail="message_posted stored",what="received"}') == 1


@behaviour("operation.health")
async def test_readiness_names_what_is_missing_while_health_stays_good(world: World) -> None:
    await world.tell_store("CONFIG", "SET", "maxmemory", 1)
    try:
        status, text = await world.page("/readyz")
        assert status == 503
        assert "maxmemory" in json.loads(text)["not_ready"]["store"]
        assert (await world.page("/healthz"))[0] == 200
    finally:
        await world.tell_store("CONFIG", "SET", "maxmemory", 0)
    assert (await world.page("/readyz"))[0] == 200

    world.customers.refuse_connections(True)
    await world.customers.cut_connections()
    async with asyncio.timeout(5):
        while (await world.page("/readyz"))[0] == 200:
            pass
    assert world.customers.name in json.loads((await world.page("/readyz"))[1])["not_ready"]
    world.customers.refuse_connections(False)
    async with asyncio.timeout(5):
        while (await world.page("/readyz"))[0] != 200:
            pass


@behaviour("operation.health")
async def test_metrics_say_how_many_turns_are_running(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()
    running_now = await world.counted("frontdesk_turns_in_hand")
    world.model.release()
    await talk.reply()

    assert running_now == 1


@behaviour("operation.no_words_in_logs")
async def test_no_message_text_and_no_token_stands_in_the_logs(people: People, tmp_path: Path) -> None:
    environment = desk_environment(people, FRONTDESK_LOG_LEVEL="debug", FRONTDESK_LOG_FORMAT="json")
    model = people.model
    async with running(environment, tmp_path) as desk:
        model.script.triage(
            {
                "category": "other",
                "tier": 3,
                "priority": "normal",
                "sentiment": "neutral",
                "language": "en",
                "confidence": 1.0,
                "needs_human": True,
                "reason": "The customer says xylophone-judged",
            }
        )
        model.script.summary({"wants": ["xylophone-summary"]})
        await people.ask("What about my xylophone-posted order?")
        card = await people.card(timeout=PATIENCE)
        await desk.until_said('"handed_off"')
        await card.write("xylophone-staffed")
        await desk.until_said('"relayed"')

        model.script.tool_call("hand_over", {"reason": "xylophone-reasoned"})
        await people.ask(f"{SHIPPING} xylophone-asked", who=BOB)
        await people.card(2, PATIENCE)

        people.goes_wrong("post", "html")
        model.script.triage({"category": "xylophone-garbled"})
        model.script.triage({"category": "xylophone-garbled"})
        await people.ask("How much is a xylophone-faulted?", who=DANA)
        people.customers.nonsense()
        await people.card(3, PATIENCE)
        desk.interrupt()
        await desk.ended()

    written = "\n".join(desk.lines)
    assert "turn ended" in written
    assert "Traceback" not in written
    assert "xylophone" not in written
    for secret in (*people.customers.secrets, model.api_key, "Alice", "bad time"):
        assert secret not in written


@behaviour("operation.rate_limited")
@pytest.mark.parametrize("operation", ["begin", "grow", "finish", "post"])
async def test_a_rate_limit_delays_an_answer_and_loses_nothing(world: World, operation: Operation) -> None:
    world.goes_wrong(operation, "rate_limited", 0.3)
    talk = await world.ask(SHIPPING if operation != "post" else "How tall is the president of Zanzibar?")

    reply = await talk.reply()
    await world.turns_ended(1, talk.conversation)
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert "Sources" in (await talk.reply()).shown or "do not want to guess" in reply.shown
    assert not (await talk.reply()).writing


@behaviour("operation.rate_limited")
async def test_a_rate_limit_on_everything_loses_no_ticket_and_no_promise(world: World) -> None:
    world.goes_wrong("post", "rate_limited", 0.2, times=2)
    world.goes_wrong("look_up_person", "rate_limited", 0.2)
    world.goes_wrong("link", "rate_limited", 0.2)
    talk = await world.ask(PERSON)

    reply = await talk.reply()
    await world.another_is_answered()

    assert "#1" in reply.shown
    assert len(world.cards()) == 1
    assert [PERSON in message.shown for message in world.cards()[0].thread()] == [True]
    assert len(talk.replies()) == 1


FAULTS: tuple[Trouble, ...] = ("server_error", "html", "dropped_before_receipt", "dropped_after_receipt")


@behaviour("operation.post_fails_once")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("question", [SHIPPING, "How tall is the president of Zanzibar?", PERSON])
async def test_a_post_that_fails_stands_there_once(world: World, fault: Trouble, question: str) -> None:
    world.goes_wrong("post", fault)
    world.goes_wrong("begin", fault)
    talk = await world.ask(question)

    await world.turns_ended(1, talk.conversation)
    await world.another_is_answered()

    (reply,) = talk.finished()
    assert talk.replies() == [reply]
    assert any(words in reply.shown for words in ("Sources", "do not want to guess", "#1"))
    assert [len(card.thread()) for card in world.cards()] == ([1] if question == PERSON else [])


@behaviour("operation.post_fails_once")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", ["grow", "finish"])
async def test_a_stream_that_fails_is_whole_in_the_end(world: World, fault: Trouble, operation: Operation) -> None:
    world.goes_wrong(operation, fault)
    world.model.hold(after=10)
    talk = await world.ask(SHIPPING)
    await world.until(talk.replies)
    world.model.release()

    reply = await talk.reply(containing="Sources")

    assert reply.shown.count("Delivery time") == 1
    assert len(talk.replies()) == 1


@behaviour("operation.post_fails_once")
async def test_a_handoff_whose_card_was_posted_stays_one_whatever_the_model_says_next(world: World) -> None:
    world.goes_wrong("post", "dropped_after_receipt")
    world.model.script.tool_call("hand_over", {"reason": "The parcel is lost."})
    talk = await world.ask(SHIPPING)
    card = await world.card()

    reply = await talk.reply()
    await card.press("claim", who=SAM)
    await card.until_shown("Sam")

    assert "#1" in reply.shown
    assert len(talk.replies()) == 1
    assert len(world.cards()) == 1


@behaviour("operation.post_fails_once")
@pytest.mark.parametrize("fault", FAULTS)
async def test_staff_words_that_fail_to_be_posted_reach_the_customer_once(world: World, fault: Trouble) -> None:
    talk = await world.ask(PERSON)
    card = await world.card()
    await talk.reply()
    await world.turns_ended(1, talk.conversation)

    world.goes_wrong("post", fault)
    await card.write("I am looking into it.", who=SAM)
    await world.turns_ended(2, talk.conversation)

    assert [reply.shown for reply in talk.replies()].count("I am looking into it.") == 1


@behaviour("operation.requests_are_valid")
async def test_every_request_to_the_platform_is_one_that_its_specification_allows(world: World) -> None:
    talk = await world.ask(SHIPPING, files=[("label.png", b"\x89PNG", "image/png")])
    reply = await talk.reply(containing="Sources")
    await world.turns_ended(1, talk.conversation)
    await talk.rate(reply, "up")
    await talk.edit(talk.first, RETURN)
    await talk.reply(2, containing="You changed your message")
    direct = await world.ask_directly("How tall is the president of Zanzibar?")
    unsure = await direct.reply()
    await direct.press("ask_person", unsure)
    card = await world.card()
    await direct.reply_with("#1")
    await card.press("claim", who=SAM)
    await card.until_shown("Sam")
    await card.write("Here it is.", who=SAM, files=[("plan.txt", b"plan", "text/plain")])
    await direct.reply_with("Here it is.")
    await world.command("queue", who=SAM)
    await card.press("resolve", who=SAM)
    await world.send_form(SAM, "Good bye.")
    await card.until_shown("Resolved by")

    assert world.customers.unused() == []
    assert world.customers.disliked() == []


@behaviour("operation.rate_limited")
async def test_words_of_staff_are_never_taken_for_the_customers_however_often_they_fail(world: World) -> None:
    talk = await world.ask(PERSON)
    card = await world.card()
    await talk.reply()
    await world.turns_ended(1, talk.conversation)

    shard = keys.shard_of(talk.conversation, world.settings.store.shards)
    await world.tell_store("HSET", keys.of_conversation(shard, "header", talk.conversation), "attempts", 8)
    await card.write("I am looking into it.", who=SAM)
    await world.turns_ended(2, talk.conversation)

    assert [reply.shown for reply in talk.replies()].count("I am looking into it.") == 1
    assert [entry.kind for entry in await world.transcript(talk)].count("customer_said") == 1
    assert [m.shown for m in card.thread()].count("I am looking into it.") == 1


@behaviour("handoff.undeliverable")
async def test_an_answer_that_cannot_be_delivered_goes_to_a_person_at_once(world: World) -> None:
    world.model.hold()
    await world.ask(SHIPPING)
    await world.thinking()
    await world.close_channel(SUPPORT)
    world.model.release()

    card = await world.card()

    assert "could not be delivered" in card.shown
    assert world.tasks_asked().count("answer") == 1


@behaviour("operation.post_fails_once")
@pytest.mark.parametrize("fault", FAULTS)
async def test_long_words_of_staff_arrive_whole_though_the_second_part_fails_at_first(
    world: World, fault: Trouble
) -> None:
    talk = await world.ask(PERSON)
    card = await world.card()
    await talk.reply()
    await world.turns_ended(1, talk.conversation)
    words = " ".join(f"word{n}" for n in range(1_800))

    world.goes_wrong("post", "slow")
    world.goes_wrong("post", fault)
    await card.write(words, who=SAM)
    await world.turns_ended(2, talk.conversation)

    relayed = [reply for reply in talk.replies() if "word" in reply.shown]
    assert " ".join(reply.shown for reply in relayed).split() == words.split()


@behaviour("operation.buttons_survive")
async def test_a_button_works_after_a_restart_of_the_desk(people: People) -> None:
    async with a_desk(people) as before:
        talk = await before.ask("How tall is the president of Zanzibar?")
        unsure = await talk.reply(containing="do not want to guess")

    async with a_desk(people) as after:
        await talk.press("ask_person", unsure)
        await after.card()
        await talk.reply_with("#1")
