"""Callbacks: the answers to interactions over REST, with their clocks."""

from frontdesk.sandbox.discord import interaction_answers
from frontdesk.sandbox.discord.call import DONE, Answer, Call, ok
from frontdesk.sandbox.discord.errors import ApiError
from frontdesk.sandbox.discord.values import Json


def callback(call: Call) -> Answer:
    interaction = call.guild.interactions.find(call.path["interaction_token"])
    if interaction is None or interaction.id != call.path["interaction_id"]:
        raise ApiError(10062)
    if interaction.ack is not None:
        raise ApiError(40060)
    if call.guild.interactions.too_late(interaction):
        raise ApiError(10062)
    message = interaction_answers.answer(call.guild, interaction, call.body, call.files)
    if call.query.get("with_response") not in ("true", "1", "True"):
        return DONE
    about: Json = {"id": interaction.id, "type": interaction.type}
    if message is None:
        return ok({"interaction": about})
    about |= {
        "response_message_id": message.id,
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral_for is not None,
    }
    whole: Json = {"interaction": about}
    if not message.loading:
        whole["resource"] = {"type": call.body["type"], "message": call.guild.wire.message(message)}
    return ok(whole)


ROUTES = {("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): callback}
