"""Finds the passages that speak of a question, and says how much of the question they speak of."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import bm25s
import numpy as np
import numpy.typing as npt
from bm25s.tokenization import Tokenized

from frontdesk.adapters.library.alike import alike
from frontdesk.adapters.library.language import most_likely
from frontdesk.adapters.library.vocabulary import Vocabulary
from frontdesk.adapters.library.words import Stems, is_filler, words
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Audience, Found

TITLE_WEIGHT: Final = 2
"""How often a word of the title counts."""

OWN_LANGUAGE: Final = 1.5
"""What a passage gains by being in the question's language."""

COVERAGE_WEIGHT: Final = 0.5
"""Share of the rank that depends on how much of the question a passage covers, rather than how loudly."""

RELATED: Final = 0.6
"""What a related word is worth where the word itself is missing."""

LONGEST_QUESTION: Final = 4000
"""Characters of a question that are searched for."""

COMPOUNDING: Final = frozenset({"da", "de", "fi", "hu", "nb", "nl", "nn", "no", "sv"})
"""Languages that write compounds as one word."""

TITLED: Final = 1.0
"""What a passage gains when the whole question stands in its title."""

CANDIDATES: Final = 50
"""Passages that are looked at more closely."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class _Sought(NamedTuple):
    """One word of the question, as the passages of a language know it."""

    exact: tuple[int, ...]
    """Its own term; empty when no passage has it."""
    related: tuple[int, ...]
    rarity: float


class _Postings:
    """Which passages hold which term."""

    def __init__(self, terms: Sequence[Sequence[int]], vocabulary: int) -> None:
        numbers = [np.unique(np.array(held, dtype=np.int32)) for held in terms]
        places = np.repeat(np.arange(len(terms), dtype=np.int32), [len(held) for held in numbers])
        flat = np.concatenate(numbers) if numbers else np.zeros(0, dtype=np.int32)
        order = np.argsort(flat, kind="stable")
        self._places: Ints = places[order]
        self._starts: list[int] = np.searchsorted(flat[order], np.arange(vocabulary + 1)).tolist()

    def count(self, number: int) -> int:
        """How many passages hold the term."""
        return self._starts[number + 1] - self._starts[number]

    def heard(self, sought: Sequence[_Sought], candidates: Ints) -> npt.NDArray[np.float64]:
        """How much of what is sought each candidate speaks of, 0 to 1; the candidates are in ascending order."""
        heard = np.zeros(len(candidates))
        for term in sought:
            related = self._any(term.related, candidates) * RELATED
            heard += term.rarity * np.maximum(self._any(term.exact, candidates), related)
        return heard / max(sum(term.rarity for term in sought), 1e-9)

    def _any(self, numbers: Iterable[int], candidates: Ints) -> npt.NDArray[np.bool_]:
        """Which candidates hold one of the terms."""
        found = np.zeros(len(candidates), dtype=np.bool_)
        for number in numbers:
            holding = self._places[self._starts[number] : self._starts[number + 1]]
            if len(holding):
                found |= holding.take(holding.searchsorted(candidates), mode="clip") == candidates
        return found


class _Terms:
    """Numbers for the words of articles; `die` in German and `die` in English are two."""

    def __init__(self, stems: Stems) -> None:
        self.ids: dict[tuple[str, str], int] = {}
        self._stems = stems
        self._seen: dict[tuple[str, str], int | None] = {}
        """What became of each word; None for one that tells nothing."""

    def of(self, text: str, language: str) -> list[int]:
        numbers = (self._number(word, language) for word in words(text))
        return [number for number in numbers if number is not None]

    def _number(self, word: str, language: str) -> int | None:
        seen = (language, word)
        if seen not in self._seen:
            stem = (language, self._stems.of(word, language))
            self._seen[seen] = None if is_filler(word, language) else self.ids.setdefault(stem, len(self.ids))
        return self._seen[seen]


class Index:
    """One edition of the articles, ready to be searched; never changes."""

    def __init__(self, version: str | None, articles: Sequence[Article]) -> None:
        self.version = version
        self.articles: frozenset[ArticleId] = frozenset(article.id for article in articles)
        self._stems = Stems()
        shelved = [(article, passage) for article in articles for passage in article.passages]
        self._passages = [passage for _, passage in shelved]
        self._public = np.array([article.audience == "public" for article, _ in shelved], dtype=np.float32)
        languages = np.array([article.language for article, _ in shelved], dtype=np.str_)
        self._in = {str(language): languages == language for language in np.unique(languages)}
        """Which passages are in a language."""
        self._sizes: Mapping[str, int] = Counter(article.language for article, _ in shelved)
        """How many passages there are in each language."""
        terms = _Terms(self._stems)
        titles = [terms.of(passage.title, article.language) for article, passage in shelved]
        texts = [terms.of(passage.text, article.language) for article, passage in shelved]
        weighed = [title * TITLE_WEIGHT + text for title, text in zip(titles, texts, strict=True)]
        ids = terms.ids
        self._in_titles = _Postings(titles, len(ids))
        self._in_passages = _Postings(weighed, len(ids))
        self._rarity = self._rarities(ids)
        self._vocabularies = _vocabularies(ids)
        self._alike = {language: alike(language, self._stems) for language in self._sizes}
        self._bm25 = _ranking(weighed, len(ids))

    def search(self, query: str, audience: Audience = "public", limit: int = 6) -> Sequence[Found]:
        """Best first; nothing that shares no word with the question."""
        asked = list(dict.fromkeys(words(query[:LONGEST_QUESTION])))
        if self._bm25 is None or not asked or limit < 1:
            return ()
        language = self._language_of(query[:LONGEST_QUESTION])
        sought = {spoken: self._sought(asked, spoken, language) for spoken in self._sizes}
        weights = self._public.copy() if audience == "public" else np.ones(len(self._passages), dtype=np.float32)
        if language in self._in:
            weights[self._in[language]] *= np.float32(OWN_LANGUAGE)
        scores = weights * self._scores(sought)
        return self._ranked(scores, _best(scores, max(CANDIDATES, limit)), sought, limit)

    def _scores(self, sought: Mapping[str, Sequence[_Sought]]) -> Floats:
        """BM25 of every passage; related words count for less than the question's own."""
        exact = [number for terms in sought.values() for term in terms for number in term.exact]
        related = [number for terms in sought.values() for term in terms for number in term.related]
        scores = np.zeros(len(self._passages), dtype=np.float32)
        for numbers, worth in ((exact, 1.0), (related, RELATED)):
            if numbers and self._bm25 is not None:
                scores += np.float32(worth) * self._bm25.get_scores(numbers)
        return scores

    def _ranked(
        self, scores: Floats, candidates: Ints, sought: Mapping[str, Sequence[_Sought]], limit: int
    ) -> Sequence[Found]:
        """The candidates, best first, by score and by how much of the question they speak of."""
        coverage, titled = np.zeros(len(candidates)), np.zeros(len(candidates))
        for language, terms in sought.items():
            its = self._in[language][candidates]
            coverage[its] = self._in_passages.heard(terms, candidates[its])
            titled[its] = self._in_titles.heard(terms, candidates[its])
        first = scores[candidates].astype(np.float64)
        ranks = first * (1 - COVERAGE_WEIGHT + COVERAGE_WEIGHT * coverage) * (1 + TITLED * titled)
        return [
            Found(
                passage=self._passages[int(candidates[at])],
                score=float(ranks[at]),
                coverage=min(1.0, float(coverage[at])),
            )
            for at in np.lexsort((candidates, -first, -ranks))[:limit]
        ]

    def _sought(self, asked: Iterable[str], spoken: str, language: str) -> list[_Sought]:
        """What the question asks about, in the terms of the passages in one language."""
        vocabulary = self._vocabularies[spoken]
        telling = [word for word in asked if not is_filler(word, spoken) and not is_filler(word, language)]
        unheard = _idf(self._sizes[spoken], 0)
        sought = []
        for stem in dict.fromkeys(self._stems.of(word, spoken) for word in telling):
            number = vocabulary.number(stem)
            others = (vocabulary.number(other) for other in self._alike[spoken].get(stem, ()))
            related = [
                *vocabulary.relatives(stem, compounds=spoken in COMPOUNDING),
                *(n for n in others if n is not None),
            ]
            sought.append(
                _Sought(
                    exact=() if number is None else (number,),
                    related=tuple(related),
                    rarity=unheard if number is None else float(self._rarity[number]),
                )
            )
        return sought

    def _rarities(self, ids: Mapping[tuple[str, str], int]) -> Floats:
        rarity = [_idf(self._sizes[language], self._in_passages.count(number)) for (language, _), number in ids.items()]
        return np.array(rarity, dtype=np.float32)

    def _language_of(self, query: str) -> str:
        """Which of the articles' languages the question is most likely in."""
        if len(self._sizes) == 1:
            return next(iter(self._sizes))
        return most_likely(query, self._sizes)


def _vocabularies(ids: Mapping[tuple[str, str], int]) -> Mapping[str, Vocabulary]:
    terms: dict[str, dict[str, int]] = defaultdict(dict)
    for (language, term), number in ids.items():
        terms[language][term] = number
    return defaultdict(lambda: Vocabulary({}), {language: Vocabulary(held) for language, held in terms.items()})


def _ranking(terms: Sequence[Sequence[int]], vocabulary: int) -> Any | None:
    """None where there is nothing to rank, which the library would refuse."""
    if not vocabulary:
        return None
    ranking = bm25s.BM25()
    ranking.index(Tokenized(ids=terms, vocab={str(n): n for n in range(vocabulary)}), show_progress=False)
    return ranking


def _best(scores: Floats, most: int) -> Ints:
    """Places of the highest scores above zero, in ascending order."""
    top = np.argpartition(scores, -most)[-most:] if len(scores) > most else np.arange(len(scores))
    return np.sort(top[scores[top] > 0]).astype(np.int32)


def _idf(passages: int, holding: int) -> float:
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
