"""Text to the terms that search compares: one form for each word of a language, bigrams where words have no gaps."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

import Stemmer
from bm25s import stopwords

_STEMMERS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian",
    "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip

_STOPWORDS: Final = {
    "da": stopwords.STOPWORDS_DANISH, "de": stopwords.STOPWORDS_GERMAN, "en": stopwords.STOPWORDS_EN_PLUS,
    "es": stopwords.STOPWORDS_SPANISH, "fr": stopwords.STOPWORDS_FRENCH, "it": stopwords.STOPWORDS_ITALIAN,
    "nl": stopwords.STOPWORDS_DUTCH, "no": stopwords.STOPWORDS_NORWEGIAN, "nb": stopwords.STOPWORDS_NORWEGIAN,
    "pt": stopwords.STOPWORDS_PORTUGUESE, "ru": stopwords.STOPWORDS_RUSSIAN, "sv": stopwords.STOPWORDS_SWEDISH,
    "tr": stopwords.STOPWORDS_TURKISH,
}  # fmt: skip

_ASKING: Final = {
    "en": "hi hello hey please thanks thank help want need like would could know tell let question right get got still "
    "also really anyone someone something anything way possible many much long yet already may might shall us "
    "see find show take takes work works happen happens mean means come came try tried whats wheres hows pls plz",
    "de": "hallo hi bitte danke brauche brauchen möchte möchten geht gehen gibt hätte gern gerne frage hilfe helfen "
    "wissen sagen eigentlich schon mal habt darf wann warum wieso viele lange finde bekomme bekommen heißt "
    "dauert dauern funktioniert kommt",
    "fr": "bonjour salut merci svp veux voudrais besoin peux puis faire fait aide question savoir dire comment combien "
    "quand pourquoi encore déjà toujours quelque chose",
    "es": "hola gracias favor quiero quisiera necesito puedo puede hacer ayuda pregunta saber decir cómo cuánto cuándo "
    "dónde todavía ya alguien algo",
}
"""Words with which people ask, whatever they ask about."""

LONGEST: Final = 64
"""Letters of a word that are looked at; what is longer was not written by a person."""

_CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN: Final = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*")
_IS_CJK: Final = re.compile(rf"[{_CJK}]")


def words(text: str) -> Iterator[str]:
    """The words of a text, case and width folded; runs without gaps as overlapping pairs of characters."""
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = match[0]
        if not _IS_CJK.match(run):
            yield run.replace("’", "'")[:LONGEST]
        elif len(run) == 1:
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def is_filler(word: str, language: str) -> bool:
    """Whether the word says nothing about what a text in this language is about."""
    return word in _fillers(language)


class Stems:
    """The stemmers at work; one per index, because they must not be shared between threads."""

    def __init__(self) -> None:
        self._stemmers: dict[str, Stemmer.Stemmer | None] = {}

    def of(self, word: str, language: str) -> str:
        """The word without its endings; as it is in a language that no stemmer is known for."""
        if _IS_CJK.match(word):
            return word
        if language not in self._stemmers:
            name = _STEMMERS.get(language)
            self._stemmers[language] = Stemmer.Stemmer(name) if name else None
        stemmer = self._stemmers[language]
        return str(stemmer.stemWord(word)) if stemmer else word


@cache
def _fillers(language: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in (*_STOPWORDS.get(language, ()), *_ASKING.get(language, "").split()))
