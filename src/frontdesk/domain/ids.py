"""Names for the strings that identify things."""

from typing import Literal, NewType

Platform = Literal["slack", "discord"]

ConversationId = NewType("ConversationId", str)
"""`platform:community:channel:root`, see `Thread.conversation`."""

TurnId = NewType("TurnId", str)
"""Stable over a crash: derived from the conversation and the first event the turn answers."""

ArticleId = NewType("ArticleId", str)
"""The article's path below the knowledge folder, without its ending."""
