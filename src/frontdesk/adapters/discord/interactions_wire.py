"""What Discord sends of an interaction, as far as the desk reads it; everything else in a payload is let pass."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from frontdesk.adapters.discord.wire import Member, Snowflake, User


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Envelope(_Wire):
    """Enough to answer."""

    id: Snowflake
    token: Annotated[str, Field(min_length=1)]
    type: int


class Actor(Member):
    """A member of a server who did something."""

    user: User | None = None


class Channel(_Wire):
    id: Snowflake
    type: int
    parent_id: Snowflake | None = None


class Source(_Wire):
    """The message that a pressed button stands below."""

    id: Snowflake


class Resolved(_Wire):
    messages: dict[str, dict[str, Any]] = Field(default_factory=dict)


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
    member: Actor | None = None
    user: User | None = None
    message: Source | None = None
    context: int | None = None
    app_permissions: str | None = None
    """What the desk may do there, as a number."""
