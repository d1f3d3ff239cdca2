"""A wrong setting is refused with its name and the mend."""

import pytest
from pydantic import ValidationError

from frontdesk.adapters.slack.config import SlackConfig

GOOD = {"bot_token": "xoxb-1", "app_token": "xapp-1"}


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"bot_token": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({"app_token": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"signing_secret": " "}, "SLACK_SIGNING_SECRET"),
        ({"api_url": "slack.com"}, "SLACK_API_URL"),
        ({"staff_channel": "#staff"}, "FRONTDESK_STAFF_CHANNEL"),
        ({"app_token": None}, "SLACK_APP_TOKEN"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, str | None], setting: str) -> None:
    with pytest.raises(ValidationError, match=setting):
        SlackConfig.model_validate(GOOD | changes)


def test_secrets_are_not_shown() -> None:
    assert "xoxb-1" not in repr(SlackConfig.model_validate(GOOD))


def test_an_address_ends_with_a_slash() -> None:
    assert SlackConfig.model_validate(GOOD | {"api_url": "http://127.0.0.1:1/api"}).api_url.endswith("/")
