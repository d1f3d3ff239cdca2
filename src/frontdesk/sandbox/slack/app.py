"""Who the app under test is in this workspace: ids, tokens, granted scopes, subscribed events."""

from dataclasses import dataclass, field

BOT_EVENTS = frozenset(
    (
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "app_home_opened",
        "app_context_changed",
        "agent_session_stopped",
        "agent_session_title_changed",
        "reaction_added",
        "reaction_removed",
        "member_joined_channel",
        "member_left_channel",
        "channel_archive",
        "channel_deleted",
        "channel_id_changed",
        "channel_shared",
        "channel_unshared",
        "user_change",
        "tokens_revoked",
        "app_uninstalled",
    )
)


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
    events: set[str] = field(default_factory=lambda: set(BOT_EVENTS))
    base_url: str = ""
