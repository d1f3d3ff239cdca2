"""Settings: what is given, and from where."""

import pytest

from frontdesk.settings import load_settings


def test_given_settings_take_nothing_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://production.example")

    assert load_settings({"FRONTDESK_MODEL": "given"}).store.url is None


def test_without_given_settings_the_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://production.example")

    url = load_settings().store.url

    assert url is not None
    assert url.get_secret_value() == "redis://production.example"
