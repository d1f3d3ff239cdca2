"""The local Discord's rate limits, request by request."""

import pytest

from frontdesk.sandbox.discord.limits import CALLBACK, MESSAGE, MESSAGES, WEBHOOK, Limits, Verdict

APP = "1100000000000000001"
CHANNEL = "/channels/{channel_id}"


@pytest.fixture
def limits() -> Limits:
    return Limits(APP)


def allowed(limits: Limits, method: str, template: str, major: str, *, at: float = 100.0, times: int = 1) -> int:
    """How many of so many requests are let through."""
    return sum(limits.check(method, template, major, at, True).refused is None for _ in range(times))


def test_headers_count_down_and_tell_when_the_bucket_is_full_again(limits: Limits) -> None:
    first = limits.check("PATCH", MESSAGE, "1", 100.0, True).headers
    assert first["X-RateLimit-Limit"] == "5"
    assert first["X-RateLimit-Remaining"] == "4"
    assert first["X-RateLimit-Reset"] == "105.000"
    assert first["X-RateLimit-Reset-After"] == "5.000"
    assert first["Via"]
    second = limits.check("PATCH", MESSAGE, "1", 102.0, True).headers
    assert (second["X-RateLimit-Remaining"], second["X-RateLimit-Reset-After"]) == ("3", "3.000")


def test_five_edits_in_five_seconds_in_each_channel(limits: Limits) -> None:
    assert allowed(limits, "PATCH", MESSAGE, "one", times=7) == 5
    assert allowed(limits, "PATCH", MESSAGE, "two", times=7) == 5
    assert allowed(limits, "PATCH", MESSAGE, "one", at=104.9) == 0
    assert allowed(limits, "PATCH", MESSAGE, "one", at=105.0) == 1


def test_a_refusal_says_how_long_and_why(limits: Limits) -> None:
    allowed(limits, "POST", MESSAGES, "1", times=5)
    verdict = limits.check("POST", MESSAGES, "1", 101.5, True)
    assert verdict.refused == {"message": "You are being rate limited.", "retry_after": 3.5, "global": False}
    assert verdict.scope == verdict.headers["X-RateLimit-Scope"] == "user"
    assert verdict.headers["Retry-After"] == "4"
    assert verdict.headers["X-RateLimit-Remaining"] == "0"
    assert "X-RateLimit-Global" not in verdict.headers
    assert limits.refusals == [(101.5, "POST", MESSAGES, "user")]


def test_routes_have_buckets_of_their_own(limits: Limits) -> None:
    def bucket(method: str, template: str) -> str:
        return limits.check(method, template, "1", 100.0, True).headers["X-RateLimit-Bucket"]

    assert bucket("POST", MESSAGES) != bucket("PATCH", MESSAGE) != bucket("DELETE", MESSAGE)
    assert bucket("PUT", MESSAGE + "/reactions/{emoji_name}/@me") == bucket(
        "DELETE", MESSAGE + "/reactions/{emoji_name}/@me"
    )
    limits.edits_share_with_posts = True
    assert bucket("POST", MESSAGES) == bucket("PATCH", MESSAGE)


def test_fifty_a_second_over_all_channels(limits: Limits) -> None:
    through = sum(allowed(limits, "POST", MESSAGES, str(channel)) for channel in range(60))
    assert through == 50
    verdict = limits.check("POST", MESSAGES, "61", 100.25, True)
    assert verdict.refused == {"message": "You are being rate limited.", "retry_after": 0.75, "global": True}
    assert verdict.headers["X-RateLimit-Global"] == "true"
    assert verdict.scope == "global"
    assert allowed(limits, "POST", MESSAGES, "61", at=101.0) == 1


def test_interactions_are_outside_the_global_limit(limits: Limits) -> None:
    limits.per_second = 1
    allowed(limits, "POST", MESSAGES, "1")
    for number in range(20):
        assert allowed(limits, "POST", CALLBACK, f"{number}/token") == 1
        assert allowed(limits, "POST", WEBHOOK, f"{APP}/{number}") == 1
    assert allowed(limits, "POST", MESSAGES, "2") == 0


def test_what_comes_without_a_token_is_counted_apart(limits: Limits) -> None:
    limits.per_second = 1
    assert limits.check("POST", MESSAGES, "1", 100.0, True).refused is None
    assert limits.check("POST", WEBHOOK, "1/x", 100.0, False).refused is None
    assert limits.check("POST", WEBHOOK, "2/x", 100.0, False).refused is not None


def test_a_webhook_has_five_in_two_seconds_and_thirty_a_minute(limits: Limits) -> None:
    assert allowed(limits, "POST", WEBHOOK, "1/x", times=6) == 5
    later = [allowed(limits, "POST", WEBHOOK, "1/x", at=102.0 + 2 * number, times=5) for number in range(6)]
    assert later == [5, 5, 5, 5, 5, 0]
    assert limits.check("POST", WEBHOOK, "1/x", 150.0, False).refused is not None
    assert allowed(limits, "POST", WEBHOOK, "1/x", at=160.0) == 1


def test_a_name_changes_twice_in_ten_minutes(limits: Limits) -> None:
    assert [limits.check_rename("1", at).refused is None for at in (100.0, 200.0, 300.0, 699.9, 700.0)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    refused = Limits(APP)
    for _ in range(3):
        verdict: Verdict = refused.check_rename("1", 100.0)
    assert verdict.refused is not None
    assert verdict.refused["retry_after"] == 600.0
    assert allowed(limits, "PATCH", CHANNEL, "1") == 1


def test_ten_thousand_invalid_requests_are_a_ban(limits: Limits) -> None:
    for number in range(9_999):
        limits.answered((401, 403, 429)[number % 3], 100.0)
    limits.answered(429, 100.0, "shared")
    limits.answered(404, 100.0)
    assert limits.invalid_requests(100.0) == 9_999
    assert allowed(limits, "GET", "/users/@me", "") == 1
    limits.answered(403, 100.0)
    verdict = limits.check("GET", "/users/@me", "", 101.0, True)
    assert verdict.refused is not None
    assert "Via" not in verdict.headers
    assert verdict.headers["Retry-After"] == "3599"
    assert limits.check("POST", CALLBACK, "1/x", 101.0, False).refused is not None
    assert allowed(limits, "GET", "/users/@me", "", at=3700.0) == 1


def test_invalid_requests_are_forgotten_after_ten_minutes(limits: Limits) -> None:
    for number in range(20_000):
        limits.answered(401, number / 10)
    assert limits.invalid_requests(2000.0) == 5_999
    assert allowed(limits, "GET", "/users/@me", "", at=2000.0) == 1


def test_refusals_are_invalid_requests_themselves(limits: Limits) -> None:
    allowed(limits, "POST", MESSAGES, "1", times=8)
    assert limits.invalid_requests(100.0) == 3


def test_a_test_may_switch_limits_off_or_make_them_generous(limits: Limits) -> None:
    limits.generosity = 2
    assert allowed(limits, "PATCH", MESSAGE, "1", times=20) == 10
    limits.enforced = False
    assert allowed(limits, "PATCH", MESSAGE, "1", times=100) == 100
    assert limits.check("PATCH", MESSAGE, "1", 100.0, True).headers["X-RateLimit-Remaining"] == "10"
    limits.enforced = True
    limits.set("PATCH", MESSAGE, 1, 60.0)
    assert allowed(limits, "PATCH", MESSAGE, "1", at=200.0, times=100) == 2
