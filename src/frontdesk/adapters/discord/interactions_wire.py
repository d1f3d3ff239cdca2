"""What Discord sends of an interaction, as far as the desk reads it; everything else in a payload is let pass."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Snowflake = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Envelope(_Wire):
    """Enough to answer."""

    id: Snowflake
    token: Annotated[str, Field(min_length=1)]
    type: int


class User(_Wire):
    id: Snowflake
    username: str = ""
    global_name: str | None = None
    bot: bool = False


class Member(_Wire):
    user: User | None = None
    nick: str | None = None


class Channel(_Wire):
    id: Snowflake
    type: int
    parent_id: Snowflake | None = None


class Source(_Wire):
    """The message that a pressed button stands below."""

    id: Snowflake


class Attachment(_Wire):
    id: Snowflake
    filename: str = ""
    content_type: str | None = None
    size: int = 0
    url: str = ""


class Target(_Wire):
    """The message that a menu was opened on."""

    id: Snowflake
    type: int = 0
    content: str = ""
    author: User
    attachments: tuple[Attachment, ...] = ()
    webhook_id: Snowflake | None = None


class Resolved(_Wire):
    messages: dict[str, Target] = Field(default_factory=dict)


class Leaf(_Wire):
    """An option with what was typed for it."""

    name: str
    value: str | int | float | bool | None = None
    focused: bool = False


class Option(Leaf):
    """An option, or a subcommand with its own."""

    type: int
    options: tuple[Leaf, ...] = ()


class Command(_Wire):
    name: str
    type: int = 1
    options: tuple[Option, ...] = ()
    target_id: Snowflake | None = None
    resolved: Resolved = Resolved()


class Component(_Wire):
    custom_id: str
    component_type: int


class Form(_Wire):
    custom_id: str
    components: tuple[dict[str, Any], ...] = ()


class Interaction(Envelope):
    data: dict[str, Any] = Field(default_factory=dict)
    guild_id: Snowflake | None = None
    channel: Channel
    member: Member | None = None
    user: User | None = None
    message: Source | None = None
    context: int | None = None
