"""Reads Discord's Markdown as far as a judge of messages needs it: whom it pings and where its links lead."""

import re

USER = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")
EVERYBODY = re.compile(r"@(everyone|here)\b")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MASKED = re.compile(r"(?<!\\)\[([^\]\n]+)\]\(<?(https?://[^\s<>)]+)>?(?: \"[^\"]*\")?\)")
BARE = re.compile(r"https?://[^\s<>)\]]+")


def without_code(text: str) -> str:
    return CODE.sub(" ", text)


def named_users(text: str) -> list[str]:
    return USER.findall(without_code(text))


def named_roles(text: str) -> list[str]:
    return ROLE.findall(without_code(text))


def names_everybody(text: str) -> list[str]:
    return [f"@{word}" for word in EVERYBODY.findall(without_code(text))]


def masked_links(text: str) -> list[tuple[str, str]]:
    """(what is shown, where it leads) of each link that hides its address."""
    return MASKED.findall(without_code(text))


def links(text: str) -> list[str]:
    return BARE.findall(without_code(text))
