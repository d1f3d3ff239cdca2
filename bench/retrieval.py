"""Measures building the index and searching it, on text whose words are as unevenly frequent as real ones."""

import random
import statistics
import time
from collections.abc import Sequence

from bench.report import Table, quantile
from frontdesk.adapters.library.index import Index
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Passage

VOCABULARY = 30_000
WORDS_IN_PASSAGE = 120
WORDS_IN_QUESTION = 8
QUESTIONS = 300
SYLLABLES = ("ba", "re", "tu", "li", "mo", "sen", "dar", "ki", "po", "van", "ger", "ta", "fe", "rol", "min", "su")


def measure(sizes: Sequence[int] = (1_000, 10_000, 100_000), questions: int = QUESTIONS) -> Table:
    chance = random.Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(VOCABULARY)]
    frequencies = [1 / rank for rank in range(1, VOCABULARY + 1)]
    asked = [" ".join(chance.choices(words, frequencies, k=WORDS_IN_QUESTION)) for _ in range(questions)]
    rows: list[list[str | float]] = []
    for size in sizes:
        articles = [_article(n, " ".join(chance.choices(words, frequencies, k=WORDS_IN_PASSAGE))) for n in range(size)]
        began = time.perf_counter()
        index = Index("1", articles)
        built = time.perf_counter() - began
        index.search(asked[0])
        taken = sorted(_milliseconds(index, question) for question in asked)
        rows.append([f"{size:,}", built, statistics.median(taken), quantile(taken, 0.99)])
    return Table("Retrieval (aim: p50 < 1 ms at 10,000)", ["passages", "build s", "p50 ms", "p99 ms"], rows)


def _article(number: int, text: str) -> Article:
    name = ArticleId(f"a{number}")
    passage = Passage(article=name, title=text[:40], text=text)
    language = "en" if number % 2 else "de"
    return Article(id=name, title=text[:40], language=language, digest=name, passages=(passage,))


def _milliseconds(index: Index, question: str) -> float:
    began = time.perf_counter()
    index.search(question)
    return (time.perf_counter() - began) * 1000
