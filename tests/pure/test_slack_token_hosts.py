"""The token goes to Slack and to nobody else."""

import pytest

from frontdesk.adapters.slack.files import may_have_the_token

SLACK = "https://slack.com/api/"


@pytest.mark.parametrize(
    ("url", "api_url", "may"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png", SLACK, True),
        ("https://files.slack.com:443/x", SLACK, True),
        ("https://slack.com/files/x", SLACK, True),
        ("https://slack.com/files-pri/T1-F1/a.png", SLACK, True),
        ("https://slack.com/api/chat.postMessage?channel=C1&text=x", SLACK, False),
        ("https://slack.com/files/../api/conversations.history?channel=C1", SLACK, False),
        ("https://slack.com/files/%2e%2e/api/conversations.history", SLACK, False),
        ("https://slack.com/files/%252e%252e/api/conversations.history", SLACK, False),
        ("https://slack.com/files\\..\\api\\conversations.history", SLACK, False),
        ("https://slack.com//api/conversations.history", SLACK, False),
        ("https://slack.com/API/conversations.history", SLACK, False),
        ("https://slack.com/x", SLACK, False),
        ("http://127.0.0.1:8000/files/x", "http://127.0.0.1:8000/api/", True),
        ("http://127.0.0.1:8001/files/x", "http://127.0.0.1:8000/api/", False),
        ("http://files.slack.com/x", SLACK, False),
        ("https://files.slack.com.evil.example/x", SLACK, False),
        ("https://evil.example/files.slack.com", SLACK, False),
        ("https://files.slack.com@evil.example/x", SLACK, False),
        ("https://files.slack.com:8443/x", SLACK, False),
        ("//files.slack.com/x", SLACK, False),
        ("https://[broken/x", SLACK, False),
        ("", SLACK, False),
    ],
)
def test_the_token_goes_to_slacks_hosts_only(url: str, api_url: str, may: bool) -> None:
    assert may_have_the_token(url, api_url) is may
