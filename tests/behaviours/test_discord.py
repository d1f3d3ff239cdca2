"""What holds on Discord alone; the manifest says why."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
import redis.asyncio

from behaviours.conftest import Open, a_desk, desk_environment
from behaviours.discord_world import EDIT, HELP, PEOPLE, PLACES, SPEAK, DiscordSide
from behaviours.running import Running, running
from behaviours.surroundings import QUEUE
from behaviours.world import ALICE, BOB, SAM, STAFF, SUPPORT, People, Talk, Ticket, World, behaviour
from frontdesk.sandbox.discord.faults import Fault
from frontdesk.sandbox.discord.values import SUPPRESS_EMBEDS

SHIPPING = "How long does shipping take?"
RETURN = "How can I return a bag?"
PERSON = "I want to talk to a person, please"
MENU = "Ask the desk"

DeskFile = Callable[[str], str]


def discord_of(people: People) -> DiscordSide:
    assert isinstance(people.customers, DiscordSide)
    return people.customers


async def handed_over(world: World, text: str = PERSON, where: str = SUPPORT) -> tuple[Talk, Ticket]:
    talk = await world.ask(text, where=where)
    card = await world.card()
    await talk.reply_with("#1")
    return talk, card


# forums and threads


@behaviour("intake.forum_post")
async def test_a_forum_post_is_answered_in_it(people: People, open_desk: Open) -> None:
    world = await open_desk(FRONTDESK_CHANNELS=f"{people.customers.key(SUPPORT)},{people.customers.key(HELP)}")
    talk = await world.ask(SHIPPING, where=HELP)

    await talk.reply(containing="Sources")
    await talk.say(RETURN)
    await talk.reply(2, containing="return")

    assert len(discord_of(world).guild.threads(PLACES[HELP])) == 1


@behaviour("intake.forum_post")
async def test_the_title_of_a_forum_post_is_part_of_the_question(people: People, open_desk: Open) -> None:
    world = await open_desk(FRONTDESK_CHANNELS=people.customers.key(HELP))
    guild = discord_of(world).guild
    await guild.create_post(PEOPLE[ALICE], PLACES[HELP], "Shipping to Norway", "How long does it take?")

    await world.thinking()

    assert "Shipping to Norway" in world.told("answer")[0].question


@behaviour("intake.forum_starter_late")
async def test_a_post_that_is_told_of_after_its_first_message_is_answered(people: People, open_desk: Open) -> None:
    world = await open_desk(FRONTDESK_CHANNELS=people.customers.key(HELP))
    world.customers.events(reorder=2)
    talk = await world.ask(SHIPPING, where=HELP)

    await talk.reply(containing="Sources")

    assert len(talk.replies()) == 1


@behaviour("intake.forum_starter_late")
async def test_a_post_whose_first_message_comes_late_is_answered(people: People, open_desk: Open) -> None:
    world = await open_desk(
        FRONTDESK_CHANNELS=f"{people.customers.key(SUPPORT)},{people.customers.key(HELP)}",
    )
    guild = discord_of(world).guild
    post = await guild.create_post(PEOPLE[ALICE], PLACES[HELP], SHIPPING, "", starter=False)
    await world.another_is_answered()

    await guild.start_post(post.id, SHIPPING)

    await world.until(lambda: [m for m in guild.messages(post.id) if "Sources" in m.content])


@behaviour("intake.private_thread")
async def test_a_question_opens_a_private_thread_with_the_customer(open_desk: Open, desk_file: DeskFile) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file('[discord]\nthreads = "private"\n'))
    talk = await world.ask(SHIPPING)
    await talk.reply(containing="Sources")

    thread = discord_of(world).thread_of(talk.spot)
    assert thread is not None
    assert thread.kind == "private_thread"
    assert PEOPLE[ALICE] in thread.members

    await talk.say(RETURN)
    await talk.reply(2, containing="return")
    assert SHIPPING in [said.text for said in world.told("answer")[-1].conversation]


@behaviour("intake.private_thread")
async def test_staff_answer_in_the_private_thread(open_desk: Open, desk_file: DeskFile) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file('[discord]\nthreads = "private"\n'))
    talk, card = await handed_over(world)

    await card.write("I am here.")

    await talk.reply_with("I am here.")


@behaviour("intake.others_thread")
async def test_in_a_thread_that_people_opened_the_desk_answers_there(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await discord_of(world).open(BOB, talk.spot)

    await talk.reply(containing="Sources")

    assert len(discord_of(world).guild.threads(PLACES[SUPPORT])) == 1


# commands and menus


@behaviour("intake.ask_command")
async def test_the_ask_command_shows_the_question_and_answers_it_below(world: World) -> None:
    guild = discord_of(world).guild
    await guild.slash(PEOPLE[ALICE], PLACES[SUPPORT], "ask", None, {"question": SHIPPING})

    shown = await world.until(lambda: next((m for m in guild.messages(PLACES[SUPPORT]) if SHIPPING in m.content), None))
    assert shown is not None
    await world.until(lambda: [m for m in guild.messages(shown.id) if "Sources" in m.content])

    assert "Alice" in shown.content
    assert guild.failed_interactions == []


@behaviour("intake.ask_command")
async def test_the_ask_command_offers_suggested_questions(world: World) -> None:
    guild = discord_of(world).guild

    offered = await guild.autocomplete(PEOPLE[ALICE], PLACES[SUPPORT], "ask", None, "question", "")

    assert offered.choices == list(world.settings.desk.suggestions)


@behaviour("intake.ask_menu")
async def test_the_menu_of_a_message_takes_it_up(world: World) -> None:
    talk = await world.ask(SHIPPING, where="general")
    guild = discord_of(world).guild

    await guild.menu(PEOPLE[BOB], PLACES["general"], talk.first, MENU)

    await talk.reply(containing="Sources")
    assert guild.failed_interactions == []


# without the Message Content intent


async def without_content(people: People, open_desk: Open, desk_file: DeskFile) -> World:
    """A desk that may not read messages."""
    discord_of(people).discord.gateway.enabled_intents = set()
    return await open_desk(FRONTDESK_CONFIG=desk_file("[discord]\nmessage_content = false\n"))


@behaviour("intake.no_content_mention")
async def test_without_content_a_mention_is_answered(people: People, open_desk: Open, desk_file: DeskFile) -> None:
    world = await without_content(people, open_desk, desk_file)
    talk = await world.ask(f"{world.mention} {SHIPPING}", where="general")

    await talk.reply(containing="Sources")
    await talk.say(f"{world.mention} {RETURN}")
    await talk.reply(2, containing="return")


@behaviour("intake.no_content_direct")
async def test_without_content_a_direct_message_is_answered(
    people: People, open_desk: Open, desk_file: DeskFile
) -> None:
    world = await without_content(people, open_desk, desk_file)
    talk = await world.ask_directly(SHIPPING)

    await talk.reply(containing="Sources")
    await talk.say(RETURN)
    await talk.reply(2, containing="return")


@behaviour("intake.no_content_reply")
async def test_without_content_a_reply_to_the_desk_is_answered(
    people: People, open_desk: Open, desk_file: DeskFile
) -> None:
    world = await without_content(people, open_desk, desk_file)
    talk = await world.ask(f"{world.mention} {SHIPPING}")
    reply = await talk.reply(containing="Sources")
    thread = discord_of(world).thread_of(talk.spot)
    assert thread is not None

    await discord_of(world).guild.say(PEOPLE[ALICE], thread.id, RETURN, reply_to=reply.id)

    await talk.reply(2, containing="return")


@behaviour("intake.no_content_commands")
async def test_without_content_the_ask_command_works(people: People, open_desk: Open, desk_file: DeskFile) -> None:
    world = await without_content(people, open_desk, desk_file)
    guild = discord_of(world).guild

    await guild.slash(PEOPLE[ALICE], PLACES[SUPPORT], "ask", None, {"question": SHIPPING})

    await world.until(lambda: [m for t in guild.threads(PLACES[SUPPORT]) for m in guild.messages(t.id) if m.components])
    assert world.told("answer")[0].question == SHIPPING


@behaviour("intake.no_content_commands")
async def test_without_content_the_menu_of_a_message_works(
    people: People, open_desk: Open, desk_file: DeskFile
) -> None:
    world = await without_content(people, open_desk, desk_file)
    talk = await world.ask(SHIPPING)

    await discord_of(world).guild.menu(PEOPLE[ALICE], PLACES[SUPPORT], talk.first, MENU)

    await talk.reply_with("Sources")
    assert world.told("answer")[0].question == SHIPPING


@behaviour("intake.no_content_silence")
async def test_without_content_the_customer_is_told_how_to_be_read(
    people: People, open_desk: Open, desk_file: DeskFile
) -> None:
    world = await without_content(people, open_desk, desk_file)
    talk = await world.ask(SHIPPING)

    await world.another_is_answered()

    await talk.reply(containing="I can see that you wrote")
    assert len(talk.replies()) == 1
    assert len(world.told("answer")) == 1


# what an answer looks like


@behaviour("answer.code_survives")
async def test_code_is_whole_in_every_message_of_a_long_answer(open_desk: Open, desk_file: DeskFile) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file("[desk.limits]\noutput_tokens = 20000\n"))
    lines = [f'print("line number-{n} of the example")' for n in range(150)]
    code = "\n".join(lines)
    world.model.script.answer(f"Do this [1].\n\n```python\n{code}\n```\n\nThat is all [1].", chunk=60)
    talk = await world.ask(SHIPPING)
    await talk.reply_with("Sources")

    replies = talk.finished()

    assert len(replies) > 1
    assert all(reply.shown.count("```") % 2 == 0 for reply in replies)
    inside = [
        line
        for reply in replies
        for block in re.findall(r"```python\n(.*?)```", reply.shown, re.DOTALL)
        for line in block.splitlines()
        if line
    ]
    assert inside == lines


@behaviour("safety.no_previews")
async def test_no_link_of_the_desk_unfolds_into_a_preview(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply(containing="Sources")
    guild = discord_of(world).guild

    said = [m for m in guild.messages(talk.root or "") if m.author == discord_of(world).discord.bot_user_id]

    assert said
    assert all(message.flags & SUPPRESS_EMBEDS for message in said)


# staff


async def forum_desk(people: People, open_desk: Open, **more: str) -> World:
    return await open_desk(FRONTDESK_STAFF_CHANNEL=people.staff.key(QUEUE), **more)


@behaviour("handoff.forum_queue")
async def test_a_private_forum_is_the_queue(people: People, open_desk: Open) -> None:
    world = await forum_desk(people, open_desk)
    guild = discord_of(world).guild
    talk = await world.ask("I want a person to look at order 1042")
    card = await world.card(where=QUEUE)
    await talk.reply_with("#1")
    post = card.spot.first
    name = guild.channels[post].name

    waiting = set(guild.tag_names(post))
    await card.press("claim")
    await card.until_shown("Claimed by")
    await world.until(lambda: set(guild.tag_names(post)) != waiting)
    claimed = set(guild.tag_names(post))
    await card.write("I am looking into it.")
    await talk.reply_with("I am looking into it.")
    await card.resolve()
    await world.until(lambda: guild.channels[post].archived)

    assert any("Sam" in tag for tag in claimed)
    assert set(guild.tag_names(post)) != claimed
    assert guild.channels[post].name == name
    assert len(guild.threads(PLACES[QUEUE])) == 1


@behaviour("handoff.forum_queue")
async def test_a_card_whose_post_got_lost_half_way_stands_there_once(people: People, open_desk: Open) -> None:
    world = await forum_desk(people, open_desk)
    discord_of(world).discord.faults.on("POST", "/channels/{channel_id}/threads", Fault.dropped_after_receipt())

    talk = await world.ask(PERSON)

    await talk.reply_with("#1")
    assert len(world.cards(QUEUE)) == 1


@behaviour("handoff.forum_resolved")
async def test_resolve_tags_and_archives_the_customers_post(people: People, open_desk: Open) -> None:
    world = await open_desk(FRONTDESK_CHANNELS=people.customers.key(HELP))
    guild = discord_of(world).guild
    talk, card = await handed_over(world, where=HELP)

    await card.resolve(words="It is on its way.")

    await talk.reply_with("It is on its way.")
    await world.until(lambda: "solved" in guild.tag_names(talk.first))
    await world.until(lambda: guild.channels[talk.first].archived)


@behaviour("handoff.names_without_webhooks")
async def test_without_webhooks_people_are_named_in_the_text(world: World) -> None:
    for channel in (STAFF, SUPPORT):
        discord_of(world).guild.deny(PLACES[channel], "MANAGE_WEBHOOKS")
    talk, card = await handed_over(world)

    relayed = await card.until_in_thread(PERSON)
    await card.write("I am here.")
    reply = await talk.reply_with("I am here.")

    assert "Alice" in relayed.shown
    assert "Sam" in reply.shown
    assert discord_of(world).discord.calls(*SPEAK) == []


@behaviour("handoff.names_without_webhooks")
async def test_staffs_own_names_are_kept_back_where_that_is_asked(open_desk: Open, desk_file: DeskFile) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file("[discord]\nstaff_names = false\n"))
    talk, card = await handed_over(world)

    await card.write("I am here.")

    reply = await talk.reply_with("I am here.")
    assert "Sam" not in reply.name


@behaviour("handoff.archived_thread")
async def test_staffs_words_reach_a_thread_that_was_archived(world: World) -> None:
    talk, card = await handed_over(world)
    await discord_of(world).guild.archive(talk.root or "")

    await card.write("Are you still there?")

    await talk.reply_with("Are you still there?")


@behaviour("handoff.archived_thread")
async def test_staff_are_told_when_the_thread_was_locked(world: World) -> None:
    talk, card = await handed_over(world)
    discord_of(world).guild.deny(PLACES[SUPPORT], "MANAGE_THREADS")
    await discord_of(world).guild.archive(talk.root or "", locked=True)

    await card.write("Are you still there?")

    await card.until_in_thread("Not delivered")


@behaviour("handoff.blocked_dm")
async def test_staff_are_told_when_a_customer_takes_no_direct_messages(world: World) -> None:
    talk = await world.ask_directly(PERSON)
    card = await world.card()
    await talk.reply_with("#1")
    discord_of(world).guild.block_dms(PEOPLE[ALICE])

    await card.write("Are you still there?")

    await card.until_in_thread("Not delivered")


@behaviour("handoff.customer_left")
async def test_staff_are_told_when_a_customer_leaves_the_server(world: World) -> None:
    talk, card = await handed_over(world)
    await world.quiet(talk, 1)

    await discord_of(world).guild.leave(PEOPLE[ALICE])

    await card.until_in_thread("left")


@behaviour("handoff.hidden_words")
async def test_staff_whose_words_are_hidden_are_told_so(people: People, open_desk: Open, desk_file: DeskFile) -> None:
    world = await without_content(people, open_desk, desk_file)
    guild = discord_of(world).guild
    talk = await world.ask(f"{world.mention} {PERSON}")
    card = await world.card()
    await talk.reply_with("#1")

    await card.write("I am here.")
    told = await card.until_in_thread("I cannot see what you wrote")
    await guild.say(PEOPLE[SAM], card.spot.root or "", "I am here.", reply_to=told.id)

    await talk.reply_with("I am here.")


@behaviour("handoff.expired_links")
async def test_a_file_crosses_though_its_link_has_expired(world: World) -> None:
    talk = await world.ask(
        "Do your bags fit a quantum flux capacitor?", files=[("capacitor.png", b"\x89PNG flux", "image/png")]
    )
    unsure = await talk.reply(containing="do not want to guess")
    world.time_passes(3 * 86_400)

    await talk.press("ask_person", unsure)

    card = await world.card()
    await world.until(card.files)
    assert [file.content for file in card.files()] == [b"\x89PNG flux"]


@behaviour("handoff.channel_deleted")
async def test_staff_are_told_when_the_customers_channel_is_deleted(world: World) -> None:
    _, card = await handed_over(world)
    await discord_of(world).guild.delete_channel(PLACES[SUPPORT])

    await card.write("Are you still there?")

    await card.until_in_thread("Not delivered")


# operation


@behaviour("intake.malformed_set_aside", only="discord")
@pytest.mark.parametrize(
    "frame",
    ["{", "[]", "null", '{"op": "x"}', '{"op": 0, "t": "MESSAGE_CREATE", "s": null, "d": null}', '{"op": 99, "d": []}'],
)
async def test_a_frame_that_makes_no_sense_does_not_keep_the_next_question_from_its_answer(
    world: World, frame: str
) -> None:
    discord_of(world).discord.gateway.send_raw(frame)

    talk = await world.ask(SHIPPING)

    await talk.reply(containing="Sources")
    assert len(discord_of(world).discord.gateway.identifies) == 1


@behaviour("operation.revoked_token")
async def test_readiness_names_a_token_that_was_revoked(world: World) -> None:
    discord_of(world).discord.revoke_token()

    async with asyncio.timeout(10):
        while "DISCORD_TOKEN" not in (await world.page("/readyz"))[1]:
            pass

    assert (await world.page("/readyz"))[0] == 503
    assert (await world.page("/healthz"))[0] == 200


@behaviour("operation.unknown_interaction")
@pytest.mark.parametrize("custom_id", ["somebody-elses", "fd1bcAAAAAAAAAAAAAAAAdiscord:1:2:3"])
async def test_a_button_that_the_desk_does_not_know_is_answered(world: World, custom_id: str) -> None:
    talk = await world.ask(SHIPPING)
    reply = await talk.reply(containing="Sources")
    guild = discord_of(world).guild
    message = guild.message(talk.root or "", reply.id)
    assert message is not None

    ack = await guild.press_stale(PEOPLE[ALICE], talk.root or "", message, custom_id)

    assert ack.arrived
    await world.whispered(ALICE, "do not know this button")


@behaviour("operation.late_command")
async def test_a_command_whose_time_ran_out_still_does_its_work_and_says_so(world: World) -> None:
    discord = discord_of(world).discord
    discord.faults.on(
        "POST", "/interactions/{interaction_id}/{interaction_token}/callback", Fault.api_error(404, 10062)
    )

    await discord.guild.slash(PEOPLE[SAM], PLACES[STAFF], "desk", "queue")

    await world.until(lambda: [m for m in world.staff.channel(STAFF) if "No ticket is open" in m.shown])


@behaviour("operation.resume")
async def test_a_restarted_desk_resumes_and_misses_nothing(people: People) -> None:
    gateway = discord_of(people).discord.gateway
    async with a_desk(people) as before:
        talk = await before.ask(SHIPPING)
        await talk.reply(containing="Sources")
    await talk.say(RETURN)

    async with a_desk(people):
        await talk.reply(2, containing="return")

    assert len(gateway.identifies) == 1
    assert len(gateway.resumes) == 1


@behaviour("intake.durable_before_ack", only="discord")
async def test_what_a_killed_desk_heard_and_did_not_store_is_told_to_the_next(people: People, tmp_path: Path) -> None:
    async with running(desk_environment(people), tmp_path) as desk:
        await people.customers.connected()
        await people.customers.all_received()
        await tell(people, "CONFIG", "SET", "maxmemory", "1")
        talk = await people.ask(SHIPPING)
        await not_stored(desk)
        desk.kill()
        await desk.ended()
    await tell(people, "CONFIG", "SET", "maxmemory", "0")

    async with a_desk(people):
        await talk.reply(containing="Sources")

    assert len(discord_of(people).discord.gateway.identifies) == 1
    assert len(talk.replies()) == 1


async def tell(people: People, *command: str) -> None:
    """A command for the store, while no desk of ours runs here."""
    store = redis.asyncio.Redis.from_url(people.store)
    await store.execute_command(*command)  # type: ignore[no-untyped-call]
    await store.aclose()


async def not_stored(desk: Running) -> None:
    """Wait until the desk says that it heard of a message and could not store it."""
    async with asyncio.timeout(10), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{desk.address}/metrics") as answer:
                if DiscordSide.not_stored in await answer.text():
                    return


@behaviour("operation.lost_session")
async def test_what_is_asked_while_a_session_is_lost_is_read_from_the_channels(people: People) -> None:
    gateway = discord_of(people).discord.gateway
    async with a_desk(people) as before:
        talk = await before.ask(SHIPPING)
        await talk.reply(containing="Sources")
        direct = await before.ask_directly(SHIPPING)
        await direct.reply(containing="Sources")
    gateway.expire_sessions()
    await talk.say(RETURN)
    await direct.say(RETURN)
    new = await people.ask("Which payment methods do you accept?", who=BOB)

    async with a_desk(people) as after:
        await talk.reply(2, containing="return")
        await direct.reply(2, containing="return")
        await new.reply()
        await after.another_is_answered()

    assert [len(each.replies()) for each in (talk, direct, new)] == [2, 2, 1]


@behaviour("operation.lost_session")
async def test_a_session_that_is_declared_invalid_loses_no_question(world: World) -> None:
    first = await world.ask(SHIPPING)
    await first.reply(containing="Sources")
    gateway = discord_of(world).discord.gateway

    gateway.invalidate()
    talk = await world.ask(RETURN, who=BOB)

    await talk.reply(containing="return")
    assert len(talk.replies()) == 1


@behaviour("operation.pace")
async def test_three_answers_at_once_in_one_channel_cause_no_rate_limit(world: World) -> None:
    """Where no thread can be opened answers stand in the channel itself, and share its limit."""
    discord = discord_of(world).discord
    discord.guild.deny(PLACES[SUPPORT], "CREATE_PUBLIC_THREADS")
    for _ in range(3):
        world.model.script.answer("Parcels leave every weekday [1]. " * 12 + "The end [1].", chunk=1, delay=0.06)
    for who in (ALICE, BOB, SAM):
        await world.ask(f"{world.mention} {SHIPPING}", who=who)

    await world.turns_ended(3)

    ends = [reply for reply in world.customers.channel(SUPPORT) if reply.by_desk and "The end" in reply.shown]
    assert len(ends) == 3
    assert [request for request in discord.requests if request.status == 429] == []
    assert discord.calls(*EDIT)
