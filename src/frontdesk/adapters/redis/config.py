"""What the operator may say about where conversations are kept."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class RedisConfig(BaseModel):
    """Redis or Valkey; without a URL the desk starts a Valkey of its own in `data_dir`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr | None = None
    """`redis://`, `rediss://` or `unix://`; may hold a password, so it is never printed."""
    data_dir: Path = Path(".frontdesk")
    """Where the desk's own Valkey keeps its files; not used with a URL."""
    shards: int = Field(default=4, ge=1, le=256)
    """Over how many hash slots conversations are spread; fixed by the first process that uses a database."""
    lease_seconds: float = Field(default=15.0, gt=0)
    """How long a worker that says nothing keeps a conversation."""
    retention_days: float = Field(default=90.0, gt=0)
    """How long a conversation is kept after the last thing that happened in it."""
    seen_hours: float = Field(default=48.0, ge=24)
    """How long the desk remembers an event, to know it again when the platform repeats it."""
    most_settle_seconds: float = Field(default=3.0, ge=0)
    """A burst of messages is waited out no longer than this."""
    poll_seconds: float = Field(default=1.0, gt=0)
    """How often a worker looks for due conversations even if nothing rang."""
    timeout_seconds: float = Field(default=2.0, gt=0)
    """How long one command may take; platforms want their answer within three seconds."""
    most_connections: int = Field(default=64, ge=2)
    least_free_megabytes: int = Field(default=64, ge=0)
    """The desk's own Valkey does not start on a disk with less room than this."""
