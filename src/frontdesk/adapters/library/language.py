"""Which language a few words are in."""

from collections.abc import Container
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_SURE = 0.6


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def load() -> None:
    """Read the identifier's model now rather than at the first question: it takes a moment."""
    _identifier()


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
