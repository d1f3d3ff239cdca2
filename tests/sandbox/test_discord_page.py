"""The page with the local Discord in a real browser, with the real discord.py behind it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import discord
import pytest
from discord import app_commands
from discord_app import connected, led_here

from browser import CHROMIUM, Tab, browser
from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, BOB, DANA, GUILD, HELP, QUEUE, SAM, STAFF, SUPPORT

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the page is not tested")

CUSTOMER = "#discord .pane-foot textarea"
STAFF_FIELD = "#staff-discord .pane-foot textarea"
VISIBLE = (
    "[...document.querySelectorAll('main > .pane')].filter((each) => each.checkVisibility()).map((each) => each.id)"
)
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> "
    "[click](javascript:document.title='owned') <javascript:alert(1)> ||<b>secret</b>|| "
    '[fine](https://evil.example/"onmouseover=x) <iframe src=https://evil.example></iframe> @everyone'
)


class Note(discord.ui.Modal):
    text: Any = discord.ui.Label(
        text="Note", description="Only staff sees it.", component=discord.ui.TextInput(style=discord.TextStyle.long)
    )
    priority: Any = discord.ui.Label(
        text="Priority",
        component=discord.ui.Select(options=[discord.SelectOption(label="Low"), discord.SelectOption(label="High")]),
    )

    def __init__(self, desk: "Desk") -> None:
        super().__init__(title="Add a note")
        self._desk = desk

    async def on_submit(self, interaction: discord.Interaction) -> None:
        self._desk.notes.append((self.text.component.value, self.priority.component.values))
        await interaction.response.send_message("Noted.", ephemeral=True)


class Card(discord.ui.LayoutView):
    def __init__(self, desk: "Desk", state: str) -> None:
        super().__init__(timeout=None)
        claim: Any = discord.ui.Button(label="Claim", custom_id="claim", style=discord.ButtonStyle.primary)
        note: Any = discord.ui.Button(label="Add note", custom_id="note")
        claim.callback, note.callback = desk.claim, desk.open_note
        words: Any = discord.ui.TextDisplay(f"### Ticket 12\n**Customer** Alice\n-# {state}")
        row: Any = discord.ui.ActionRow(claim, note)
        self.add_item(discord.ui.Container(words, row, accent_color=0x2F6F8F))


@dataclass
class Desk:
    """What the tests' app heard, and how it holds a reply until a test lets it go on."""

    client: discord.Client
    clicks: list[str] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self, interaction: discord.Interaction) -> None:
        self.clicks.append(f"{interaction.user.id} claim")
        await interaction.response.edit_message(view=Card(self, f"Claimed by {interaction.user.display_name}"))

    async def open_note(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Note(self))

    async def rate(self, interaction: discord.Interaction) -> None:
        self.clicks.append(f"{interaction.user.id} rate")
        await interaction.response.send_message("Thank you.", ephemeral=True)


def behave(desk: Desk) -> app_commands.CommandTree:
    client = desk.client
    tree = app_commands.CommandTree(client)
    group = app_commands.Group(name="desk", description="The support desk")

    @group.command(name="queue", description="Tickets that nobody has claimed")
    @app_commands.describe(day="Which day")
    async def queue(interaction: discord.Interaction, day: str = "today") -> None:
        await interaction.response.send_message(f"Queue for {day} is empty", ephemeral=True)

    @queue.autocomplete("day")
    async def days(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        known = ("today", "this week")
        return [app_commands.Choice(name=each, value=each) for each in known if each.startswith(typed)]

    tree.add_command(group, guild=discord.Object(int(GUILD)))

    @tree.context_menu(name="Ask the desk", guild=discord.Object(int(GUILD)))
    async def ask(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"You asked: {message.content}", ephemeral=True)

    @client.event
    async def on_message(message: discord.Message) -> None:
        if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
            return
        if "person" in message.content:
            await client.get_partial_messageable(int(STAFF)).send(view=Card(desk, "Waiting"))
        elif "hostile" in message.content:
            await message.channel.send(HOSTILE, embed=discord.Embed(title=HOSTILE[:250], description=HOSTILE))
        elif "stream" in message.content:
            await stream(message)

    async def stream(message: discord.Message) -> None:
        thread: Any = message.channel
        if not isinstance(thread, discord.Thread):
            thread = await message.create_thread(name="How long does it take?")
        async with thread.typing():
            await desk.go_on.wait()
            desk.go_on.clear()
        said = await thread.send("It takes **three")
        await desk.go_on.wait()
        desk.go_on.clear()
        view = discord.ui.View(timeout=None)
        good: Any = discord.ui.Button(label="Helpful", custom_id="good", style=discord.ButtonStyle.success)
        good.callback = desk.rate
        view.add_item(good)
        await said.edit(content="It takes **three days**, or one with express.", view=view)

    return tree


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(staff_on="discord") as box:
        yield box


@pytest.fixture
def discord_server(box: Sandbox) -> DiscordServer:
    return box.discord


@pytest.fixture
async def desk(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    led_here(box.discord, monkeypatch)
    client = discord.Client(intents=discord.Intents.all(), allowed_mentions=discord.AllowedMentions.none())
    desk = Desk(client)
    tree = behave(desk)
    async with connected(box.discord, client):
        await tree.sync(guild=discord.Object(int(GUILD)))
        yield desk
    assert box.discord.violations == []


@pytest.fixture
async def tab(box: Sandbox, desk: Desk) -> AsyncIterator[Tab]:
    """The page in a browser; whatever a test does, nothing may complain and nothing may leave the origin."""
    async with browser() as tab:
        await tab.size(1440, 900)
        await tab.go(box.page_url)
        await tab.shows("Live", "#connection")
        yield tab
        assert tab.complaints == []
        origin = urlsplit(box.page_url).netloc
        assert {urlsplit(url).netloc for url in tab.requests if not url.startswith("data:")} == {origin}


async def test_both_customers_stand_beside_the_staff_and_staff_is_on_either(tab: Tab) -> None:
    assert await tab.see(VISIBLE) == ["customer", "discord", "staff-discord"]
    await tab.choose("#staff-discord .staff-switch", "slack")
    assert await tab.see(VISIBLE) == ["customer", "discord", "staff"]
    await tab.send("Page.reload")
    await tab.shows("Live", "#connection")
    assert await tab.see(VISIBLE) == ["customer", "discord", "staff"]


async def test_a_typed_message_appears_and_mentions_go_out_by_id(tab: Tab, box: Sandbox) -> None:
    guild = box.discord.guild
    await tab.type(CUSTOMER, "How **long**, @bob? See #general & <b>", enter=True)
    await tab.until("document.querySelector('#discord .message strong')?.textContent === 'long'")
    await tab.until("document.querySelector('#discord .mention')?.textContent === '@Bob Keller'")
    await tab.shows("#general & <b>", "#discord .message")
    [message] = guild.messages(SUPPORT)
    assert message.author == ALICE
    assert message.content.startswith(f"How **long**, <@{BOB}>?")


async def test_typing_then_a_streamed_reply_in_a_thread_with_buttons(tab: Tab, desk: Desk) -> None:
    await tab.type(CUSTOMER, "please stream", enter=True)
    await tab.until(
        "document.querySelector('#discord .thread-body .status:not([hidden])')?.innerText.includes('typing')"
    )
    await tab.shows("How long does it take?", "#discord .reply-count")
    desk.go_on.set()
    await tab.shows("three", "#discord .replies")
    await tab.until("!document.querySelector('#discord .thread-body .status:not([hidden])')")
    desk.go_on.set()
    await tab.shows("or one with express.", "#discord .replies")
    assert await tab.see("document.querySelector('#discord .replies strong').textContent") == "three days"
    await tab.shows("(edited)", "#discord .replies")
    await tab.click("#discord .button", "Helpful")
    await tab.shows("Thank you.", "#discord .ephemeral")
    await tab.shows("only visible to you", "#discord .ephemeral")
    assert desk.clicks == [f"{ALICE} rate"]
    await tab.choose("#discord-person", BOB)
    await tab.until("!document.querySelector('#discord .ephemeral')")


async def test_a_message_in_the_thread_stays_in_the_thread(tab: Tab, box: Sandbox) -> None:
    guild = box.discord.guild
    await tab.type(CUSTOMER, "the question", enter=True)
    await tab.click("#discord .tool", "Thread")
    await tab.type("#discord .composer.small textarea", "the details", enter=True)
    await tab.shows("the details", "#discord .replies")
    [question] = guild.messages(SUPPORT)
    assert [one.content for one in guild.messages(question.id)] == ["the details"]
    await guild.archive(question.id, locked=True)
    await tab.shows("locked", "#discord .reply-count")
    await tab.until("document.querySelector('#discord .thread-body .composer').hidden")


async def test_a_forum_post_is_opened_tagged_and_closed(tab: Tab, box: Sandbox) -> None:
    guild = box.discord.guild
    await tab.choose("#discord-place", HELP)
    await tab.type("#discord .post-title", "Lamp broken")
    await tab.type(CUSTOMER, "It arrived broken", enter=True)
    await tab.shows("Lamp broken", "#discord .post-head")
    await tab.shows("It arrived broken", "#discord .root")
    [post] = guild.threads(HELP)
    assert post.name == "Lamp broken"
    await guild.tag_post(post.id, "solved")
    await guild.archive(post.id)
    await tab.shows("solved", "#discord .post-head")
    await tab.shows("archived", "#discord .post-head")
    await tab.type("#discord .composer.small textarea", "One more thing", enter=True)
    await tab.until("!document.querySelector('#discord .post-head').innerText.includes('archived')")
    await tab.shows("One more thing", "#discord .replies")


async def test_a_direct_message_opens_and_is_written(tab: Tab, box: Sandbox) -> None:
    await tab.choose("#discord-place", "dm")
    await tab.type(CUSTOMER, "in private", enter=True)
    await tab.shows("in private", "#discord .message")
    guild = box.discord.guild
    assert [one.content for one in guild.messages(guild.dm_with(ALICE).id)] == ["in private"]


async def test_a_reply_shows_what_it_answers(tab: Tab, box: Sandbox) -> None:
    guild = box.discord.guild
    await guild.say(BOB, SUPPORT, "from Bob")
    await tab.shows("from Bob", "#discord")
    await tab.click("#discord .tool", "Reply")
    await tab.shows("Replying to Bob Keller", "#discord .answering")
    await tab.type(CUSTOMER, "to you", enter=True)
    await tab.shows("Bob Keller: from Bob", "#discord .reference")
    assert guild.messages(SUPPORT)[-1].reply_to == guild.messages(SUPPORT)[0].id
    assert await tab.see("document.querySelector('#discord .answering').hidden")


async def test_a_card_is_claimed_and_a_form_filled_in(tab: Tab, desk: Desk) -> None:
    await tab.click("#discord .chip", "person")
    await tab.shows("Ticket 12", "#staff-discord .embed")
    await tab.click("#staff-discord .button", "Claim")
    await tab.shows("Claimed by Sam Rivera", "#staff-discord")
    await tab.click("#staff-discord .button", "Add note")
    await tab.shows("Only staff sees it.", "dialog")
    await tab.type("dialog textarea", "a good note")
    await tab.choose("dialog select", "High")
    await tab.click("dialog button", "Submit")
    await tab.until("!document.querySelector('dialog')")
    await tab.shows("Noted.", "#staff-discord .ephemeral")
    assert desk.notes == [("a good note", ["High"])]
    assert desk.clicks == [f"{SAM} claim"]


async def test_escape_closes_a_form(tab: Tab, box: Sandbox) -> None:
    await tab.click("#discord .chip", "person")
    await tab.click("#staff-discord .button", "Add note")
    await tab.focus("dialog textarea")
    await tab.press("Escape")
    await tab.until("!document.querySelector('dialog')")
    await box.discord.guild.until(lambda: not box.discord.guild.modals[SAM])


async def test_slash_commands_are_offered_completed_and_run(tab: Tab) -> None:
    await tab.type(STAFF_FIELD, "/")
    await tab.click("#staff-discord .chip", "/desk queue")
    await tab.click("#staff-discord .chip", "day:")
    await tab.click("#staff-discord .chip", "this week")
    assert await tab.see(f"document.querySelector('{STAFF_FIELD}').value") == '/desk queue day:"this week"'
    await tab.focus(STAFF_FIELD)
    await tab.press("Enter")
    await tab.shows("Queue for this week is empty", "#staff-discord .ephemeral")
    await tab.type(STAFF_FIELD, "/desk queue tomorrow", enter=True)
    await tab.shows("Queue for tomorrow is empty", "#staff-discord")
    await tab.choose("#staff-discord-person", DANA)
    await tab.until("!document.querySelector('#staff-discord .ephemeral')")


async def test_a_context_menu_command_runs_on_a_message(tab: Tab) -> None:
    await tab.type(CUSTOMER, "what about this", enter=True)
    await tab.click("#discord .tool", "Ask the desk")
    await tab.shows("You asked: what about this", "#discord .ephemeral")


async def test_webhooks_show_the_name_they_were_given(tab: Tab, box: Sandbox, desk: Desk) -> None:
    channel = await desk.client.fetch_channel(int(SUPPORT))
    assert isinstance(channel, discord.TextChannel)
    webhook = await channel.create_webhook(name="relay")
    await webhook.send("I can help", username="Dana from the shop", wait=True)
    await tab.shows("Dana from the shop", "#discord .author")
    await tab.shows("webhook", "#discord .tag")


async def test_hostile_text_becomes_neither_markup_nor_script(tab: Tab) -> None:
    await tab.type(CUSTOMER, f"hostile {HOSTILE}", enter=True)
    await tab.until("document.querySelectorAll('#discord .message').length === 2")
    assert await tab.see("document.querySelectorAll('main img, main script, main iframe').length") == 0
    links = await tab.see("[...document.querySelectorAll('main .message a')].map((each) => [each.protocol, each.rel])")
    assert links
    assert all(protocol in ("http:", "https:") and "noopener" in rel for protocol, rel in links)
    attributes = await tab.see("[...document.querySelectorAll('main *')].flatMap((each) => each.getAttributeNames())")
    assert not [name for name in attributes if name.startswith("on")]
    assert await tab.see("document.title") != "owned"


async def test_only_a_crowd_mention_that_went_live_is_marked(tab: Tab, desk: Desk, box: Sandbox) -> None:
    quiet = desk.client.get_partial_messageable(int(SUPPORT))
    await quiet.send("Hello @everyone")
    await tab.shows("Hello @everyone", "#discord")
    assert await tab.see("document.querySelector('#discord .mention.crowd')") is None
    box.discord.guild.allow(SUPPORT, "MENTION_EVERYONE")
    await quiet.send("Now @everyone", allowed_mentions=discord.AllowedMentions(everyone=True))
    await tab.until("document.querySelector('#discord .mention.crowd')?.textContent === '@everyone'")


async def test_a_file_is_attached_and_can_be_opened(tab: Tab, box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "invoice.txt"
    file.write_text("4711")
    await tab.attach("#discord .pane-foot input[type=file]", file)
    await tab.type(CUSTOMER, "my invoice", enter=True)
    await tab.shows("invoice.txt", "#discord .message .file")
    [message] = box.discord.guild.messages(SUPPORT)
    assert [(one.name, one.content) for one in message.attachments] == [("invoice.txt", b"4711")]
    read = "fetch(document.querySelector('#discord .file a').href).then((answer) => answer.text())"
    assert await tab.see(read) == "4711"


async def test_a_message_is_edited_and_deleted_by_its_author_only(tab: Tab, box: Sandbox) -> None:
    guild = box.discord.guild
    await guild.say(BOB, SUPPORT, "from Bob")
    await tab.type(CUSTOMER, "frist <@1> try", enter=True)
    await tab.shows("frist", "#discord")
    tools = await tab.see("[...document.querySelectorAll('#discord .tool')].map((each) => each.textContent)")
    assert tools.count("Edit") == 1
    await tab.click("#discord .tool", "Edit")
    await tab.see("document.activeElement.select()")
    await tab.send("Input.insertText", text="first try")
    await tab.press("Enter")
    await tab.until("document.querySelector('#discord .edited')")
    await tab.shows("first try", "#discord")
    await tab.click("#discord .tool", "Delete")
    await tab.until("!document.querySelector('#discord').innerText.includes('first try')")
    assert [one.content for one in guild.messages(SUPPORT)] == ["from Bob"]


async def test_what_was_said_before_is_there_after_a_reload(tab: Tab, box: Sandbox) -> None:
    guild = box.discord.guild
    question = await guild.say(ALICE, SUPPORT, "before")
    await guild.open_thread(BOB, SUPPORT, "a thread", on=question.id)
    await guild.say(BOB, question.id, "answer")
    await guild.create_post(ALICE, HELP, "A post", "in the forum")
    await tab.shows("answer", "#discord")
    await tab.send("Page.reload")
    await tab.shows("Live", "#connection")
    await tab.shows("answer", "#discord .replies")
    await tab.choose("#discord-place", HELP)
    await tab.shows("in the forum", "#discord .root")


async def test_a_queue_forum_serves_as_the_staff_channel(tab: Tab, box: Sandbox, desk: Desk) -> None:
    forum = await desk.client.fetch_channel(int(QUEUE))
    assert isinstance(forum, discord.ForumChannel)
    await forum.create_thread(name="Ticket 12", view=Card(desk, "Waiting"))
    await tab.choose("#staff-discord-place", QUEUE)
    await tab.shows("Ticket 12", "#staff-discord .post-head")
    await tab.click("#staff-discord .button", "Claim")
    await tab.shows("Claimed by Sam Rivera", "#staff-discord .root")


async def test_a_link_to_a_message_leads_to_it_on_the_page(tab: Tab, box: Sandbox, desk: Desk) -> None:
    question = await box.discord.guild.say(ALICE, SUPPORT, "the question")
    for number in range(30):
        await box.discord.guild.say(BOB, SUPPORT, f"line {number}")
    await tab.choose("#discord-place", HELP)
    link = f"https://discord.com/channels/{GUILD}/{SUPPORT}/{question.id}"
    await desk.client.get_partial_messageable(int(STAFF)).send(f"[open thread]({link})")
    await tab.click("#staff-discord .message a", "open thread")
    await tab.until("document.activeElement.innerText.includes('the question')")
    assert await tab.see("document.querySelector('#discord-place').value") == SUPPORT
    assert await tab.see("document.querySelector('#discord-threads').scrollTop") < 50


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
async def test_nothing_scrolls_sideways(tab: Tab, width: int) -> None:
    await tab.size(width, 800, touch=width < 500)
    await tab.see("document.querySelector('#tab-discord').click()")
    await tab.type(CUSTOMER, "a person please, " + "w" * 300, enter=True)
    await tab.until("document.querySelector('#discord .message') && document.querySelector('#staff-discord .message')")
    for view, pane in (
        ("staff", "staff-discord"),
        ("trace", "trace"),
        ("customer", "customer"),
        ("discord", "discord"),
    ):
        await tab.see(f"document.querySelector('#tab-{view}').click()")
        assert await tab.see("document.documentElement.scrollWidth <= innerWidth"), view
        assert await tab.see(f"document.querySelector('#{pane}').getBoundingClientRect().right <= innerWidth"), view
        assert await tab.see(f"document.querySelector('#{pane}').checkVisibility()"), view


async def test_every_control_has_a_name_to_read_out(tab: Tab) -> None:
    await tab.click("#discord .chip", "person")
    await tab.click("#staff-discord .button", "Add note")
    await tab.until("document.querySelector('dialog')")
    assert await nameless(tab) == []
    await tab.click("dialog .button", "Cancel")
    await tab.until("!document.querySelector('dialog')")
    assert await nameless(tab) == []


async def nameless(tab: Tab) -> list[str]:
    tree = await tab.send("Accessibility.getFullAXTree")
    roles = ("button", "textbox", "combobox", "checkbox", "radio", "tab", "link")
    controls = [node for node in tree["nodes"] if not node["ignored"] and node["role"]["value"] in roles]
    assert len(controls) > 3
    return [node["role"]["value"] for node in controls if not node["name"]["value"].strip()]


MARKDOWN = [
    (
        "**bold** *italic* __under__ ~~gone~~ `co*d*e`",
        "<p><strong>bold</strong> <em>italic</em> <u>under</u> <s>gone</s> <code>co*d*e</code></p>",
    ),
    ("&lt;b&gt; &amp;", "<p>&amp;lt;b&amp;gt; &amp;amp;</p>"),
    ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"),
    ("> quoted\n> twice", "<blockquote><p>quoted<br>twice</p></blockquote>"),
    (">>> all\nof it", "<blockquote><p>all<br>of it</p></blockquote>"),
    ("```py\n<b> & **x**\n```", "<pre><code>&lt;b&gt; &amp; **x**</code></pre>"),
    ("-# small print", '<p class="subtext">small print</p>'),
    ("| a | b |\n|---|---|", "<p>| a | b |<br>|---|---|</p>"),
    ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ("[shop](https://shop.example/x)", ">shop</a>"),
    ("<https://shop.example/x>", 'href="https://shop.example/x"'),
    ("<@1300>", '<span class="mention"><bdi>@Alice</bdi></span>'),
    ("||hidden||", 'class="spoiler"'),
    ("\\*not italic\\* 2 * 3 * 4 snake_case_name", "<p>*not italic* 2 * 3 * 4 snake_case_name</p>"),
    ("<t:1700000000:R>", "<time"),
]


async def test_text_is_drawn_as_discord_draws_it(tab: Tab) -> None:
    for source, wanted in MARKDOWN:
        drawn = await tab.see(
            f"""import("/static/discord-text.js").then((text) => {{
              const box = document.createElement("div");
              box.append(text.markdown({json.dumps(source)}, {{person: () => "Alice", channel: () => "support"}}));
              return box.innerHTML;
            }})"""
        )
        assert wanted in drawn, source


async def test_text_made_to_be_slow_is_drawn_at_once(tab: Tab) -> None:
    pieces = [
        "*",
        "_",
        "__a",
        "**a",
        "[",
        "[a](",
        "`",
        "<",
        "> ",
        ">>> ",
        "- ",
        "||",
        "~~a ",
        "<@",
        "https://",
        "```\n",
        "@",
    ]
    slowest = await tab.see(
        f"""import("/static/discord-text.js").then((text) => Math.max(...{json.dumps(pieces)}
          .map((piece) => piece.repeat(12000 / piece.length))
          .map((source) => {{
            const began = performance.now();
            text.markdown(source, {{}});
            return performance.now() - began;
          }})))"""
    )
    assert slowest < 2000


async def test_one_platform_alone_has_the_plain_page(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Sandbox(platforms=("discord",)) as box, browser() as tab:
        await tab.size(1280, 800)
        await tab.go(box.page_url)
        await tab.shows("Live", "#connection")
        assert await tab.see(VISIBLE) == ["discord", "staff-discord"]
        assert await tab.see("document.querySelector('#discord h2').innerText") == "Customer"
        await tab.type(CUSTOMER, "hello", enter=True)
        await tab.shows("hello", "#discord .message")
