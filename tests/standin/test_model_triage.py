"""The stand-in's triage follows keyword rules in four languages."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI

from standin.model_client import json_task, prompt


async def triaged(client: AsyncOpenAI, text: str, conversation: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    reply = await client.chat.completions.create(
        model="any",
        messages=prompt(text, passages=(), conversation=conversation, task="triage"),
        response_format=json_task("triage"),
    )
    result: dict[str, Any] = json.loads(reply.choices[0].message.content or "")
    return result


@pytest.mark.parametrize(
    ("text", "category", "language", "needs_human"),
    [
        ("How long does shipping to Austria take?", "order", "en", False),
        ("What is your refund policy?", "refund", "en", False),
        ("I want my money back for order KB-204817", "refund", "en", True),
        ("Where is my refund?", "refund", "en", True),
        ("My lawyer will contact you", "legal", "en", True),
        ("Someone logged into my account", "security", "en", True),
        ("I am locked out of my account", "account", "en", True),
        ("How do I reset my password?", "account", "en", False),
        ("I was charged twice!", "billing", "en", True),
        ("Can I talk to a real person please?", "person", "en", True),
        ("human please", "person", "en", True),
        ("Do you deliver to the human resources department?", "order", "en", False),
        ("It's been 3 weeks and my refund hasn't come", "refund", "en", True),
        ("Hi there", "greeting", "en", False),
        ("Thanks, that helped!", "thanks", "en", False),
        ("Are your bags vegan?", "question", "en", False),
        ("Wie lange dauert der Versand nach Österreich?", "order", "de", False),
        ("Ich möchte mein Geld zurück", "refund", "de", True),
        ("Ich will mit einem Menschen sprechen", "person", "de", True),
        ("Gib mir sofort einen Mitarbeiter", "person", "de", True),
        ("Mein Konto wurde gehackt", "security", "de", True),
        ("Mein Anwalt wird sich bei Ihnen melden", "legal", "de", True),
        ("Ich kann mich nicht mehr anmelden", "account", "de", True),
        ("Vielen Dank!", "thanks", "de", False),
        ("Guten Morgen", "greeting", "de", False),
        ("Je veux être remboursé", "refund", "fr", True),
        ("Je voudrais parler à une vraie personne", "person", "fr", True),
        ("Mon compte a été piraté", "security", "fr", True),
        ("Où est mon colis ?", "order", "fr", False),
        ("Quiero hablar con una persona", "person", "es", True),
        ("Quiero mi dinero, exijo un reembolso", "refund", "es", True),
        ("No puedo entrar en mi cuenta", "account", "es", True),
        ("¿Cuánto cuesta el envío?", "order", "es", False),
    ],
)
async def test_a_message_is_sorted(
    client: AsyncOpenAI, text: str, category: str, language: str, needs_human: bool
) -> None:
    result = await triaged(client, text)
    assert (result["category"], result["language"], result["needs_human"]) == (
        category,
        language,
        needs_human,
    )


async def test_a_triage_holds_every_field_of_the_contract(client: AsyncOpenAI) -> None:
    result = await triaged(client, "How do I return an item?")
    assert set(result) == {
        "category",
        "tier",
        "priority",
        "sentiment",
        "language",
        "confidence",
        "needs_human",
        "reason",
    }
    assert result["tier"] in (1, 2, 3)
    assert 0 <= result["confidence"] <= 1


@pytest.mark.parametrize(
    "text",
    [
        "This is ridiculous, third time I ask!",
        "Das ist eine Frechheit!",
        "C'est inadmissible",
        "Es inaceptable",
    ],
)
async def test_a_frustrated_customer_needs_a_person(client: AsyncOpenAI, text: str) -> None:
    result = await triaged(client, text)
    assert (result["sentiment"], result["needs_human"], result["priority"]) == ("angry", True, "high")


async def test_frustration_earlier_in_the_conversation_counts(client: AsyncOpenAI) -> None:
    earlier = (("customer", "Your service is useless"), ("assistant", "I am sorry."))
    assert (await triaged(client, "And the bag is broken too", earlier))["sentiment"] == "angry"
    assert (await triaged(client, "And the bag is broken too"))["sentiment"] == "negative"


async def test_the_task_line_is_enough_when_there_is_no_response_format(client: AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="any", messages=prompt("hi", passages=(), task="triage"))
    assert json.loads(reply.choices[0].message.content or "")["category"] == "greeting"


@pytest.mark.parametrize(("text", "language"), [("返品したいです", "ja"), ("환불해 주세요", "ko"), ("我想退货", "zh")])
async def test_other_scripts_are_recognised(client: AsyncOpenAI, text: str, language: str) -> None:
    assert (await triaged(client, text))["language"] == language
