"""What Discord sends, as far as the desk reads it; everything else in a payload is let pass."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Snowflake = Annotated[str, Field(pattern=r"^\d{1,20}$", coerce_numbers_to_str=True)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(_Wire):
    id: Snowflake
    username: str | None = None
    global_name: str | None = None
    avatar: str | None = None
    bot: bool | None = None
    system: bool | None = None


class Member(_Wire):
    nick: str | None = None
    avatar: str | None = None
    permissions: str | None = None


class Mentioned(User):
    member: Member | None = None


class File(_Wire):
    id: Snowflake
    filename: str | None = None
    content_type: str | None = None
    size: int | None = None
    url: str | None = None


class Snapshot(_Wire):
    """What a forwarded message said."""

    content: str | None = None
    attachments: tuple[File, ...] | None = None


class Forwarded(_Wire):
    message: Snapshot = Snapshot()


class Sticker(_Wire):
    name: str | None = None


class Message(_Wire):
    """`MESSAGE_CREATE` and `MESSAGE_UPDATE`."""

    id: Snowflake
    channel_id: Snowflake
    guild_id: Snowflake | None = None
    author: User | None = None
    member: Member | None = None
    content: str | None = None
    type: int = 0
    webhook_id: Snowflake | None = None
    application_id: Snowflake | None = None
    edited_timestamp: str | None = None
    mentions: tuple[Mentioned, ...] | None = None
    attachments: tuple[File, ...] | None = None
    message_snapshots: tuple[Forwarded, ...] | None = None
    sticker_items: tuple[Sticker, ...] | None = None
    embeds: tuple[Any, ...] | None = None


class Deleted(_Wire):
    """`MESSAGE_DELETE` and `MESSAGE_DELETE_BULK`."""

    id: Snowflake | None = None
    ids: tuple[Snowflake, ...] = ()
    channel_id: Snowflake
    guild_id: Snowflake | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        return (self.id,) if self.id is not None else self.ids


class Tag(_Wire):
    id: Snowflake
    name: str = ""
    moderated: bool | None = None


class Overwrite(_Wire):
    id: Snowflake
    type: int = 0
    allow: str = "0"
    deny: str = "0"


class ThreadState(_Wire):
    archived: bool | None = None
    locked: bool | None = None


class Channel(_Wire):
    """A channel, a forum, a thread or a direct message channel."""

    id: Snowflake
    type: int
    guild_id: Snowflake | None = None
    parent_id: Snowflake | None = None
    name: str | None = None
    owner_id: Snowflake | None = None
    last_message_id: Snowflake | None = None
    available_tags: tuple[Tag, ...] | None = None
    applied_tags: tuple[Snowflake, ...] | None = None
    permission_overwrites: tuple[Overwrite, ...] | None = None
    thread_metadata: ThreadState | None = None


class Role(_Wire):
    id: Snowflake
    name: str = ""
    permissions: str = "0"


class Ready(_Wire):
    """`READY`, as far as it tells of servers."""

    guilds: tuple[Any, ...] = ()

    @property
    def servers(self) -> tuple[str, ...]:
        return tuple(str(guild["id"]) for guild in self.guilds if isinstance(guild, dict) and guild.get("id"))


class Guild(_Wire):
    """`GUILD_CREATE`; its channels and threads are read one by one, so that a strange one hides no other."""

    id: Snowflake


class ThreadList(_Wire):
    """`THREAD_LIST_SYNC`, whose threads are read one by one as well."""

    guild_id: Snowflake


class Left(_Wire):
    """`GUILD_MEMBER_REMOVE`."""

    guild_id: Snowflake
    user: User
