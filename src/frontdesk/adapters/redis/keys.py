"""The only place that knows what anything is called in Redis.

Keys of one shard carry one hash tag, so that each transition is one script also in a cluster. A conversation's shard
is chosen by its channel: what two conversations of one channel share (what was seen, who opened one) is in reach of one
script.
"""

from typing import Literal
from zlib import crc32

from frontdesk.domain.ids import ConversationId, Platform
from frontdesk.domain.messages import Thread

PERMANENT = ("fd:setup", "fd:ticket-number", "fd:{library}:current", "fd:{library}:edition:<current>", "fd:{N}:due")
"""Keys without a TTL. The present edition of the articles has none; `due` holds only conversations that live."""

SETUP = "fd:setup"
TICKET_NUMBER = "fd:ticket-number"
PROBE = "fd:probe"

LIBRARY_CURRENT = "fd:{library}:current"
LIBRARY_EDITION = "fd:{library}:edition:"

_PER_CONVERSATION = {
    "header": "h",  # HASH   home, epoch, owner, lease_until, attempts, stolen, first, committed
    "mailbox": "m",  # ZSET   key of an event -> the platform's order
    "payloads": "p",  # HASH   key of an event -> the event
    "journal": "j",  # HASH   step of the running turn -> record
    "transcript": "t",  # LIST   committed entries
    "link": "link",  # STRING the conversation that what is written here belongs to
}
_PER_SHARD = {
    "due": "due",  # ZSET   conversation -> when it is next due (ms): work, retry, end of lease, wake
    "bell": "bell",  # LIST   due times (ms), so that a waiting worker need not poll
    "news": "news",  # channel: conversations that something arrived for while they were held
    "traces": "traces",  # LIST   newest first
    "tickets": "tickets",  # HASH   number of an open ticket -> index record
    "seen": "seen",  # STRING per event id, followed by channel and id: where the event went
    "opened": "opened",  # STRING per author, followed by channel and author: the conversation they last opened
}

OfConversation = Literal["header", "mailbox", "payloads", "journal", "transcript", "link"]
OfShard = Literal["due", "bell", "news", "traces", "tickets", "seen", "opened"]


def channel_of(conversation: str) -> str:
    """`platform:community:channel` of a conversation's id."""
    return ":".join(conversation.split(":", 3)[:3])


def place(thread: Thread) -> ConversationId:
    """What a thread is called where any place can stand, not only a conversation's home."""
    return thread.conversation


def shard_of(conversation: str, shards: int) -> int:
    return crc32(channel_of(conversation).encode()) % shards


def prefix(shard: int) -> str:
    return f"fd:{{{shard}}}:"


def of_conversation(shard: int, kind: OfConversation, conversation: str) -> str:
    return f"{prefix(shard)}{_PER_CONVERSATION[kind]}:{conversation}"


def of_shard(shard: int, kind: OfShard) -> str:
    return prefix(shard) + _PER_SHARD[kind]


def aside(platform: Platform) -> str:
    return f"fd:aside:{platform}"


def note(name: str) -> str:
    return f"fd:note:{name}"


def edition(version: str) -> str:
    return LIBRARY_EDITION + version


def names_for_scripts() -> str:
    """The same names in Lua; a script gets its shard's prefix as ARGV[1]."""
    lines = ["local shard = ARGV[1]"]
    for kind, name in _PER_CONVERSATION.items():
        lines.append(f"local function {kind}_of(conversation) return shard .. '{name}:' .. conversation end")
    for kind, name in _PER_SHARD.items():
        lines.append(f"local {kind}_key = shard .. '{name}'")
    return "\n".join(lines) + "\n"
