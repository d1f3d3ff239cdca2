"""Discord's error codes with their HTTP statuses and words, and how a route refuses."""

from collections.abc import Mapping

from frontdesk.sandbox.discord.values import Json

ERRORS: Mapping[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10087: (404, "Unknown tag"),
    30007: (400, "Maximum number of webhooks reached (15)"),
    30033: (400, "Maximum number of thread participants reached (1000)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40058: (403, "Cannot message this thread until after the post author has sent an initial message"),
    40060: (400, "Interaction has already been acknowledged."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (400, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50034: (400, "A message can only be deleted in bulk within 14 days"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
    220001: (400, "Webhooks posted to forum channels must have a thread_name or thread_id"),
    220002: (400, "Webhooks posted to forum channels cannot have both a thread_name and thread_id"),
    220003: (400, "Webhooks can only create threads in forum channels"),
}

MISTAKES = frozenset((50006, 50008, 50021, 50024, 50035, 50109, 220001, 220002, 220003))
"""Refusals that a correct app never meets: they are violations."""


class ApiError(Exception):
    """A refusal with one of Discord's codes."""

    def __init__(self, code: int, *, status: int | None = None, **more: object) -> None:
        self.code = code
        self.mistake = code in MISTAKES
        usual, self.message = ERRORS[code]
        self.status = status or usual
        self.more = more
        super().__init__(f"{self.status} {code} {self.message} {more or ''}".rstrip())

    def body(self) -> Json:
        return {"message": self.message, "code": self.code, **self.more}


class InvalidForm(ApiError):
    """50035: which fields are wrong, and how."""

    def __init__(self, faults: Mapping[str, str], *, mistake: bool = True) -> None:
        errors: Json = {}
        for path, words in faults.items():
            place = errors
            for step in path.split("."):
                place = place.setdefault(step, {})
            place["_errors"] = [{"code": "BASE_TYPE_INVALID", "message": words}]
        super().__init__(50035, errors=errors)
        self.mistake = mistake
        """False: it depends on what others did in the meantime."""
        self.faults = dict(faults)

    def __str__(self) -> str:
        return "; ".join(f"{path}: {words}" for path, words in self.faults.items())
