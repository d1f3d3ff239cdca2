"""What a conversation sounds like when it is read aloud, on either platform and across both."""

import pytest

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, HELP, QUEUE, SAM, STAFF, SUPPORT
from frontdesk.sandbox.discord.values import Message
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.transcript import Line, read_aloud


@pytest.fixture
def server() -> DiscordServer:
    return DiscordServer()


def app_says(server: DiscordServer, channel: str, text: str, **more: object) -> Message:
    guild = server.guild
    known: dict[str, object] = {"name": "frontdesk", **more}
    return guild.post(Message(guild.snowflakes.next(), channel, server.bot_user_id, content=text, **known))  # type: ignore[arg-type]


def said(lines: tuple[Line, ...]) -> list[tuple[str, str, bool]]:
    return [(line.who, line.text, line.reply) for line in lines]


async def test_a_thread_on_a_question_is_read_with_the_question(server: DiscordServer) -> None:
    guild = server.guild
    question = await guild.say(ALICE, SUPPORT, "How long?")
    await guild.open_thread(ALICE, SUPPORT, "How long?", on=question.id)
    row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Helpful", "custom_id": "a"}]}
    app_says(server, question.id, "It takes **three days**. [Shipping](<https://a.example/b_c>)", components=(row,))
    heard = read_aloud(guild, SUPPORT, question.id, STAFF)
    assert (heard.customer_channel, heard.staff_channel) == ("support", "desk-staff")
    assert said(heard.customer) == [
        ("Alice Martin", "How long?", False),
        ("frontdesk", "It takes three days. Shipping https://a.example/b_c", True),
    ]
    assert heard.customer[1].buttons == ("Helpful",)
    assert heard.staff == ()
    text = heard.as_text()
    assert "#support" in text
    assert "[ Helpful ]" in text
    assert "nobody needs to do anything" in text


async def test_a_private_thread_is_found_by_its_member(server: DiscordServer) -> None:
    guild = server.guild
    question = await guild.say(ALICE, SUPPORT, "How long?")
    thread = await guild.open_thread(SAM, SUPPORT, "for Alice", private=True)
    await guild.add_to_thread(thread.id, ALICE)
    app_says(server, thread.id, "Three days.")
    heard = read_aloud(guild, SUPPORT, question.id, STAFF)
    assert said(heard.customer) == [("Alice Martin", "How long?", False), ("frontdesk", "Three days.", True)]


async def test_posts_direct_messages_and_a_queue_forum_are_read(server: DiscordServer) -> None:
    guild = server.guild
    post = await guild.create_post(ALICE, HELP, "Broken lamp", "It broke")
    await guild.tag_post(post.id, "solved")
    app_says(server, post.id, "Sorry!")
    await guild.create_post(SAM, QUEUE, "#12 Broken lamp", "card")
    heard = read_aloud(guild, HELP, post.id, QUEUE)
    assert said(heard.customer) == [
        ("Alice Martin", "Broken lamp [solved]\nIt broke", False),
        ("frontdesk", "Sorry!", True),
    ]
    assert said(heard.staff) == [("Sam Rivera", "#12 Broken lamp\ncard", False)]
    note = await guild.say_dm(ALICE, "in private", files=[("a.txt", b"", "text/plain")])
    heard = read_aloud(guild, note.channel, note.id, QUEUE)
    assert said(heard.customer) == [("Alice Martin", "in private\n[a.txt]", False)]


async def test_a_customer_on_discord_and_staff_on_slack(server: DiscordServer) -> None:
    async with SlackServer() as slack:
        question = await server.guild.say(ALICE, SUPPORT, "A person, please")
        card = await slack.workspace.say("USAM", "CSTAFF", "*Ticket* 12")
        await slack.workspace.say("UDANA", "CSTAFF", "mine", thread_ts=card.ts)
        heard = read_aloud(server.guild, SUPPORT, question.id, "CSTAFF", staff_side=slack.workspace)
        assert said(heard.customer) == [("Alice Martin", "A person, please", False)]
        assert [(line.text, line.reply) for line in heard.staff] == [("Ticket 12", False), ("mine", True)]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("### #12 *a* __b__ ~~c~~ ||d||", "#12 a b c d"),
        ("-# small", "small"),
        ("`**code**` **bold**", "`**code**` bold"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        (r"\*kept\* \_x\_", "*kept* _x_"),
        (
            "due <t:0:R> for <@1100000000000000201> in <#1100000000000000301>",
            "due 01 January 00:00 UTC for @alice in #support",
        ),
        ("<https://a.example/x_y_z>", "https://a.example/x_y_z"),
    ],
)
async def test_marks_are_taken_away_and_code_is_kept(server: DiscordServer, text: str, plain: str) -> None:
    message = await server.guild.say(ALICE, SUPPORT, text)
    assert read_aloud(server.guild, SUPPORT, message.id, STAFF).customer[0].text == plain
