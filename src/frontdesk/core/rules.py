"""The hard rules in front of the model: matters that are never guessed, and customers who have had enough."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pydantic import Field

from frontdesk.domain.policy import Pattern, Rule
from frontdesk.domain.value import Value

DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(
        name="asks for a person",
        category="person",
        patterns=(
            r"\b(talk|speak|chat|connect me|put me through|get me) (to|with)?\s?(a|an|some|the|your)?\s?"
            r"(real |actual |live )?(person|human|someone|somebody|representative|staff|manager|colleague|operator)\b",
            r"\b(real|actual|live) (person|human)\b",
            r"\bhuman (please|agent|support|being)\b",
            r"\b(mit|zu) (einem|einer|jemandem|nem|echten|richtigen)\s?(echten |richtigen )?"
            r"(menschen|person|mitarbeiter\w*|berater\w*|kolleg\w*)?\b.{0,20}(sprechen|reden|verbinden|schreiben)",
            r"\b(echten?|richtigen?) (menschen|mitarbeiter\w*|person)\b",
            r"\bparler (à|avec) (une (vraie )?personne|quelqu.un|un (conseiller|humain|responsable))",
            r"\bhablar con (una persona|alguien|un (humano|agente|responsable|asesor))",
        ),
    ),
    Rule(
        name="refund",
        category="refund",
        priority="high",
        patterns=(
            r"\b(want|need|demand|like|request|requesting|get|give me|expect)\b.{0,20}\b(refund(ed)?|money back)\b(?!\s+polic)",
            r"\brefund (me|my|this|it|the)\b",
            r"\b(charge ?back|charged (me )?twice|double[- ]charged|charged (me )?(the )?wrong)\b",
            r"\b(geld zurück|rückerstattung|erstattung)\b.{0,25}\b(will|möchte|verlange|fordere|bekomme ich jetzt|bitte)\b",
            r"\b(will|möchte|verlange|fordere)\b.{0,30}\b(geld zurück|rückerstattung|erstattung)\b",
            r"\bdoppelt (abgebucht|belastet)\b",
            r"\b(veux|voudrais|exige|demande)\b.{0,25}\b(remboursement|être remboursée?|rembourser)\b",
            r"\bremboursez[- ]moi\b",
            r"\b(quiero|exijo|solicito|necesito)\b.{0,25}\b(reembolso|devolución del dinero|mi dinero)\b",
        ),
    ),
    Rule(
        name="legal",
        category="legal",
        priority="high",
        patterns=(
            r"\b(lawyer|attorney|lawsuit|legal action|take you to court|small claims|sue (you|them)|suing|gdpr complaint)\b",
            r"\b(anwalt|anwältin|rechtsanwalt\w*|klage|verklagen|gericht|abmahnung|verbraucherzentrale)\b",
            r"\b(avocat|poursuivre en justice|tribunal|porter plainte)\b",
            r"\b(abogad[oa]|demandar(les|los)?|tribunal|juicio)\b",
        ),
    ),
    Rule(
        name="account access",
        category="account",
        priority="high",
        patterns=(
            r"\b(locked out|account (is |was |has been )?(locked|blocked|suspended|disabled))\b",
            r"\b(can.?t|cannot|can not|unable to) (log|sign) ?in\b",
            r"\bchange (the |my )?(e-?mail|phone number|owner)\b.{0,25}\baccount\b",
            r"\b(konto|account) (ist |wurde )?(gesperrt|blockiert|deaktiviert)\b",
            r"\b(kann mich nicht|komme nicht mehr)\b.{0,20}\b(anmelden|einloggen|rein)\b",
            r"\bcompte (est |a été )?(bloqué|suspendu|désactivé)\b",
            r"\bcuenta (está |ha sido )?(bloqueada|suspendida|desactivada)\b",
        ),
    ),
    Rule(
        name="security",
        category="security",
        priority="urgent",
        patterns=(
            r"\b(hacked|phishing|stolen card|identity theft|data breach|fraud(ulent)?|unauthori[sz]ed (charge|payment|order|access))\b",
            r"\bsomeone (else )?(is using|used|has access to|got into) my (account|card)\b",
            r"\b(gehackt|betrug|datenleck|phishing|gestohlene karte|unbefugt\w*|nicht autorisiert\w*)\b",
            r"\b(piraté|hameçonnage|fraude|carte volée)\b",
            r"\b(hackead[oa]|fraude|suplantación|tarjeta robada)\b",
        ),
    ),
)

_FRUSTRATED: tuple[str, ...] = (
    r"\b(ridiculous|unacceptable|useless|terrible|awful|worst|fed up|sick of|waste of (my )?time|disgusting|joke)\b",
    r"\b(still (not|no|nothing|waiting|doesn.?t|isn.?t)|for the (second|third|fourth|last) time|already (told|asked|said))\b",
    r"\b(doesn.?t|didn.?t|not) help(ing|ful)?\b|\bthat.?s not what i asked\b",
    r"\b(lächerlich|unverschämt|inakzeptabel|nutzlos|furchtbar|schrecklich|frechheit|zumutung|zeitverschwendung)\b",
    r"\b(immer noch (nicht|kein\w*|nichts)|zum (zweiten|dritten|letzten) mal|schon (gesagt|gefragt|geschrieben))\b",
    r"\b(hilft (mir )?nicht|keine hilfe)\b",
    r"\b(inacceptable|ridicule|inutile|honteux|toujours (pas|rien)|perte de temps)\b",
    r"\b(inaceptable|ridículo|inútil|vergonzoso|sigo (sin|esperando)|pérdida de tiempo)\b",
    r"[!?]{3,}",
    r"\bwtf\b|\bffs\b",
)

_THANKS = re.compile(
    r"^(ok(ay)?|great|perfect|super|cool|alright|prima|gut|parfait|vale|genial|perfecto|toll|ah|oh|yes|ja|oui|sí|👍|🙏|❤️)?[\s,.!]*"
    r"(many thanks|thanks?( you| u)?( so much| very much| a lot| a bunch)?|thx|ty|cheers|much appreciated|"
    r"(vielen |herzlichen |besten )?dank(e)?( schön| sehr| dir| ihnen)?|merci( beaucoup| bien)?|(muchas )?gracias|"
    r"grazie( mille)?|obrigad[oa]|ありがとう(ございます)?|谢谢|감사합니다|"
    r"(that|this) (helps|helped|works|worked|was it|solved it)|got it|all good|hat geklappt|passt)"
    r"([\s,.!]*(for (your|the|all the) help|for everything|für (die|ihre|deine) hilfe|pour votre aide|por su ayuda|again|"
    r"a lot|so much|team|everyone|[a-z]+(?=[!.]?$)))?[\s.!🙏👍❤️😊🙂:)]*$",
    re.IGNORECASE,
)


class Frustration(Value):
    """When a customer has had enough, judged over the whole matter and not only the last line."""

    messages: int = Field(default=2, ge=1)
    """How many of the customer's messages must show it."""
    patterns: tuple[Pattern, ...] = _FRUSTRATED
    """Regular expressions that show it."""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _found(patterns: Iterable[str], text: str) -> bool:
    return any(_compiled(pattern).search(text) for pattern in patterns)


def match_rule(text: str, rules: Sequence[Rule]) -> Rule | None:
    """The first rule that `text` sets off."""
    plain = text.casefold().replace("’", "'")
    return next((rule for rule in rules if _found(rule.patterns, plain)), None)


def is_frustrated(messages: Sequence[str], frustration: Frustration) -> bool:
    """Whether enough of the customer's messages show that they have had enough."""
    return sum(_found(frustration.patterns, text.casefold()) for text in messages) >= frustration.messages


def is_thanks(text: str) -> bool:
    """Thanks and nothing else."""
    return len(text) <= 120 and _THANKS.match(text.strip()) is not None
