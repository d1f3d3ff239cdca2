"""Makes a message show something else."""

from typing import Any

from frontdesk.adapters.slack.api import Refused, SlackApi
from frontdesk.adapters.slack.render import QUIET
from frontdesk.domain.messages import MessageRef

_FIXED_AT_BIRTH = frozenset({"username", "icon_url"})


async def edit(api: SlackApi, ref: MessageRef, arguments: dict[str, Any], within: float) -> None:
    """Safe to repeat. A stream that somebody left open is ended first. Raises Retry or Undeliverable."""
    changes = {key: value for key, value in arguments.items() if key not in _FIXED_AT_BIRTH}
    place = {"channel": ref.thread.channel, "ts": ref.id}
    try:
        await api.call("chat.update", within=within, **place, **changes, **QUIET)
    except Refused as refused:
        if refused.error != "streaming_state_conflict":
            raise
        await api.call("chat.stopStream", within=within, **place)
        await api.call("chat.update", within=within, **place, **changes, **QUIET)
