"""No customer and no model makes the desk spend without end."""

import json
from collections.abc import Callable

from behaviours.conftest import Open
from behaviours.world import ALICE, BOB, World

SHIPPING = "How long does shipping take?"
LIMITED = "[desk]\nquestions_per_hour = 3\n[desk.limits]\noutput_tokens = 200\n"


async def test_a_customer_who_asks_without_end_is_told_so_and_the_model_is_asked_no_more(
    open_desk: Open, desk_file: Callable[[str], str]
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(LIMITED))
    for _ in range(3):
        await (await world.ask(f"{world.mention} {SHIPPING}")).reply(containing="[1]")
    asked = len(world.model.requests)

    over = await world.ask(f"{world.mention} {SHIPPING}")
    await over.reply(containing="ticket #1")
    await (await world.card(1)).until_shown("More than 3 questions of one customer within an hour")
    for _ in range(5):
        await (await world.ask(f"{world.mention} {SHIPPING}")).reply(containing="very often")
    assert len(world.model.requests) == asked
    assert len(world.cards()) == 1

    other = await world.ask(f"{world.mention} {SHIPPING}", who=BOB)
    await other.reply(containing="[1]")


async def test_who_is_over_the_limit_can_still_report_a_theft_but_not_flood_the_staff(
    open_desk: Open, desk_file: Callable[[str], str]
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file("[desk]\nquestions_per_hour = 2\n"))
    for number in range(4):
        talk = await world.ask(f"{world.mention} My account was hacked, {number}")
        await talk.reply(containing="ticket #")
    for number in range(4):
        talk = await world.ask(f"{world.mention} My account was hacked again, {number}")
        await talk.reply(containing="very often")
    assert len(world.cards()) == 4
    assert world.tasks_asked().count("summary") == 2


async def test_a_model_that_only_calls_tools_comes_to_an_end(world: World) -> None:
    for _ in range(10):
        world.model.script.tool_calls(*[("search_articles", {"query": "shipping returns warranty payment"})] * 100)
    talk = await world.ask(SHIPPING)
    await talk.reply()
    steps = world.told("answer")
    assert len(steps) <= 4
    assert max(len(step.tool_results) for step in steps) <= 12
    assert sum(len(result) for result in steps[-1].tool_results) < 30_000


async def test_a_message_longer_than_the_prompt_keeps_its_beginning_and_its_end(world: World) -> None:
    talk = await world.ask("How long does shipping take? " + "blah " * 7900 + "The end.", who=ALICE)
    await talk.reply()
    for body in world.model.requests:
        assert len(json.dumps(body)) < 60_000
    told = world.told("triage")[0].question
    assert told.startswith("How long does shipping take?")
    assert told.endswith("The end.")


async def test_an_answer_longer_than_its_tokens_allow_is_cut_off(
    open_desk: Open, desk_file: Callable[[str], str]
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(LIMITED))
    for _ in range(2):
        world.model.script.answer("Parcels take two days [1]. " * 2000)
    talk = await world.ask(f"{world.mention} {SHIPPING}")
    await (await world.card(1)).until_shown("the model failed")
    assert sum(len(reply.shown) for reply in talk.replies()) < 6000
