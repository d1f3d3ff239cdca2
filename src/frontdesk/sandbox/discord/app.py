"""Who the app under test is on this Discord: ids, token, keys, and the intents switched on in its portal."""

from dataclasses import dataclass, field
from functools import cached_property

from nacl.signing import SigningKey

PRIVILEGED_INTENTS = frozenset({"GUILD_MEMBERS", "GUILD_PRESENCES", "MESSAGE_CONTENT"})


@dataclass
class App:
    """Mutable on purpose: tests switch intents off and revoke the token."""

    application_id: str = "1100000000000000001"
    bot_user_id: str = "1100000000000000001"
    bot_name: str = "frontdesk"
    token: str = "sandbox.discord.token"  # noqa: S105 - opens nothing but this sandbox
    owner_id: str = "1100000000000000009"
    base_url: str = ""
    """`http://127.0.0.1:<port>`, once the port is known."""
    enabled_intents: set[str] = field(default_factory=lambda: set(PRIVILEGED_INTENTS))
    """The privileged intents switched on in the portal, by Discord's names; others are always allowed."""
    revoked: bool = False
    """The token was reset: every call answers 401 and IDENTIFY closes with 4004."""

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"{self.base_url.replace('http', 'ws', 1)}/gateway"

    @cached_property
    def signing_key(self) -> SigningKey:
        """Signs interactions that are delivered over HTTP."""
        return SigningKey(b"frontdesk-sandbox-interactions!!")

    @property
    def public_key(self) -> str:
        return self.signing_key.verify_key.encode().hex()
