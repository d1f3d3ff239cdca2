"""Webhooks and the follow-ups of interactions, which Discord serves at the same addresses."""

from dataclasses import replace

from frontdesk.sandbox.discord import interaction_answers, overlay
from frontdesk.sandbox.discord.call import DONE, Answer, Call, ok
from frontdesk.sandbox.discord.errors import ApiError
from frontdesk.sandbox.discord.interactions import Interaction
from frontdesk.sandbox.discord.payloads import filled
from frontdesk.sandbox.discord.rest_messages import edited, note_unknown
from frontdesk.sandbox.discord.rest_threads import applied_tags
from frontdesk.sandbox.discord.values import LOADING, Channel, Message, Webhook

MOST_WEBHOOKS = 15


# the webhooks of a channel


def create(call: Call) -> Answer:
    channel = call.channel("MANAGE_WEBHOOKS")
    if channel.kind not in ("text", "forum"):
        raise ApiError(50024)
    overlay.check_webhook_name(call.body.get("name"))
    if len(_of(call, channel)) >= MOST_WEBHOOKS:
        raise ApiError(30007)
    made = call.guild.new_webhook(channel.id, str(call.body["name"]), call.app.bot_user_id)
    call.guild.tell_webhooks(channel)
    return ok(call.guild.wire.webhook(made))


def of_channel(call: Call) -> Answer:
    channel = call.channel("MANAGE_WEBHOOKS")
    return ok([_shown(call, one) for one in _of(call, channel)])


def of_guild(call: Call) -> Answer:
    call.need_guild()
    if not call.guild.base_may(call.app.bot_user_id, "MANAGE_WEBHOOKS"):
        raise ApiError(50013)
    return ok([_shown(call, one) for one in call.guild.webhooks.values()])


def _of(call: Call, channel: Channel) -> list[Webhook]:
    return [one for one in call.guild.webhooks.values() if one.channel == channel.id]


def _shown(call: Call, webhook: Webhook) -> object:
    """The token is shown only to the app that owns the webhook."""
    return call.guild.wire.webhook(webhook, with_token=webhook.application == call.app.application_id)


def look(call: Call) -> Answer:
    webhook = call.webhook()
    if "webhook_token" not in call.path:
        call.channel("MANAGE_WEBHOOKS", given=webhook.channel)
    return ok(call.guild.wire.webhook(webhook))


def change(call: Call) -> Answer:
    webhook = call.webhook()
    if "webhook_token" not in call.path:
        call.channel("MANAGE_WEBHOOKS", given=webhook.channel)
    if "name" in call.body:
        overlay.check_webhook_name(call.body["name"])
        webhook = call.guild.put_webhook(replace(webhook, name=str(call.body["name"])))
    if "channel_id" in call.body and "webhook_token" not in call.path:
        webhook = call.guild.put_webhook(replace(webhook, channel=str(call.body["channel_id"])))
    return ok(call.guild.wire.webhook(webhook))


def delete(call: Call) -> Answer:
    webhook = call.webhook()
    if "webhook_token" not in call.path:
        call.channel("MANAGE_WEBHOOKS", given=webhook.channel)
    del call.guild.webhooks[webhook.id]
    call.guild.tell_webhooks(call.guild.channels[webhook.channel])
    return DONE


# what a webhook, or an interaction's token, says


def run(call: Call) -> Answer:
    if (interaction := _interaction(call)) is not None:
        return _follow_up(call, interaction)
    webhook = call.webhook()
    place = call.guild.channels.get(webhook.channel)
    if place is None:
        raise ApiError(10015)
    note_unknown(call, "webhook")
    if "username" in call.body and call.body["username"] is not None:
        overlay.check_webhook_name(call.body["username"], "username")
    overlay.check_message(call.body, call.files)
    target, starter = _target(call, place)
    blank = Message(
        starter or call.guild.snowflakes.next(),
        target.id,
        webhook.id,
        str(call.body.get("username") or webhook.name),
        webhook=webhook.id,
        application=webhook.application,
        avatar_url=call.body.get("avatar_url"),
    )
    message = call.guild.post(filled(call.guild, blank, call.body, call.files))
    return ok(call.guild.wire.message(message)) if call.query.get("wait") in ("true", "1", "True") else DONE


def _target(call: Call, place: Channel) -> tuple[Channel, str | None]:
    """Where the message goes, and its id where it starts a forum post."""
    thread_id, title = call.query.get("thread_id"), call.body.get("thread_name")
    if thread_id and title:
        raise ApiError(220002)
    if thread_id:
        thread = call.guild.channels.get(thread_id)
        if thread is None or thread.parent != place.id:
            raise ApiError(10003)
        if thread.id in call.guild.without_starter:
            raise ApiError(40058)
        if thread.archived and thread.locked:
            raise ApiError(50083)
        return thread, None
    if place.kind != "forum":
        if title:
            raise ApiError(220003)
        return place, None
    if not title:
        raise ApiError(220001)
    overlay.check_name(title)
    tags = applied_tags(place, call.body.get("applied_tags"))
    post = call.guild.begin_thread(place, str(title), call.app.bot_user_id, applied_tags=tags)
    return post, post.id


def _follow_up(call: Call, interaction: Interaction) -> Answer:
    overlay.check_message(call.body, call.files)
    message = interaction_answers.follow_up(call.guild, interaction, call.body, call.files)
    return ok(call.guild.wire.message(message))


def read(call: Call) -> Answer:
    return ok(call.guild.wire.message(_said(call)))


def edit(call: Call) -> Answer:
    message = _said(call)
    if message.flags & LOADING:
        note_unknown(call, "webhook edit")
        overlay.check_message(call.body, call.files)
        return ok(call.guild.wire.message(interaction_answers.fulfil(call.guild, message, call.body, call.files)))
    channel = call.guild.channels[message.channel]
    return ok(call.guild.wire.message(edited(call, channel, message, kind="webhook edit")))


def take_back(call: Call) -> Answer:
    call.guild.remove(_said(call))
    return DONE


def _said(call: Call) -> Message:
    """A message of this webhook or of this interaction."""
    interaction = _interaction(call)
    message_id = call.path.get("message_id", "")
    if interaction is not None:
        return _answered(call, interaction, message_id)
    webhook = call.webhook()
    place = call.query.get("thread_id") or webhook.channel
    message = call.guild.message(place, message_id)
    if message is None or message.deleted or message.webhook != webhook.id:
        raise ApiError(10008)
    return message


def _answered(call: Call, interaction: Interaction, message_id: str) -> Message:
    if message_id in ("", "@original"):
        message = interaction_answers.find_original(call.guild, interaction)
    else:
        message = call.guild.message(interaction.channel, message_id) or call.guild.ephemeral(message_id)
    known = message is not None and not message.deleted
    if message is None or not known or not _belongs(message, interaction):
        raise ApiError(10008)
    return message


def _belongs(message: Message, interaction: Interaction) -> bool:
    """Whether the token may touch this message: its answers, and the message whose button it was."""
    own = message.interaction is not None and message.interaction["id"] == interaction.id
    return own or message.id == interaction.source


def _interaction(call: Call) -> Interaction | None:
    """The interaction whose token this is; its clock decides whether the token is still good."""
    if call.path["webhook_id"] != call.app.application_id:
        return None
    interaction = call.guild.interactions.find(call.path["webhook_token"])
    if interaction is None or interaction.ack is None:
        raise ApiError(10015)
    if call.guild.interactions.over(interaction):
        raise ApiError(50027)
    return interaction


HOOK = "/webhooks/{webhook_id}/{webhook_token}"
ROUTES = {
    ("POST", "/channels/{channel_id}/webhooks"): create,
    ("GET", "/channels/{channel_id}/webhooks"): of_channel,
    ("GET", "/guilds/{guild_id}/webhooks"): of_guild,
    ("GET", "/webhooks/{webhook_id}"): look,
    ("PATCH", "/webhooks/{webhook_id}"): change,
    ("DELETE", "/webhooks/{webhook_id}"): delete,
    ("GET", HOOK): look,
    ("PATCH", HOOK): change,
    ("DELETE", HOOK): delete,
    ("POST", HOOK): run,
    ("GET", HOOK + "/messages/@original"): read,
    ("PATCH", HOOK + "/messages/@original"): edit,
    ("DELETE", HOOK + "/messages/@original"): take_back,
    ("GET", HOOK + "/messages/{message_id}"): read,
    ("PATCH", HOOK + "/messages/{message_id}"): edit,
    ("DELETE", HOOK + "/messages/{message_id}"): take_back,
}
