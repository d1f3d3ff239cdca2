"""The people a desk talks with."""

from frontdesk.domain.ids import Platform
from frontdesk.domain.value import Value


class Person(Value):
    """Somebody as the platform knows them; never as a model or a message claims."""

    platform: Platform
    """Where this identity comes from."""
    community: str
    """The workspace or server the person belongs to (for a Slack Connect customer: their own)."""
    id: str
    """The platform's id, unique within the community."""
    name: str = ""
    """What people there call them; may be empty until it was looked up."""
    image: str | None = None
    """Address of their picture."""

    @property
    def key(self) -> str:
        """One string for this identity."""
        return f"{self.platform}:{self.community}:{self.id}"

    def is_same(self, other: "Person | None") -> bool:
        """The same identity, whatever name and picture say today."""
        return other is not None and self.key == other.key
