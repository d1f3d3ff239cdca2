"""Turns text into comparable word stems and guesses its language, with word lists small enough to read."""

import re
from functools import lru_cache

import Stemmer

STEMMERS = {"en": "english", "de": "german", "fr": "french", "es": "spanish"}

_COMMON_WORDS = {
    "en": """
        much many take a about after again all also am an and any are as at be because been before being
        but by can cannot could did do does doing done for from get getting go going got had has have
        having he hello help her hey hi him his how i if in into is it its just know let like me might
        my need no not now of off on once one or our out over please re s she should so some something
        still t tell thank thanks than that the their them then there these they thing this those to too
        try up us use very want was way we were what when where which while who why will with would yes
        you your yours don doesn isn can't won ve ll d m im i'm see find right whats wheres hows pls plz long
        often soon
    """,
    "de": """
        etwas kein keine keinen keiner viel viele per aber alle als also am an auch auf aus bei bin bis
        bitte brauche da dann das dass dein dem den denn der des die dies diese dieser doch du ein eine
        einem einen einer er es euch euer eure für gerade gern habe haben habt hallo hat hatte hi hilfe
        ich ihr ihre im in ist ja kann kannst können könnt man mehr mein meine meinem meinen meiner mich
        mir mit möchte muss nach nicht noch nun nur oder ohne schon sein sich sie sind so soll über um
        und uns von vor wann war warum was welche wenn wer werden wie will wir wird wo wurde würde zu
        zum zur danke eigentlich mal gibt geht finde finden brauchen braucht hab hätte
        lange lang oft
    """,
    "fr": """
        a ai au aux avec avez avoir bonjour c ce ces cette comment d dans de des du elle en est et être
        faire fait il ils j je l la le les leur ma mais me merci mes moi mon n ne nous on ont ou où par
        pas peut peux pour pourquoi puis qu quand que quel quelle quelles quels qui s sa se ses si son
        sont sur suis svp ta te tu un une veux vos votre vous y
    """,
    "es": """
        a al algo como con cual cuando cuánto cuáles cómo de del dónde el ella en es esta este está
        están estoy favor fue gracias ha hace hacer hasta hay he hola la las le les lo los me mi mis
        mucho muy más necesito no nos o para pero por porque puede puedo que quiero qué se ser si sin
        sobre son su sus también te tengo tiene tu tus un una uno unos y ya yo
    """,
}
STOPWORDS = {language: frozenset(words.split()) for language, words in _COMMON_WORDS.items()}

# Words of support messages which tell the language although they carry meaning.
_TELLING_WORDS = {
    "en": "account morning evening order parcel payment price refund return shipping",
    "de": "abend bestellung geld guten konto kostet morgen paket passwort rechnung tag versand vielen zurück",
    "fr": "aide colis commande compte facture journée livraison passe remboursement retour sac soir",
    "es": "ayuda bolsa buenas buenos cuenta devolución dinero días envío factura pedido reembolso tardes",
}
TELLING = {language: STOPWORDS[language].union(words.split()) for language, words in _TELLING_WORDS.items()}

# What customers call the things a help page calls otherwise; each family goes by its first word.
SAME_MEANING = (
    ("refund", "refunded", "reimburse", "reimbursed", "money back"),
    ("return", "send back", "give back", "bring back"),
    ("pay", "payment", "paying", "paid"),
    ("telephone", "phone", "call"),
    ("store", "shop"),
    ("opening hours", "business hours", "hours", "are you open"),
    ("exchange", "swap"),
    ("cost", "price", "fee", "charge", "expensive", "how much"),
    ("shipping", "delivery", "deliver", "ship", "arrive", "postage", "shipment"),
    ("parcel", "package"),
    ("damaged", "broken", "faulty", "defective", "cracked", "dented", "torn"),
    ("repair", "fix", "mend"),
    ("clean", "wash", "washed"),
    ("cancel", "stop"),
    ("voucher", "coupon", "gift card", "gift cards", "promo code", "discount code"),
    ("invoice", "receipt", "bill"),
    ("erstattung", "erstattet", "geld zurück", "rückerstattung"),
    ("rücksendung", "retoure", "zurückschicken", "zurücksenden", "zurückgeben", "zurückzugeben", "rückgabe"),
    ("zahlung", "zahlen", "bezahlen", "zahlungsart", "zahlungsarten"),
    ("ratenzahlung", "raten"),
    ("telefon", "telefonnummer", "anrufen"),
    ("laden", "geschäft"),
    ("öffnungszeiten", "geöffnet", "offen"),
    ("kosten", "kostet", "preis", "gebühr", "teuer", "wie viel"),
    ("versand", "lieferung", "liefern", "geliefert", "porto", "lieferzeit", "ankommen", "kommt"),
    ("paket", "sendung", "päckchen"),
    ("beschädigt", "kaputt", "defekt", "gerissen"),
    ("reparatur", "reparieren", "repariert"),
    ("reinigen", "waschen", "putzen", "sauber"),
    ("stornieren", "storno", "abbestellen", "widerrufen"),
    ("gutschein", "rabattcode", "gutscheincode", "geschenkkarte"),
    ("rechnung", "beleg", "quittung"),
)

# The same for what is said in several words, such as verbs whose two halves stand apart.
APART = (
    (re.compile(r"\b(?:send|sending|give|giving|bring)((?: \w+){1,3}) back\b"), r"return\1"),
    (re.compile(r"\bwhere(?:'?s| is| are| can i see where)((?: my| the) (?:parcel|package|order)s?)\b"), r"track\1"),
    (re.compile(r"\bwo (?:ist|bleibt|steckt)((?: \w+) (?:paket|sendung|bestellung))\b"), r"verfolgen\1"),
    (re.compile(r"\b(?:schick|send|geb)\w*((?: \w+){1,4}) zurück\b"), r"rücksendung\1"),
)

_LEADERS = {phrase: family[0] for family in SAME_MEANING for phrase in family if " " in phrase}
_PHRASES = re.compile(r"\b(?:" + "|".join(map(re.escape, _LEADERS)) + r")\b")
_WORD = re.compile(r"\w+")
_USA = re.compile(r"\b(?:U\.S\.(?:A\.)?|USA?)(?!\w)")
_SCRIPTS = (("ja", "぀", "ヿ"), ("ko", "가", "힣"), ("zh", "一", "鿿"), ("ru", "Ѐ", "ӿ"))
_ACCENTS = {"de": "äöüß", "fr": "çèêàùœ", "es": "ñ¿¡áíó"}


@lru_cache(maxsize=4096)
def language_of(text: str, otherwise: str = "en") -> str:
    """Guess the ISO 639-1 language from its script, then its common words; `otherwise` when in doubt."""
    for language, first, last in _SCRIPTS:
        if any(first <= letter <= last for letter in text):
            return language
    lowered = text.casefold()
    words = _WORD.findall(lowered)
    counts = {language: sum(word in known for word in words) for language, known in TELLING.items()}
    for language, letters in _ACCENTS.items():
        counts[language] += sum(letter in lowered for letter in letters)
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] > 0 else otherwise


@lru_cache(maxsize=16384)
def stems(text: str, language: str) -> frozenset[str]:
    """The word stems of a text without its stop words, with the same meaning under the same stem."""
    spelt_out = _USA.sub("USA" if language == "de" else "united states", text).casefold()
    joined = _PHRASES.sub(lambda found: f"{found.group()} {_LEADERS[found.group()]}", spelt_out)
    for pattern, whole in APART:
        joined = pattern.sub(whole, joined)
    stopwords = STOPWORDS.get(language, STOPWORDS["en"])
    words = [word for word in _WORD.findall(joined) if word not in stopwords and (len(word) > 1 or word.isdigit())]
    stemmed = _stemmer(language).stemWords(words)
    return frozenset(_stem_leaders(language).get(stem, stem) for stem in stemmed)


def share(question: frozenset[str], text: frozenset[str]) -> dict[str, float]:
    """How well each question stem is met by a text: 1 for the same stem, less for part of a compound word."""
    return {stem: 1.0 if stem in text else _part_of_compound(stem, text) for stem in question}


def _part_of_compound(stem: str, text: frozenset[str]) -> float:
    if len(stem) < 5 or stem.isdigit():
        return 0.0
    for other in text:
        if len(other) >= 5 and (other.startswith(stem) or stem.startswith(other) or other.endswith(stem)):
            return 0.6
    return 0.6 if any(_is_slip(stem, other) for other in text) else 0.0


def _is_slip(stem: str, other: str) -> bool:
    """Whether two stems are one letter apart: one left out, one too many, one wrong, or two swapped."""
    if len(other) < 4 or abs(len(stem) - len(other)) > 1 or stem[0] != other[0]:
        return False
    start = next((n for n, (a, b) in enumerate(zip(stem, other, strict=False)) if a != b), min(len(stem), len(other)))
    rest, against = stem[start:], other[start:]
    swapped = rest[:2] == against[:2][::-1] and rest[2:] == against[2:]
    return swapped or rest[1:] == against or rest == against[1:] or rest[1:] == against[1:]


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(STEMMERS.get(language, "english"))


@lru_cache(maxsize=8)
def _stem_leaders(language: str) -> dict[str, str]:
    stem = _stemmer(language).stemWord
    return {stem(word): stem(family[0]) for family in SAME_MEANING for word in family if " " not in word}
