"""Chooses what to quote from the passages: the opening of the right article, and the list or sentences that belong."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from frontdesk.sandbox.model.pieces import Piece, pieces_of
from frontdesk.sandbox.model.prompt import Passage
from frontdesk.sandbox.model.words import share, stems

ENOUGH = 0.45
"""The share of the question's words which the best passage must hold."""
RARE_ENOUGH = 0.32
"""The same where a word counts the more the fewer passages hold it: an unheard word weighs most."""
MOST_SENTENCES = 5
MOST_QUOTES = 3
LONGEST_LIST = 10
WORTH_ADDING = 0.2
"""The share of the question which a further quotation must newly speak of."""

Asking = Literal["how", "number", "what", "whether", "nothing"]

_HOW = re.compile(
    r"\b(?:how(?! (?:many|much|long|soon|fast|old|big|far|often))"
    r"|wie(?! (?:viele?|lange|oft|schnell|hoch|groß|teuer|weit))|where (?:do|can) i get"
    r"|comment|cómo|steps|schritte)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:how (?:many|much|long|soon|fast|big)|when|what hours|costs?|price"
    r"|wie (?:viele?|lange|schnell|hoch|groß|teuer)|wann|kosten|kostet|preis|combien|cuánto|cuándo|quand)\b",
    re.IGNORECASE,
)
_WHAT = re.compile(
    r"(?:^|[,.;:] )\W*(?:aus |mit )?(?:what|which|welche[rsnm]?|was|quel(?:le)?s?|qué|cuáles)\b", re.IGNORECASE
)
_DENIES = re.compile(r"\b(?:not|cannot|no|never|nicht|kein\w*|nie)\b", re.IGNORECASE)
_LEANS = re.compile(
    r"^(?:this|that|it|they|then|in that case|until then|after that|both|such"
    r"|das|dies\w*|dann|danach|dafür|es(?! gibt)|er|außerdem|bis dahin|auch"
    r"|sie (?:gilt|gelten|kommt|kommen|ist|wird|kostet))\b"
    r"|^(?:\S+ ){1,4}(?:it|also|them)\b(?! is)|^\S+ (?:Sie )?(?:sie|ihn|es) "
    r"|\b(?:after that|the same (?:place|page|way)|derselben|genauso)\b|^(?:\S+ ){2,5}danach\b",
    re.IGNORECASE,
)
"""A sentence that cannot stand without the one before."""


_LABEL = re.compile(r"^[-*] +\*\*([^*]+)\*\*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Quote:
    """What is quoted together: some sentences of one paragraph, or a list or table with the sentence leading to it."""

    pieces: tuple[Piece, ...]
    place: int
    """Where it stands in the article."""
    kind: Literal["text", "steps", "items", "table"]
    opens: bool = False

    @property
    def words(self) -> frozenset[str]:
        return frozenset().union(*(piece.words for piece in self.pieces))


@dataclass(frozen=True, slots=True)
class Asked:
    """The question as its stems, what each is worth, and what kind of answer it wants."""

    stems: frozenset[str]
    worth: dict[str, float]
    kind: Asking

    def met(self, words: frozenset[str], but: frozenset[str] = frozenset()) -> float:
        """How much of the question some words speak of, between 0 and 1."""
        all_of_it = sum(self.worth.values())
        held = share(self.stems - but, words)
        return sum(self.worth[stem] * part for stem, part in held.items()) / all_of_it if all_of_it else 0.0


@dataclass(frozen=True, slots=True)
class Source:
    """One article as far as the prompt shows it."""

    number: str
    title: frozenset[str]
    asks: Asking
    """What kind of question the title is."""
    labels: frozenset[str]
    """What its list items are headed with."""
    quotes: tuple[Quote, ...]

    @property
    def words(self) -> frozenset[str]:
        return self.title.union(*(quote.words for quote in self.quotes))


def asking(question: str) -> Asking:
    """What kind of answer a question wants."""
    if _HOW.search(question):
        return "how"
    if _NUMBER.search(question):
        return "number"
    if _WHAT.search(question):
        return "what"
    return "whether" if "?" in question else "nothing"


def quotation(
    passages: Sequence[Passage], question: frozenset[str], own: frozenset[str], kind: Asking, language: str
) -> str | None:
    """The answer in the article's words; None where no passage speaks enough of the question.

    `own` are the stems of the newest message alone, `question` those with the topic of the conversation so far.
    """
    sources = _sources(passages, language)
    asked = Asked(question, _worth(question, sources), kind)
    covered = [_coverage(question, source) for source in sources]
    if not covered or max(covered) < ENOUGH:
        return None
    follow_up = [_coverage(own, source) if own != question else 0.0 for source in sources]
    fit = [
        held + newest + _closeness(asked, source) - 0.03 * place
        for place, (held, newest, source) in enumerate(zip(covered, follow_up, sources, strict=True))
    ]
    best = sources[max(range(len(sources)), key=lambda place: fit[place])]
    if asked.met(best.words) < RARE_ENOUGH:
        return None
    chosen = _chosen(best, asked)
    return _written(chosen, best.number) if chosen else None


# --- the articles ---


def _sources(passages: Sequence[Passage], language: str) -> list[Source]:
    """The passages of one article together, its beginning first."""
    numbers = list(dict.fromkeys(passage.number for passage in passages))
    return [_source([p for p in passages if p.number == number], language) for number in numbers]


def _source(passages: Sequence[Passage], language: str) -> Source:
    title = stems(passages[0].title.split(" › ", 1)[0], language)
    ordered = sorted(passages, key=lambda passage: (-_likely_first(passage, title, language), -len(passage.text)))
    quotes: list[Quote] = []
    for part, passage in enumerate(ordered):
        is_first = part == 0 and (_likely_first(passage, title, language) > 0 or len(ordered) > 1)
        quotes += _quotes(pieces_of(passage.text, language), len(quotes), opens=is_first)
    name = passages[0].title.split(" › ", 1)[0]
    titles = title.union(*(stems(passage.title, language) for passage in passages))
    labels = " ".join(found for passage in passages for found in _LABEL.findall(passage.text))
    return Source(
        passages[0].number,
        titles,
        asking(name) if name.endswith("?") or _HOW.search(name) else "nothing",
        stems(labels, language),
        tuple(quotes),
    )


def _likely_first(passage: Passage, title: frozenset[str], language: str) -> float:
    """An article begins by saying what its title promises; a later part goes on with something else."""
    first = next((piece for piece in pieces_of(passage.text, language) if piece.kind == "sentence"), None)
    return sum(share(title, first.words).values()) if first and not _LEANS.search(first.text) else 0.0


def _quotes(pieces: Sequence[Piece], start: int, *, opens: bool) -> list[Quote]:
    quotes: list[Quote] = []
    lead: tuple[Piece, ...] = ()
    for _, group in groupby(pieces, key=lambda piece: piece.block):
        block = tuple(group)
        if block[0].kind == "code":
            lead = ()
        elif block[0].kind == "sentence":
            text, lead = (block[:-1], block[-1:]) if block[-1].text.endswith(":") else (block, ())
            if text:
                quotes.append(Quote(text, start + len(quotes), "text", opens=opens and not quotes))
        else:
            quotes.append(Quote(lead + block, start + len(quotes), _list_kind(block)))
            lead = ()
    return quotes


def _list_kind(block: Sequence[Piece]) -> Literal["steps", "items", "table"]:
    if block[-1].kind == "row":
        return "table"
    return "steps" if block[0].kind == "step" else "items"


# --- how well it fits ---


def _worth(question: frozenset[str], sources: Sequence[Source]) -> dict[str, float]:
    """A word that few quotations hold decides more than one that all hold."""
    held = [quote.words for source in sources for quote in source.quotes]
    often = {stem: sum(stem in words for words in held) for stem in question}
    return {stem: math.log(1 + (len(held) + 1) / (often[stem] + 1)) for stem in question}


def _coverage(question: frozenset[str], source: Source) -> float:
    """The share of the question which an article holds, leaning to the one with the right title."""
    if not question:
        return 0.0
    met = sum(share(question, source.words).values())
    return (met + 0.3 * sum(share(question, source.title).values())) / len(question)


def _closeness(asked: Asked, source: Source) -> float:
    """What an article gains by saying it all at once, and by being made for this kind of question."""
    sentences = (piece.words for quote in source.quotes for piece in quote.pieces)
    at_once = 0.4 * max((asked.met(words) for words in sentences), default=0.0)
    steps = asked.kind == "how" and any(q.kind == "steps" and asked.met(_lead(q)) >= 0.5 for q in source.quotes)
    titled = asked.kind == source.asks and asked.kind in ("how", "number") and asked.met(source.title) >= 0.3
    fits = 0.4 if titled and asked.kind == "number" else 0.25 if titled or steps else 0.0
    return at_once + fits + 0.15 * asked.met(source.labels)


def _lead(quote: Quote) -> frozenset[str]:
    first = quote.pieces[0]
    return first.words if first.kind == "sentence" else frozenset()


# --- what is chosen ---


def _chosen(source: Source, asked: Asked) -> list[Quote]:
    opening = next((quote for quote in source.quotes if quote.opens), None)
    ranked = sorted((_narrowed(quote, asked) for quote in source.quotes), key=lambda quote: -_value(quote, asked))
    if not ranked:
        return []
    about_it_all = asked.met(source.title) >= 0.6
    best = ranked[0]
    chosen = [best]
    if opening and (about_it_all or asked.met(opening.words) >= 0.75 * asked.met(best.words)):
        is_closer = best.kind != "text" or asked.met(best.words) > 1.3 * asked.met(opening.words)
        chosen = [_short(opening), best] if is_closer and best.place != opening.place else [_short(opening)]
    lists = [quote for quote in ranked if quote.kind != "text"]
    wanted = next((quote for quote in lists if _belongs(quote, asked, chosen[0], about_it_all)), None)
    if wanted and all(quote.kind == "text" for quote in chosen):
        chosen.append(wanted)
    is_topic = asked.kind in ("whether", "nothing") and asked.met(source.title) >= 0.33
    is_topic = is_topic and all(asked.met(quote.words) < 0.6 for quote in chosen)
    if opening and (is_topic or all(_needs_opening(quote, asked, opening) for quote in chosen)):
        chosen.append(_short(opening))
    return _within_limits(_completed(chosen, ranked, asked, source), source)


def _needs_opening(quote: Quote, asked: Asked, opening: Quote) -> bool:
    """Steps say what to do; whether and on which terms one may, the opening says."""
    says_it_all = asked.kind != "how" and asked.met(_lead(quote)) >= 0.9
    return quote.kind == "steps" and not says_it_all and asked.met(opening.words) > 0


def _value(quote: Quote, asked: Asked) -> float:
    closest = max(asked.met(piece.words | _lead(quote)) for piece in quote.pieces)
    met = (asked.met(quote.words) + closest) / 2
    text = " ".join(piece.text for piece in quote.pieces)
    if met and asked.kind == "how" and quote.kind == "steps":
        met += 0.3
    if met and asked.kind == "number" and re.search(r"\d", text):
        met += 0.1
    if asked.kind in ("what", "how", "number") and quote.kind == "text" and _DENIES.search(text):
        met -= 0.4 if asked.kind == "what" else 0.1
    return met - 0.01 * quote.place - 0.001 * len(quote.words)


def _belongs(quote: Quote, asked: Asked, first: Quote, about_it_all: bool) -> bool:
    """Whether a list is of the kind the question asks for, and about it."""
    led = asked.met(_lead(quote))
    follows = first.opens and quote.place == first.place + 1 and (led > 0 or not _lead(quote))
    match asked.kind:
        case "how":
            return quote.kind == "steps" and (follows or led >= 0.3)
        case "nothing":
            return quote.kind == "steps" and (follows or led >= 0.5)
        case "number":
            return quote.kind == "table" and (follows or led >= 0.3)
        case "what":
            return quote.kind in ("items", "table") and (follows or about_it_all or led >= 0.5)
        case _:
            return quote.kind == "steps" and led >= 0.6


def _completed(chosen: list[Quote], ranked: Sequence[Quote], asked: Asked, source: Source) -> list[Quote]:
    """With quotations for what the question asks besides."""
    wants_facts = asked.kind in ("what", "how", "number")
    while len(chosen) < MOST_QUOTES:
        said = frozenset().union(*(quote.words for quote in chosen))
        if any(quote.opens for quote in chosen):
            said |= source.title
        told = frozenset(stem for stem, part in share(asked.stems, said).items() if part)
        has_list = any(quote.kind != "text" for quote in chosen)
        rest = [q for q in ranked if q not in chosen and not (has_list and q.kind != "text")]
        rest = [q for q in rest if not (wants_facts and q.kind == "text" and _DENIES.search(q.pieces[0].text))]
        more = max(rest, key=lambda quote: asked.met(quote.words, told), default=None)
        if more is None or asked.met(more.words, told) < WORTH_ADDING:
            break
        chosen = [*chosen, more]
    return chosen


def _narrowed(quote: Quote, asked: Asked) -> Quote:
    """Of a paragraph the sentences that answer, with those they lean on."""
    if quote.kind != "text" or (len(quote.pieces) <= 2 and not quote.pieces[-1].text.endswith("?")):
        return quote
    met = [asked.met(piece.words) for piece in quote.pieces]
    first = last = max(range(len(met)), key=lambda place: (met[place], -place))
    while first > 0 and (_LEANS.search(quote.pieces[first].text) or quote.pieces[first - 1].text.endswith("?")):
        first -= 1
    while last + 1 < len(met) and _goes_on(quote.pieces[last], quote.pieces[last + 1], met[last + 1], max(met)):
        last += 1
    return Quote(quote.pieces[first : last + 1], quote.place, "text", quote.opens)


def _goes_on(said: Piece, following: Piece, met: float, best: float) -> bool:
    if following.text.endswith("?"):
        return False
    return said.text.endswith("?") or bool(_LEANS.search(following.text)) or (met > 0 and met >= 0.5 * best)


def _short(opening: Quote) -> Quote:
    pieces = opening.pieces[:2]
    return Quote(pieces[:1] if pieces[-1].text.endswith("?") else pieces, opening.place, "text", opens=True)


def _within_limits(chosen: Sequence[Quote], source: Source) -> list[Quote]:
    """In the article's order, each paragraph once, and no more than a person would want to read."""
    kept: dict[int, Quote] = {}
    sentences = 0
    for quote in chosen:
        known = kept.get(quote.place)
        if quote.kind == "text":
            known_pieces = known.pieces if known else ()
            whole = next(one for one in source.quotes if one.place == quote.place)
            pieces = tuple(piece for piece in whole.pieces if piece in known_pieces or piece in quote.pieces)
            sentences += len(pieces) - len(known_pieces)
            if sentences > MOST_SENTENCES and kept:
                continue
            kept[quote.place] = Quote(pieces, quote.place, "text", quote.opens)
        elif known is None:
            kept[quote.place] = quote
    for place in [place for place, quote in kept.items() if quote.kind != "text"]:
        before = next((one for one in source.quotes if one.place == place - 1 and one.kind == "text"), None)
        leans = not _lead(kept[place]) or _LEANS.search(kept[place].pieces[0].text)
        if leans and before and before.place not in kept:
            kept[before.place] = before
    return [kept[place] for place in sorted(kept)]


# --- how it reads ---


def _written(chosen: Sequence[Quote], number: str) -> str:
    """Each quotation as in the article, with a marker behind every statement."""
    text = ""
    previous: Quote | None = None
    for quote in chosen:
        if previous is not None:
            together = previous.kind == quote.kind == "text" and previous.pieces[-1].heading == quote.pieces[0].heading
            text += " " if together else "\n\n"
        text += _quoted(quote, number)
        previous = quote
    return text


def _quoted(quote: Quote, number: str) -> str:
    said = [piece.text for piece in quote.pieces if piece.kind == "sentence"]
    sentences = [text if text.endswith("?") and text != said[-1] else f"{text} [{number}]" for text in said]
    rest = [piece for piece in quote.pieces if piece.kind != "sentence"]
    lines = [_line(piece, step, number) for step, piece in enumerate(rest[: LONGEST_LIST + 1], start=1)]
    return "\n\n".join(filter(None, (" ".join(sentences), "\n".join(lines))))


def _line(piece: Piece, step: int, number: str) -> str:
    match piece.kind:
        case "row":
            return piece.text.rstrip().removesuffix("|").rstrip() + f" [{number}] |"
        case "step":
            return f"{step}. " + re.sub(r"^\d+[.)]\s*", "", piece.text) + f" [{number}]"
        case "table head":
            return piece.text
        case _:
            return f"{piece.text} [{number}]"
