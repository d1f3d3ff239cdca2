"""What the desk takes up: whose words, from where, once, and in which shape."""

from behaviours.conftest import Open, over_http
from behaviours.world import BOB, GENERAL, SAM, SUPPORT, People, World, behaviour

SHIPPING = "How long does shipping take?"
RETURN = "How can I return a bag?"


@behaviour("intake.served_channel")
async def test_a_question_in_a_served_channel_is_answered_in_its_thread(world: World) -> None:
    talk = await world.ask(SHIPPING)

    reply = await talk.reply()

    assert reply.root == talk.root


@behaviour("intake.unserved_channel")
async def test_in_a_channel_that_is_not_served_nothing_is_said_unasked(world: World) -> None:
    silent = await world.ask("How long does shipping to Zanzibar take?", where=GENERAL)
    await silent.say("Does anybody know about Zanzibar?", who=BOB)

    await world.another_is_answered()

    assert silent.replies() == []
    assert not world.was_told("Zanzibar")


@behaviour("intake.mention")
async def test_a_mention_is_answered_in_a_channel_that_is_not_served(world: World) -> None:
    talk = await world.ask(f"{world.mention} {SHIPPING}", where=GENERAL)

    reply = await talk.reply()

    assert reply.root == talk.root
    assert [prompt.question for prompt in world.told("answer")] == [SHIPPING]


@behaviour("intake.mention")
async def test_a_mention_in_the_thread_of_other_people_is_answered_there(world: World) -> None:
    talk = await world.ask("Does anybody know how long shipping takes?", where=GENERAL)
    await talk.say(f"{world.mention} {SHIPPING}", who=BOB)

    await talk.reply()

    assert len(talk.replies()) == 1


@behaviour("intake.mention_once")
async def test_a_mention_in_a_served_channel_counts_as_one_question(world: World) -> None:
    talk = await world.ask(f"{world.mention} {SHIPPING}")

    await talk.reply()
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert len(await world.turns_ended(1, talk.conversation)) == 1


@behaviour("intake.mention_once", only="slack")
async def test_a_mention_counts_once_whichever_notice_of_it_comes_first(world: World) -> None:
    for where in (SUPPORT, GENERAL):
        world.customers.events(reorder=2)
        talk = await world.ask(f"{world.mention} {SHIPPING}", where=where, files=[("map.png", b"\x89PNG", "image/png")])

        await talk.reply()
        await world.another_is_answered()

        assert len(talk.replies()) == 1
        assert len(await world.turns_ended(1, talk.conversation)) == 1


@behaviour("intake.redelivered_once")
async def test_a_redelivered_event_is_answered_once(world: World) -> None:
    world.customers.events(duplicate=1)
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await world.customers.tell_again()
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert len(await world.turns_ended(1, talk.conversation)) == 1


@behaviour("intake.follow_up")
async def test_a_follow_up_in_the_thread_needs_no_new_mention(world: World) -> None:
    talk = await world.ask(f"{world.mention} {SHIPPING}", where=GENERAL)
    await talk.reply()

    await talk.say(RETURN)
    reply = await talk.reply(2)

    assert "return" in reply.shown.lower()


@behaviour("intake.direct_message")
async def test_a_direct_message_is_answered_and_so_is_what_follows(world: World) -> None:
    talk = await world.ask_directly(SHIPPING)
    first = await talk.reply()

    await talk.say(RETURN)
    second = await talk.reply(2)

    assert {first.root, second.root} == {talk.root}


@behaviour("intake.burst_is_one_turn")
async def test_several_messages_in_a_row_get_one_answer(world: World) -> None:
    talk = await world.ask("Hello")
    await talk.say("I have a question")
    await talk.say(SHIPPING)

    await talk.reply()
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert len(await world.turns_ended(1, talk.conversation)) == 1
    assert world.told("answer")[0].question == f"Hello\n\nI have a question\n\n{SHIPPING}"


@behaviour("intake.burst_is_one_turn")
async def test_a_burst_keeps_the_order_it_was_written_in(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    world.customers.events(reorder=3)
    for words in ("I forgot something:", "How can I return a bag", "that is damaged?"):
        await talk.say(words)
    await talk.reply(2)

    assert world.told("answer")[-1].question == "I forgot something:\n\nHow can I return a bag\n\nthat is damaged?"


@behaviour("intake.burst_is_one_turn", only="slack")
async def test_words_that_overtake_the_message_they_follow_are_not_lost(world: World) -> None:
    world.customers.events(reorder=2)
    talk = await world.ask("I have a question")
    await talk.say(SHIPPING)

    await talk.reply()
    await world.another_is_answered()

    assert world.told("answer")[0].question == f"I have a question\n\n{SHIPPING}"
    assert len(talk.replies()) == 1


@behaviour("intake.loose_burst_gathers")
async def test_loose_messages_of_one_person_within_seconds_are_one_conversation(world: World) -> None:
    first = await world.ask("Hello, a question about my order.")
    second = await world.ask(SHIPPING)

    await world.until(lambda: first.finished() + second.finished())
    await world.another_is_answered()

    assert len(first.replies() + second.replies()) == 1
    assert world.told("answer")[0].question == f"Hello, a question about my order.\n\n{SHIPPING}"


@behaviour("intake.loose_burst_gathers")
async def test_what_is_written_below_a_gathered_message_is_answered_where_the_conversation_is(world: World) -> None:
    first = await world.ask("Hello, a question about my order.")
    second = await world.ask(SHIPPING)
    await world.until(lambda: first.finished() + second.finished())
    home, other = (first, second) if first.replies() else (second, first)  # the platform promises no order of the two

    await other.open()
    await other.say(RETURN)
    await home.reply(2)

    assert other.replies() == []


@behaviour("intake.loose_burst_gathers")
async def test_loose_messages_of_two_people_or_of_two_hours_are_not_gathered(world: World) -> None:
    alice = await world.ask(SHIPPING)
    bob = await world.ask(RETURN, who=BOB)
    await alice.reply()
    await bob.reply()

    world.time_passes(60)
    later = await world.ask("Which payment methods do you accept?")
    await later.reply()

    assert [len(talk.replies()) for talk in (alice, bob, later)] == [1, 1, 1]


@behaviour("intake.own_echo_ignored")
async def test_the_desk_never_answers_itself(world: World) -> None:
    await world.desk_says("How long does shipping to Zanzibar take?")
    await world.desk_says(f"{world.mention} How long does shipping to Zanzibar take?", where=GENERAL)
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await world.another_is_answered()

    assert not world.was_told("Zanzibar")
    assert len(talk.replies()) == 1


@behaviour("intake.other_apps_ignored")
async def test_messages_of_other_apps_are_ignored_even_when_they_mention_the_assistant(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await world.another_app_says("How long does shipping to Zanzibar take?")
    await world.another_app_says(f"{world.mention} How long does shipping to Zanzibar take?", where=GENERAL)
    await world.another_app_says(f"{world.mention} And to Zanzibar?", talk=talk)
    await world.another_is_answered()

    assert not world.was_told("Zanzibar")
    assert len(talk.replies()) == 1


@behaviour("intake.people_talking")
async def test_while_people_talk_to_each_other_the_assistant_stays_silent(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.say("It took five days for me last year.", who=BOB)
    await world.turns_ended(2, talk.conversation)
    await talk.say("Thanks Bob, and how was the quality of the bag?")
    turns = await world.turns_ended(3, talk.conversation)

    assert [turn.outcome for turn in turns] == ["kept_silent", "kept_silent", "answered"]
    assert len(talk.replies()) == 1


@behaviour("intake.people_talking")
async def test_what_somebody_else_says_meanwhile_does_not_cost_the_customer_the_answer(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()

    await talk.say("I would like to know that too.", who=BOB)
    await world.all_received()
    world.model.release()

    await talk.reply()
    assert len(talk.replies()) == 1


@behaviour("intake.people_talking")
async def test_what_somebody_else_says_right_after_the_question_does_not_cost_the_answer(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.say("I would like to know that too.", who=BOB)

    await talk.reply()
    assert len(talk.replies()) == 1


@behaviour("intake.addressed_again")
async def test_among_talking_people_the_assistant_answers_when_it_is_addressed(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()
    await talk.say("It took five days for me last year.", who=BOB)
    await world.turns_ended(2, talk.conversation)

    await talk.say(f"{world.mention} {RETURN}")
    await talk.reply(2)
    await talk.say("Which payment methods do you accept?")
    await talk.reply(3)


@behaviour("intake.addressed_again")
async def test_the_other_person_can_address_the_assistant_too(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.say(f"{world.mention} {RETURN}", who=BOB)

    assert "return" in (await talk.reply(2)).shown.lower()


@behaviour("intake.to_somebody_else")
async def test_a_message_that_addresses_another_person_is_not_answered(world: World) -> None:
    talk = await world.ask(f"{world.mentioning(BOB)} {SHIPPING}")

    turns = await world.turns_ended(1, talk.conversation)
    await world.another_is_answered()

    assert [turn.outcome for turn in turns] == ["kept_silent"]
    assert talk.replies() == []


@behaviour("intake.to_somebody_else")
async def test_a_message_that_addresses_another_person_and_the_assistant_is_answered(world: World) -> None:
    talk = await world.ask(f"{world.mentioning(BOB)} let us ask. {world.mention} {SHIPPING}")

    await talk.reply()


@behaviour("intake.files_named")
async def test_a_file_that_comes_with_a_question_is_part_of_it(world: World) -> None:
    for where, text in ((SUPPORT, SHIPPING), (GENERAL, f"{world.mention} {SHIPPING}")):
        talk = await world.ask(text, where=where, files=[("parcel-label.png", b"\x89PNG", "image/png")])
        await talk.reply()

        assert "parcel-label.png" in world.told("answer")[-1].question


@behaviour("intake.files_named")
async def test_a_file_without_a_word_is_not_dropped(world: World) -> None:
    talk = await world.ask("", files=[("broken-strap.png", b"\x89PNG", "image/png")])

    await talk.reply()

    assert "broken-strap.png" in world.told("triage")[-1].question


@behaviour("intake.edit_before_answer")
async def test_an_edit_before_the_answer_changes_what_is_answered(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()

    await talk.edit(talk.first, RETURN)
    await world.thinking(2)
    world.model.release()
    reply = await talk.reply()
    await world.another_is_answered()

    assert "return" in reply.shown.lower()
    assert "You changed your message" not in reply.shown
    assert len(talk.replies()) == 1
    assert world.told("answer")[1].question == RETURN


@behaviour("intake.edit_before_answer")
async def test_an_edit_while_the_words_are_still_gathered_is_what_is_answered(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.edit(talk.first, RETURN)

    await talk.reply()
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert not world.was_told(SHIPPING)


@behaviour("intake.edit_before_answer")
async def test_an_edit_that_overtakes_its_message_is_what_is_answered(world: World) -> None:
    world.customers.events(reorder=2)
    talk = await world.ask(SHIPPING)
    await talk.edit(talk.first, RETURN)

    await talk.reply()
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert not world.was_told(SHIPPING)


@behaviour("intake.delete_before_answer")
async def test_a_deletion_that_overtakes_its_message_counts(world: World) -> None:
    world.customers.events(reorder=2)
    talk = await world.ask(SHIPPING)
    await talk.delete(talk.first)

    await world.turns_ended(1, talk.conversation)
    await world.another_is_answered()

    assert talk.replies() == []
    assert not world.was_told(SHIPPING)


@behaviour("intake.edit_after_answer")
async def test_an_edit_after_the_answer_is_answered_anew_and_the_assistant_says_so(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.edit(talk.first, RETURN)
    reply = await talk.reply(2, containing="You changed your message")

    assert "return" in reply.shown.lower()
    assert world.told("answer")[1].question == RETURN


@behaviour("intake.edit_after_answer")
async def test_the_assistant_says_so_too_when_it_is_not_sure_of_the_new_question(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.edit(talk.first, "How tall is the president of Zanzibar?")
    reply = await talk.reply(2)

    assert "You changed your message" in reply.shown
    assert "do not want to guess" in reply.shown


@behaviour("intake.edit_after_answer")
async def test_an_edit_while_the_answer_is_being_written_is_answered_after_it(world: World) -> None:
    world.model.hold(after=12)
    talk = await world.ask(SHIPPING)
    await world.until(talk.replies)

    await talk.edit(talk.first, RETURN)
    world.model.release()
    reply = await talk.reply(2, containing="You changed your message")

    assert "return" in reply.shown.lower()


@behaviour("intake.edit_after_answer")
async def test_an_edit_in_the_moment_the_answer_becomes_visible_leaves_no_half_answer(world: World) -> None:
    world.goes_wrong("begin", "slow", 0.5)
    world.model.hold(after=12)
    talk = await world.ask(SHIPPING)
    await world.until(talk.replies)

    await talk.edit(talk.first, RETURN)
    await world.all_received()
    world.model.release()
    await talk.reply(2, containing="You changed your message")
    await world.another_is_answered()

    assert all("Sources" in reply.shown for reply in talk.replies())
    assert [reply.writing for reply in talk.replies()] == [False, False]


@behaviour("intake.trivial_edit")
async def test_an_edit_that_changes_no_word_is_only_recorded(world: World) -> None:
    talk = await world.ask("How long does shipping take")
    await talk.reply()
    asked = len(world.model.requests)

    await talk.edit(talk.first, "How long does shipping take ?!")
    turns = await world.turns_ended(2, talk.conversation)

    assert [turn.outcome for turn in turns] == ["kept_silent", "answered"]
    assert len(world.model.requests) == asked
    assert len(talk.replies()) == 1
    await talk.say(RETURN)
    await talk.reply(2)
    assert "How long does shipping take ?!" in [said.text for said in world.told("answer")[-1].conversation]


@behaviour("intake.trivial_edit")
async def test_a_preview_of_a_link_is_no_edit(world: World) -> None:
    talk = await world.ask(f"{SHIPPING} I read https://shop.example/shipping")
    await talk.reply()

    await world.customers.preview(talk.spot, "Shipping")
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert len(await world.turns_ended(1, talk.conversation)) == 1


@behaviour("intake.delete_before_answer")
async def test_a_question_deleted_before_the_answer_is_not_answered(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    await world.thinking()

    await talk.delete(talk.first)
    turns = await world.turns_ended(1, talk.conversation)
    world.model.release()
    await world.another_is_answered()

    assert [turn.outcome for turn in turns] == ["kept_silent"]
    assert talk.replies() == []


@behaviour("intake.delete_before_answer")
async def test_nobody_is_left_thinking_about_a_deleted_question(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()
    world.model.hold()
    follow_up = await talk.say(RETURN)
    await world.thinking(2)

    await talk.delete(follow_up)
    await world.turns_ended(2, talk.conversation)

    await talk.no_longer_thinking()
    assert len(talk.replies()) == 1


@behaviour("intake.delete_before_answer")
async def test_of_two_messages_only_the_one_that_is_left_is_answered(world: World) -> None:
    world.model.hold()
    talk = await world.ask(SHIPPING)
    second = await talk.say(RETURN)
    await world.thinking()

    await talk.delete(second)
    await world.thinking(2)
    world.model.release()
    await talk.reply()

    assert world.told("answer")[-1].question == SHIPPING


@behaviour("intake.delete_after_answer")
async def test_when_the_question_behind_an_answer_is_deleted_the_assistant_takes_the_answer_back(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await talk.delete(talk.first)

    await talk.reply_with("disregard that answer")


@behaviour("intake.delete_after_answer")
async def test_the_answer_to_a_deleted_follow_up_is_taken_back(world: World) -> None:
    talk = await world.ask(SHIPPING)
    await talk.reply()
    follow_up = await talk.say(RETURN)
    await talk.reply(2)

    await talk.delete(follow_up)

    await talk.reply_with("disregard that answer")
    assert len(talk.replies()) == 3


@behaviour("intake.deleted_words_forgotten")
async def test_deleted_words_are_never_told_to_the_model_again(world: World) -> None:
    talk = await world.ask(f"{SHIPPING} My card number is 4929-1111.")
    await talk.reply()
    follow_up = await talk.say("And to Zanzibar?")
    await talk.reply(2)

    await talk.delete(talk.first)
    await talk.delete(follow_up)
    world.model.requests.clear()
    await talk.say(RETURN)
    await talk.reply_with("return")

    assert not world.was_told("4929")
    assert not world.was_told("Zanzibar")


@behaviour("intake.malformed_set_aside")
async def test_an_event_that_makes_no_sense_is_set_aside_with_a_reason_and_the_next_is_answered(world: World) -> None:
    nonsense = world.customers.nonsense()
    talk = await world.ask(SHIPPING)

    await talk.reply()

    aside = await world.set_aside()
    assert len(aside) == len(nonsense)
    assert all(reason for reason, _ in aside)
    assert any("bad time" in payload for _, payload in aside)
    assert world.customers.failed() == []


@behaviour("intake.durable_before_ack")
async def test_no_event_is_acknowledged_that_was_not_stored(world: World) -> None:
    await world.tell_store("CONFIG", "SET", "maxmemory", 1)
    try:
        talk = await world.ask(SHIPPING)
        await world.until_not_stored()
        assert await world.customers.nothing_acknowledged()
    finally:
        await world.tell_store("CONFIG", "SET", "maxmemory", 0)

    await world.customers.bring_again()
    await talk.reply()
    await world.another_is_answered()

    assert len(talk.replies()) == 1


@behaviour("intake.durable_before_ack")
async def test_what_makes_no_sense_is_not_acknowledged_either_before_it_is_set_aside(world: World) -> None:
    await world.tell_store("CONFIG", "SET", "maxmemory", 1)
    try:
        nonsense = world.customers.nonsense()
        await world.until_not_stored()
        assert await world.customers.nothing_acknowledged()
    finally:
        await world.tell_store("CONFIG", "SET", "maxmemory", 0)

    await world.customers.bring_again()
    await world.all_received()

    assert len({payload for _, payload in await world.set_aside()}) == len(nonsense)


@behaviour("intake.http_mode")
async def test_over_signed_requests_everything_works_as_over_sockets(people: People, open_desk: Open) -> None:
    world = await over_http(people, open_desk)
    talk = await world.ask(SHIPPING)
    await talk.reply()
    await talk.say("I want to talk to a person, please")
    card = await world.card()
    await card.press("claim", who=SAM)
    await card.until_shown("Sam")
    assert "#1" in await world.command("queue", who=SAM)
    await card.press("resolve", who=SAM)
    await world.send_form(SAM, "It is on its way.")
    await talk.reply_with("It is on its way.")
    await talk.reply_with("marked this as resolved")

    assert world.customers.all_by_request()
    assert world.customers.failed() == []


@behaviour("intake.forged_request")
async def test_a_request_with_a_wrong_signature_is_refused(people: People, open_desk: Open) -> None:
    world = await over_http(people, open_desk)
    body = world.customers.request("How long does shipping to Zanzibar take?")

    answers = [await world.post(world.customers.path, body, headers) for headers in world.customers.forged(body)]
    talk = await world.ask(SHIPPING)
    await talk.reply()

    assert all(answer in (400, 401, 403) for answer in answers), answers
    assert not world.was_told("Zanzibar")
    assert await world.post(world.customers.path, body, world.customers.signed(body)) in (200, 202)


@behaviour("intake.forged_request", only="slack")
async def test_without_a_secret_no_request_is_taken_at_all(world: World) -> None:
    body = world.customers.request("How long does shipping to Zanzibar take?")

    answer = await world.post(world.customers.path, body, world.customers.signed(body))
    await world.another_is_answered()

    assert answer in (404, 405)
    assert not world.was_told("Zanzibar")


@behaviour("intake.socket_refresh")
async def test_a_refreshed_connection_loses_no_question(world: World) -> None:
    await world.customers.connected()
    before = await world.ask(SHIPPING)
    await world.customers.renew_connections()
    at_once = await world.ask(RETURN, who=BOB)

    await before.reply()
    await at_once.reply()
    await world.another_is_answered()

    assert [len(talk.replies()) for talk in (before, at_once)] == [1, 1]


@behaviour("intake.socket_refresh")
async def test_a_cut_connection_loses_no_question(world: World) -> None:
    await world.customers.connected()
    before = await world.ask(SHIPPING)
    await world.customers.cut_connections()
    at_once = await world.ask(RETURN, who=BOB)

    await at_once.reply()
    await world.customers.bring_again()
    await before.reply()
    await world.another_is_answered()

    assert [len(talk.replies()) for talk in (before, at_once)] == [1, 1]
    assert world.customers.failed() == []
