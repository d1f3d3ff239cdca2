"""What the app's answer to an interaction does, whether it came by REST or in the HTTP response."""

from collections.abc import Iterable
from dataclasses import replace

from frontdesk.sandbox.discord import overlay
from frontdesk.sandbox.discord.errors import ApiError, InvalidForm
from frontdesk.sandbox.discord.happenings import Happenings
from frontdesk.sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, PING, SUBMIT, Ack, Interaction
from frontdesk.sandbox.discord.payloads import changed, filled, numbered
from frontdesk.sandbox.discord.values import EPHEMERAL, LOADING, MENU, REGULAR, SLASH, File, Json, Message, Modal

PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9

FITTING = {
    PING: (PONG,),
    COMMAND: (MESSAGE, DEFERRED, MODAL),
    COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    SUBMIT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}
"""Which callbacks fit which interactions; an update also needs a message to update."""


def answer(guild: Happenings, interaction: Interaction, body: Json, files: Iterable[File]) -> Message | None:
    """The callback takes effect; gives the message that it made or changed."""
    kind, data = body.get("type"), body.get("data") or {}
    if kind not in FITTING[interaction.type] or (kind in (UPDATE, DEFERRED_UPDATE) and interaction.source is None):
        raise InvalidForm({"type": f"callback {kind} does not fit interaction {interaction.type}"})
    overlay.check_callback(kind, data, files)
    message, modal = None, None
    if kind == MESSAGE:
        message = _say(guild, interaction, data, files)
    elif kind == DEFERRED:
        message = _promise(guild, interaction, data)
    elif kind == UPDATE:
        message = _update(guild, interaction, data, files)
    elif kind == DEFERRED_UPDATE:
        interaction.original = interaction.source
    elif kind == MODAL:
        modal = _open(guild, interaction, data)
    interaction.ack = Ack(
        True,
        kind,
        data,
        guild.clock.now() - interaction.at,
        message.id if message else None,
        modal.id if modal else None,
        interaction=interaction.id,
    )
    interaction.answered.set()
    guild.wake()
    return message


def follow_up(guild: Happenings, interaction: Interaction, body: Json, files: Iterable[File]) -> Message:
    """A message with the interaction's token; the first one after a promise fulfils it."""
    promised = find_original(guild, interaction)
    if promised is not None and promised.loading:
        return fulfil(guild, promised, body, files)
    blank = _blank(guild, interaction, ephemeral=bool(int(body.get("flags") or 0) & EPHEMERAL))
    return guild.post(filled(guild, replace(blank, type=REGULAR), body, files))


def fulfil(guild: Happenings, promised: Message, body: Json, files: Iterable[File]) -> Message:
    """What was only announced is said: an edit, though nobody sees it as one."""
    said = changed(guild, replace(promised, flags=promised.flags & ~LOADING), body, files)
    return guild.change(said)


def find_original(guild: Happenings, interaction: Interaction) -> Message | None:
    found = guild.message(interaction.channel, interaction.original or "")
    found = found or guild.ephemeral(interaction.original or "")
    return None if found is None or found.deleted else found


def _blank(guild: Happenings, interaction: Interaction, *, ephemeral: bool) -> Message:
    bot = guild.people[guild.app.bot_user_id]
    if interaction.channel not in guild.channels:
        raise ApiError(10003)
    if (shut := guild.shut(guild.channels[interaction.channel])) is not None:
        raise shut
    kind = REGULAR
    if interaction.type == COMMAND:
        kind = SLASH if interaction.data.get("type") == 1 else MENU
    return Message(
        guild.snowflakes.next(),
        interaction.channel,
        bot.id,
        bot.name,
        type=kind,
        webhook=guild.app.application_id,
        application=guild.app.application_id,
        interaction=interaction.metadata(guild.wire.user(guild.people[interaction.user])),
        ephemeral_for=interaction.user if ephemeral else None,
    )


def _say(guild: Happenings, interaction: Interaction, data: Json, files: Iterable[File]) -> Message:
    blank = _blank(guild, interaction, ephemeral=bool(int(data.get("flags") or 0) & EPHEMERAL))
    message = guild.post(filled(guild, blank, data, files))
    interaction.original = message.id
    return message


def _promise(guild: Happenings, interaction: Interaction, data: Json) -> Message:
    """`… is thinking`."""
    blank = _blank(guild, interaction, ephemeral=bool(int(data.get("flags") or 0) & EPHEMERAL))
    message = guild.post(replace(blank, flags=LOADING))
    interaction.original = message.id
    return message


def _update(guild: Happenings, interaction: Interaction, data: Json, files: Iterable[File]) -> Message:
    source = interaction.source or ""
    old = guild.message(interaction.channel, source) or guild.ephemeral(source)
    interaction.original = source
    if old is None or old.deleted:
        raise ApiError(10008)
    return guild.change(changed(guild, old, data, files))


def _open(guild: Happenings, interaction: Interaction, data: Json) -> Modal:
    modal = Modal(
        guild.snowflakes.next(),
        interaction.user,
        data["custom_id"],
        data["title"],
        numbered(data["components"], ()),
        interaction.channel,
        interaction.source,
        interaction.id,
    )
    guild.open_modal(modal)
    return modal
