"""Which language a few words are in."""

from collections.abc import Container
from functools import cache
from threading import Lock
from typing import Any

_SURE = 0.6
_loading = Lock()
"""Held while the identifier is made, so that threads that want it at once do not each make one."""


@cache
def _made() -> Any:
    from py3langid.langid import (  # noqa: PLC0415 - with its model half a second, which no start waits for
        MODEL_FILE,
        LanguageIdentifier,
    )

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _identifier() -> Any:
    with _loading:
        return _made()


def load() -> None:
    """Read the identifier's model now rather than at the first question: it takes a moment."""
    _identifier()


def detected(text: str) -> str:
    """ISO 639-1 code of whichever language the text is most likely in."""
    code, _ = _identifier().classify(text)
    return str(code)


def most_likely(text: str, among: Container[str]) -> str:
    """Whichever of these languages the text is most likely in; empty when it is none that the identifier knows."""
    return next((str(code) for code, _ in _identifier().rank(text) if code in among), "")


def language_of(text: str) -> str:
    """ISO 639-1 code; empty when the words are too few to tell."""
    words = " ".join(text.split())
    if len(words) < 8:
        return ""
    code, probability = _identifier().classify(words[:2000])
    return str(code) if float(probability) >= _SURE else ""
