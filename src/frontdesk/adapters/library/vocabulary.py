"""The terms of one language's articles, and which of them share their beginning or their end with a word."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

SHORTEST: Final = 4
"""Letters that two words must share before they count as related."""

MOST: Final = 12
"""Relatives of one word; a beginning that more words share says nothing."""


class Vocabulary:
    def __init__(self, terms: Mapping[str, int]) -> None:
        self._terms = terms
        self._forwards = sorted(terms)
        self._backwards = sorted(term[::-1] for term in terms)

    def number(self, term: str) -> int | None:
        return self._terms.get(term)

    def relatives(self, term: str, *, compounds: bool) -> Sequence[int]:
        """Terms that an unheard word begins; where words are compounded also those that end with it or in it."""
        if len(term) < SHORTEST or not term.isalpha() or (term in self._terms and not compounds):
            return ()
        found = list(_beginning(self._forwards, term))
        if compounds:
            found += [backwards[::-1] for backwards in _beginning(self._backwards, term[::-1])]
        if len(found) > MOST:
            found = []
        if compounds and term not in self._terms:
            found += _parts(term, self._terms)
        if not found and term not in self._terms:
            found = [slip for slip in _slips(term) if slip in self._terms]
        return tuple(dict.fromkeys(self._terms[word] for word in found if word != term))


def _beginning(ordered: Sequence[str], start: str) -> Iterator[str]:
    at = bisect_left(ordered, start)
    for word in ordered[at : at + MOST + 2]:
        if not word.startswith(start):
            return
        yield word


def _slips(term: str) -> Iterator[str]:
    """What a long word may have been meant to be: one letter more or less, or two that changed places."""
    if len(term) <= SHORTEST:
        return
    for at in range(1, len(term)):
        yield term[:at] + term[at + 1 :]
        yield term[:at] + term[at + 1 : at + 2] + term[at] + term[at + 2 :]
    for at in range(1, len(term) + 1):
        yield from (term[:at] + letter + term[at:] for letter in sorted(set(term)))


def _parts(term: str, terms: Mapping[str, int]) -> Iterator[str]:
    """The longest known beginning and the longest known end of a compound."""
    lengths = range(len(term) - 1, SHORTEST, -1)
    yield from islice((term[:n] for n in lengths if term[:n] in terms), 1)
    yield from islice((term[-n:] for n in lengths if term[-n:] in terms), 1)
