"""Finds the passages that speak of a question, and says how much of the question they speak of."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import bm25s
import numpy as np
import numpy.typing as npt
from bm25s.tokenization import Tokenized
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from frontdesk.adapters.library.words import Stems, is_filler, words
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Audience, Found

TITLE_WEIGHT: Final = 2
"""How often a word of the title counts."""

OWN_LANGUAGE: Final = 1.25
"""What a passage gains by being in the question's language."""

COVERAGE_WEIGHT: Final = 0.5
"""Share of the rank that depends on how much of the question a passage covers, rather than how loudly."""

CANDIDATES: Final = 50

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class Index:
    """One edition of the articles, ready to be searched; never changes."""

    def __init__(self, version: str | None, articles: Sequence[Article]) -> None:
        self.version = version
        self.articles: frozenset[ArticleId] = frozenset(article.id for article in articles)
        self._stems = Stems()
        shelved = [(article, passage) for article in articles for passage in article.passages]
        self._passages = [passage for _, passage in shelved]
        self._public = np.array([article.audience == "public" for article, _ in shelved], dtype=np.float32)
        self._language = np.array([article.language for article, _ in shelved], dtype=np.str_)
        self._sizes: Mapping[str, int] = Counter(article.language for article, _ in shelved)
        """How many passages there are in each language."""
        self._ids: dict[tuple[str, str], int] = {}
        """Each language's terms; `die` in German and in English are two."""
        terms = [self._count(article.language, passage.title, passage.text) for article, passage in shelved]
        self._terms: list[Ints] = [np.unique(np.array(t, dtype=np.int32)) for t in terms]
        self._idf = self._rarity()
        self._bm25 = _ranking(terms, len(self._ids))
        self._identifier = _identifier(self._sizes)

    def search(self, query: str, audience: Audience = "public", limit: int = 6) -> Sequence[Found]:
        """Best first; nothing that shares no word with the question."""
        asked = list(dict.fromkeys(words(query)))
        if self._bm25 is None or not asked or limit < 1:
            return ()
        language = self._language_of(query)
        known = {spoken: self._known(asked, spoken, language) for spoken in self._sizes}
        ids = [number for terms in known.values() for number, _ in terms if number is not None]
        if not ids:
            return ()
        weights = np.where(self._language == language, np.float32(OWN_LANGUAGE), np.float32(1))
        if audience == "public":
            weights = weights * self._public
        scores: Floats = self._bm25.get_scores(ids, weight_mask=weights)
        found = [self._found(place, float(scores[place]), known) for place in _best(scores, max(CANDIDATES, limit))]
        return sorted(found, key=lambda f: -f.score)[:limit]

    def _found(self, place: int, score: float, known: Mapping[str, Sequence[tuple[int | None, float]]]) -> Found:
        asked = known[str(self._language[place])]
        held = self._terms[place]
        all_of_it = sum(rarity for _, rarity in asked)
        spoken_of = sum(rarity for number, rarity in asked if number is not None and _in(held, number))
        coverage = spoken_of / all_of_it if all_of_it else 0.0
        rank = score * (1 - COVERAGE_WEIGHT + COVERAGE_WEIGHT * coverage)
        return Found(passage=self._passages[place], score=rank, coverage=coverage)

    def _known(self, asked: Iterable[str], spoken: str, language: str) -> list[tuple[int | None, float]]:
        """The question's terms as passages in one language have them: number and rarity, None for an unheard one."""
        telling = [word for word in asked if not is_filler(word, spoken) and not is_filler(word, language)]
        stems = dict.fromkeys(self._stems.of(word, spoken) for word in telling)
        unheard = _idf(self._sizes[spoken], 0)
        numbers = [self._ids.get((spoken, stem)) for stem in stems]
        return [(n, unheard if n is None else float(self._idf[n])) for n in numbers]

    def _count(self, language: str, title: str, text: str) -> list[int]:
        ids = self._ids
        stem = self._stems.of
        counted = []
        for part, weight in ((title, TITLE_WEIGHT), (text, 1)):
            for word in words(part):
                if not is_filler(word, language):
                    counted += [ids.setdefault((language, stem(word, language)), len(ids))] * weight
        return counted

    def _rarity(self) -> Floats:
        held = Counter(int(number) for terms in self._terms for number in terms)
        rarity = [_idf(self._sizes[language], held[number]) for (language, _), number in self._ids.items()]
        return np.array(rarity, dtype=np.float32)

    def _language_of(self, query: str) -> str:
        """Which of the articles' languages the question is most likely in."""
        if len(self._sizes) == 1:
            return next(iter(self._sizes))
        ranked = self._identifier.rank(query) if self._identifier else ()
        return next((str(language) for language, _ in ranked if language in self._sizes), "")


def _ranking(terms: Sequence[Sequence[int]], vocabulary: int) -> Any | None:
    """None where there is nothing to rank, which the library would refuse."""
    if not vocabulary:
        return None
    ranking = bm25s.BM25()
    ranking.index(Tokenized(ids=terms, vocab={str(n): n for n in range(vocabulary)}), show_progress=False)
    return ranking


def _identifier(sizes: Mapping[str, int]) -> Any | None:
    return LanguageIdentifier.from_model_file(MODEL_FILE) if len(sizes) > 1 else None


def _best(scores: Floats, most: int) -> Sequence[int]:
    """Places of the highest scores above zero, best first."""
    top = np.argpartition(scores, -most)[-most:] if len(scores) > most else np.arange(len(scores))
    ordered = top[np.argsort(-scores[top], kind="stable")]
    return [int(place) for place in ordered if scores[place] > 0]


def _in(sorted_numbers: Ints, number: int) -> bool:
    at = int(np.searchsorted(sorted_numbers, number))
    return at < len(sorted_numbers) and int(sorted_numbers[at]) == number


def _idf(passages: int, holding: int) -> float:
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
