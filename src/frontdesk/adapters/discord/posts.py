"""Forum posts: tickets as posts in staff's queue, and customers' posts that are marked solved."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from frontdesk.adapters.discord import escaping
from frontdesk.adapters.discord.api import DiscordApi, Json, Refused
from frontdesk.adapters.discord.channels import Channels, Facts
from frontdesk.adapters.discord.tries import Try, print_of
from frontdesk.domain.messages import MessageRef, Thread
from frontdesk.domain.tickets import Card, Ticket

NOT_VALID = 50035
MOST_TAGS, MOST_APPLIED = 20, 5
STATUS = {"queued": "waiting", "claimed": "in work", "resolved": "closed"}
ARCHIVE_AFTER = 10_080
"""Minutes; an open ticket stays in sight for a week."""


class Posts:
    """One post for each ticket; what changes is shown by tags, because names may change twice in ten minutes only."""

    def __init__(self, api: DiscordApi, channels: Channels) -> None:
        self._api = api
        self._channels = channels
        self._making_tags = asyncio.Lock()
        """Tags are changed all at once, so that two changes side by side would take back each other's."""

    async def create(self, forum: str, card: Card, payload: Json) -> str:
        """The post's id, which is that of its first message. Raises Retry, Ambiguous or Refused."""
        body: Json = {
            "name": title(card.ticket),
            "auto_archive_duration": ARCHIVE_AFTER,
            "applied_tags": await self._tags(forum, _wanted(card.ticket)),
            "message": payload,
        }
        post = partial(self._api.call, "POST", "/channels/{channel_id}/threads", channel_id=forum, once=True)
        try:
            made: Any = await post(body=body)
        except Refused as refused:
            if refused.code != NOT_VALID:
                raise
            # Discord may take offence at a customer's words in a name; the ticket must be seen all the same.
            made = await post(body={**body, "name": f"#{card.ticket.number}"})
        facts = self._channels.heard(made)
        return facts.id if facts else str(made["id"])

    async def show(self, post: str, card: Card) -> None:
        """The ticket's state as tags; a closed one leaves the list. Raises Retry or Refused."""
        facts = await self._channels.facts(post)
        tags = await self._tags(facts.parent or "", _wanted(card.ticket))
        await self._change(facts, tags, archived=not card.ticket.is_open)

    async def solved(self, post: str, tag: str, *, solved: bool) -> None:
        """A customer's post: the forum's own tag for solved ones, and out of the list. Raises Retry or Refused."""
        facts = await self._channels.asked(post)
        forum = await self._channels.asked(facts.parent or "")
        known = [number for number, name in forum.tags if name.casefold() == tag.casefold()]
        tags = [number for number in facts.applied if number not in known]
        if solved:
            tags = [*tags[: MOST_APPLIED - len(known)], *known]
        await self._change(facts, tags, archived=solved)

    async def ours(self, thread: Thread, tried: Try) -> tuple[MessageRef, ...]:
        """The post that was tried then, if it is there. Raises Retry or Refused."""
        active: Any = await self._api.call("GET", "/guilds/{guild_id}/threads/active", guild_id=thread.community)
        for told in active.get("threads") or ():
            facts = self._channels.heard(told, thread.community)
            if facts is None or facts.parent != thread.channel or facts.owner != self._api.identified.user:
                continue
            if int(facts.id) <= int(tried.since):
                continue
            message: Any = await self._api.call(
                "GET", "/channels/{channel_id}/messages/{message_id}", channel_id=facts.id, message_id=facts.id
            )
            if tried.parts and print_of(message) == tried.parts[0]:
                return (MessageRef(thread=thread, id=facts.id),)
        return ()

    async def _change(self, facts: Facts, tags: Sequence[str], *, archived: bool) -> None:
        wanted: Json = {}
        if list(tags) != list(facts.applied):
            wanted["applied_tags"] = list(tags)
        if archived != facts.archived:
            wanted["archived"] = archived
        if not wanted or facts.locked:
            return  # what moderators locked stays as they left it
        if facts.archived and archived:
            # Only an open post can be changed.
            await self._api.call("PATCH", "/channels/{channel_id}", channel_id=facts.id, body={"archived": False})
            wanted["archived"] = True
        told = await self._api.call("PATCH", "/channels/{channel_id}", channel_id=facts.id, body=wanted)
        self._channels.heard(told, facts.guild)

    async def _tags(self, forum: str, names: Sequence[str]) -> list[str]:
        """Ids of the tags with these names; those that are missing are added, as long as there is room."""
        known = _by_name(await self._channels.facts(forum))
        if any(name.casefold() not in known for name in names):
            async with self._making_tags:
                known = _by_name(await self._with_tags(forum, names))
        return [known[name.casefold()] for name in names if name.casefold() in known][:MOST_APPLIED]

    async def _with_tags(self, forum: str, names: Sequence[str]) -> Facts:
        """The forum with these tags, as far as there is room and we may; all others stay as they are."""
        told: Any = await self._api.call("GET", "/channels/{channel_id}", channel_id=forum)
        facts = self._channels.heard(told) or Facts(id=forum, kind="other")
        known = _by_name(facts)
        missing = [name for name in names if name.casefold() not in known][: MOST_TAGS - len(facts.tags)]
        if not missing:
            return facts
        # Whole, because what a tag does not say of itself is taken from it: its emoji, and who may use it.
        wanted = [*(told.get("available_tags") or ()), *({"name": name} for name in missing)]
        try:
            told = await self._api.call(
                "PATCH", "/channels/{channel_id}", channel_id=forum, body={"available_tags": wanted}
            )
        except Refused:
            return facts  # without the right to manage the forum its own tags must do
        return self._channels.heard(told, facts.guild) or facts


def _by_name(forum: Facts) -> dict[str, str]:
    return {name.casefold(): number for number, name in forum.tags}


def _wanted(ticket: Ticket) -> list[str]:
    owner = [escaping.tidy(ticket.assignee.name or ticket.assignee.id)[:20]] if ticket.assignee else []
    return [STATUS[ticket.status], ticket.priority, *owner]


def title(ticket: Ticket) -> str:
    """What never changes of a ticket, as a name."""
    name = f"#{ticket.number} · {' '.join(escaping.tidy(ticket.wants).split())}"
    return name if len(name) <= 100 else f"{name[:99]}…"
