"""Conversations driven by the real discord.py: every piece of the local Discord once."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands
from discord_app import connected, led_here

import discord_spec
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, BOB, GUILD, HELP, QUEUE, SAM, STAFF, SUPPORT


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        led_here(server, monkeypatch)
        yield server
        assert server.violations == [], "\n" + "\n".join(server.violations)
        assert discord_spec.faults_of_events(server.guild.events.sent) == []


@pytest.fixture
def client() -> discord.Client:
    return discord.Client(
        intents=discord.Intents.all(),
        allowed_mentions=discord.AllowedMentions.none(),
        guild_ready_timeout=0.05,
    )


async def test_discord_py_answers_a_question_in_a_thread_on_it(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild

    @client.event
    async def on_message(message: discord.Message) -> None:
        if message.author.bot or message.type is not discord.MessageType.default:
            return
        async with message.channel.typing():
            thread = await message.create_thread(name="a question")
        first = await thread.send("Let me see …")
        await first.edit(content="Within 30 days.")
        await message.add_reaction("👍")

    async with connected(server, client):
        question = await guild.say(ALICE, SUPPORT, "How do I return a lamp?")
        await guild.until(lambda: (found := guild.message(SUPPORT, question.id)) and found.reactions)
        answer = guild.messages(question.id)[-1]
        assert [one.shown for one in guild.messages(question.id)] == ["Within 30 days."]
        assert answer.edited
        assert guild.typing[SUPPORT][0][0] == server.bot_user_id
        history = [one async for one in (await client.fetch_channel(int(SUPPORT))).history(limit=10)]  # type: ignore[union-attr]
        assert [one.content for one in history] == ["How do I return a lamp?"]
        assert history[0].flags.has_thread


async def test_edits_deletions_and_replies_reach_discord_py(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild
    heard: list[Any] = []

    @client.event
    async def on_raw_message_edit(event: discord.RawMessageUpdateEvent) -> None:
        heard.append(("edit", event.message.content))

    @client.event
    async def on_raw_message_delete(event: discord.RawMessageDeleteEvent) -> None:
        heard.append(("delete", str(event.message_id)))

    async with connected(server, client):
        said = await guild.say(ALICE, SUPPORT, "one lamp")
        await guild.edit(ALICE, SUPPORT, said.id, "two lamps")
        await guild.delete(ALICE, SUPPORT, said.id)
        await guild.until(lambda: len(heard) == 2)
        assert heard == [("edit", "two lamps"), ("delete", said.id)]


async def test_discord_py_answers_tags_and_closes_a_forum_post(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild
    posts: list[int] = []

    @client.event
    async def on_thread_create(thread: discord.Thread) -> None:
        posts.append(thread.id)

    @client.event
    async def on_message(message: discord.Message) -> None:
        if not message.author.bot and isinstance(message.channel, discord.Thread):
            await message.reply("Press the switch.")
            forum = message.channel.parent
            assert isinstance(forum, discord.ForumChannel)
            await message.channel.edit(applied_tags=[forum.available_tags[0]])
            await message.channel.edit(archived=True)

    async with connected(server, client):
        post = await guild.create_post(ALICE, HELP, "It is dark", "My lamp does not shine")
        await guild.until(lambda: guild.channels[post.id].archived)
        assert guild.tag_names(post.id) == ["solved"]
        question, answer = guild.messages(post.id)
        assert question.id == post.id
        assert (answer.shown, answer.reply_to) == ("Press the switch.", post.id)
        assert posts == [int(post.id)]


async def test_discord_py_opens_a_forum_post_as_a_ticket(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild
    async with connected(server, client):
        queue = client.get_channel(int(QUEUE))
        assert isinstance(queue, discord.ForumChannel)
        urgent = await queue.create_tag(name="urgent")
        thread, starter = await queue.create_thread(name="A lamp", content="The card", applied_tags=[urgent])
        assert thread.id == starter.id
        assert guild.tag_names(str(thread.id)) == ["urgent"]
        assert [one.shown for one in guild.messages(str(thread.id))] == ["The card"]


async def test_buttons_selects_and_forms_work(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild

    class Note(discord.ui.Modal, title="A note"):
        text: discord.ui.Label[Any] = discord.ui.Label(text="What", component=discord.ui.TextInput(custom_id="text"))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            given: Any = self.text.component
            await interaction.response.send_message(f"noted: {given.value}", ephemeral=True)

    class Card(discord.ui.View):
        @discord.ui.button(label="Claim", custom_id="claim")
        async def claim(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
            button.disabled = True
            await interaction.response.edit_message(content=f"{interaction.user.display_name} has it", view=self)
            await interaction.followup.send("Yours.", ephemeral=True)

        @discord.ui.button(label="Note", custom_id="note")
        async def note(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
            await interaction.response.send_modal(Note(custom_id="note-form"))

        @discord.ui.select(
            custom_id="priority", options=[discord.SelectOption(label="high"), discord.SelectOption(label="low")]
        )
        async def priority(self, interaction: discord.Interaction, select: discord.ui.Select[Any]) -> None:
            await interaction.response.defer()
            await interaction.edit_original_response(content=f"priority {select.values[0]}")

    async with connected(server, client):
        staff = client.get_channel(int(STAFF))
        assert isinstance(staff, discord.TextChannel)
        card = str((await staff.send("A card", view=Card())).id)
        assert (await guild.press(SAM, STAFF, card, "priority", values=["high"])).kind == 6
        await guild.until(lambda: guild.messages(STAFF)[0].shown == "priority high")
        assert (await guild.press(SAM, STAFF, card, "claim")).kind == 7
        await guild.until(lambda: guild.ephemerals)
        assert guild.messages(STAFF)[0].shown == "Sam Rivera has it"
        assert [(one.shown, one.ephemeral_for) for one in guild.ephemerals] == [("Yours.", SAM)]
        ack = await guild.press(SAM, STAFF, card, "note")
        assert ack.modal is not None
        sent = await guild.submit(SAM, ack.modal, {"text": "calls on Monday"})
        assert sent.kind == 4
        assert guild.modals[SAM] == []
        assert guild.ephemerals[-1].shown == "noted: calls on Monday"


async def test_slash_commands_autocomplete_and_menus_work(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild
    tree = app_commands.CommandTree(client)
    desk = app_commands.Group(name="desk", description="The desk")

    @desk.command(description="The queue")
    async def queue(interaction: discord.Interaction, status: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"nothing {status}")

    @queue.autocomplete("status")
    async def statuses(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=one, value=one) for one in ("open", "closed") if one.startswith(typed)]

    @tree.context_menu(name="Ask the desk")
    async def ask(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"You ask: {message.content}")

    tree.add_command(desk)
    async with connected(server, client):
        await tree.sync()
        await tree.sync(guild=discord.Object(GUILD))
        ack = await guild.slash(ALICE, SUPPORT, "desk", "queue", {"status": "open"})
        assert ack.kind == 5
        await guild.until(lambda: guild.ephemerals and not guild.ephemerals[0].loading)
        assert guild.ephemerals[0].shown == "nothing open"
        offered = await guild.autocomplete(ALICE, SUPPORT, "desk", "queue", "status", "cl")
        assert offered.choices == ["closed"]
        said = await guild.say(BOB, SUPPORT, "Is it open?")
        ack = await guild.menu(ALICE, SUPPORT, said.id, "Ask the desk")
        assert ack.kind == 4
        assert guild.messages(SUPPORT)[-1].shown == "You ask: Is it open?"


async def test_webhooks_speak_under_the_customers_name(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild
    async with connected(server, client):
        staff = client.get_channel(int(STAFF))
        assert isinstance(staff, discord.TextChannel)
        hook = await staff.create_webhook(name="customers")
        card = await staff.send("A card")
        thread = await card.create_thread(name="ticket")
        said = await hook.send("My lamp", username="Alice Martin", thread=thread, wait=True)
        await said.edit(content="My red lamp")
        shown = guild.messages(str(thread.id))[-1]
        assert (shown.name, shown.shown, shown.webhook) == ("Alice Martin", "My red lamp", str(hook.id))
        await said.delete()
        assert guild.messages(str(thread.id)) == []


async def test_files_go_both_ways_and_direct_messages_work(
    server: DiscordServer, client: discord.Client, tmp_path: Any
) -> None:
    guild = server.guild
    received: list[bytes] = []

    @client.event
    async def on_message(message: discord.Message) -> None:
        if not message.author.bot:
            received.append(await message.attachments[0].read())
            (tmp_path / "label.txt").write_text("a label")
            await message.channel.send("Print this", file=discord.File(tmp_path / "label.txt"))

    async with connected(server, client):
        await guild.say_dm(ALICE, "Look", files=[("lamp.png", b"\x89PNG", "image/png")])
        direct = guild.dm_with(ALICE).id
        await guild.until(lambda: len(guild.messages(direct)) == 2)
        assert received == [b"\x89PNG"]
        (label,) = guild.messages(direct)[-1].attachments
        assert (label.name, label.content) == ("label.txt", b"a label")


async def test_components_v2_and_embeds_are_taken(server: DiscordServer, client: discord.Client) -> None:
    guild = server.guild

    class Card(discord.ui.LayoutView):
        box: discord.ui.Container[Any] = discord.ui.Container(
            discord.ui.TextDisplay("A ticket"),
            discord.ui.Separator(),
            discord.ui.Section("of Alice", accessory=discord.ui.Button(label="Claim", custom_id="claim")),
        )

    async with connected(server, client):
        staff = client.get_channel(int(STAFF))
        assert isinstance(staff, discord.TextChannel)
        await staff.send(view=Card())
        await staff.send(embed=discord.Embed(title="Order 7", description="one lamp").add_field(name="Sum", value="9"))
        card, embed = guild.messages(STAFF)
        assert card.shown == "A ticket\nof Alice"
        assert card.buttons == [("Claim", "claim")]
        assert embed.shown == "Order 7\none lamp\nSum\n9"


async def test_what_was_said_while_the_app_was_away_comes_with_the_resume(
    server: DiscordServer, client: discord.Client
) -> None:
    guild = server.guild
    heard: list[str] = []

    @client.event
    async def on_message(message: discord.Message) -> None:
        heard.append(message.content)

    async with connected(server, client):
        server.gateway.cut()
        await guild.until(lambda: not server.gateway.connections)
        await guild.say(ALICE, SUPPORT, "are you there?")
        await guild.until(lambda: heard == ["are you there?"])
        assert len(server.gateway.identifies) == 1
        assert len(server.gateway.resumes) == 1


async def test_a_person_who_leaves_and_a_channel_that_goes_reach_discord_py(
    server: DiscordServer, client: discord.Client
) -> None:
    guild = server.guild
    heard: list[Any] = []

    @client.event
    async def on_raw_member_remove(event: discord.RawMemberRemoveEvent) -> None:
        heard.append(str(event.user.id))

    @client.event
    async def on_guild_channel_delete(channel: discord.abc.GuildChannel) -> None:
        heard.append(str(channel.id))

    async with connected(server, client):
        await guild.leave(ALICE)
        await guild.delete_channel(SUPPORT)
        await guild.until(lambda: heard == [ALICE, SUPPORT])


async def test_without_message_content_discord_py_reads_only_what_is_meant_for_the_app(
    server: DiscordServer,
) -> None:
    server.gateway.enabled_intents = set()
    intents = discord.Intents.default()
    client = discord.Client(intents=intents, guild_ready_timeout=0.05)
    guild = server.guild
    heard: list[str] = []

    @client.event
    async def on_message(message: discord.Message) -> None:
        heard.append(message.content)

    async with connected(server, client):
        await guild.say(ALICE, SUPPORT, "a secret")
        await guild.say(ALICE, SUPPORT, f"<@{server.bot_user_id}> for you")
        await guild.say_dm(ALICE, "between us")
        post = await guild.create_post(BOB, HELP, "It is dark", "My lamp does not shine")
        channel: Any = await client.fetch_channel(int(post.id))
        await guild.until(lambda: len(heard) == 4)
        answer = await channel.send("How old is it?")
        await guild.say(BOB, post.id, "ten years", reply_to=str(answer.id))
        await guild.say(BOB, post.id, "or eleven", reply_to=str(answer.id), ping=False)
        await guild.until(lambda: len(heard) == 7)
    assert heard == [
        "",
        f"<@{server.bot_user_id}> for you",
        "between us",
        "",
        "How old is it?",
        "ten years",
        "",
    ]
