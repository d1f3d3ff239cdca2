"""Who the app under test is in this workspace: ids, tokens, granted scopes, subscribed events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVENT_SCOPES: Mapping[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "app_home_opened": (),
    "app_context_changed": ("assistant:write",),
    "agent_session_stopped": ("chat:write",),
    "agent_session_title_changed": ("chat:write",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "member_joined_channel": ("channels:read", "groups:read", "mpim:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "channel_archive": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_id_changed": (),
    "channel_shared": ("channels:read", "groups:read"),
    "channel_unshared": ("channels:read", "groups:read"),
    "user_change": ("users:read",),
    "tokens_revoked": (),
    "app_uninstalled": (),
}
"""The events an app may subscribe to here, and the scopes of which it needs one."""


@dataclass(slots=True)
class App:
    """Mutable on purpose: tests take scopes and subscriptions away."""

    team_id: str = "TDESK"
    team_name: str = "Example Shop"
    app_id: str = "ADESK"
    bot_id: str = "BDESK"
    bot_user_id: str = "UDESK"
    bot_name: str = "frontdesk"
    bot_token: str = "xoxb-sandbox-bot"  # noqa: S105 - opens nothing but this sandbox
    app_token: str = "xapp-sandbox-app"  # noqa: S105
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105
    scopes: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=lambda: set(EVENT_SCOPES))
    base_url: str = ""
    revoked: bool = False
    """The app was uninstalled: every call is refused."""

    # What nobody could check on a live Slack; tests try both answers.
    streams_in_channels: bool = True
    """Some workspaces answer `channel_type_not_supported` outside direct messages."""
    agent_features: bool = True
    """Sessions and suggested prompts need a paid plan."""
    stream_limit_counts_idle_time: bool = False
    """Whether the five minutes of a stream start anew with every append."""
    client_msg_id_prevents_doubles: bool = False
    """Whether a second post with the same client_msg_id is recognised."""

    def hears(self, event: str) -> bool:
        """Whether Slack sends this event to the app at all."""
        needed = EVENT_SCOPES[event]
        return event in self.events and (not needed or bool(self.scopes.intersection(needed)))
