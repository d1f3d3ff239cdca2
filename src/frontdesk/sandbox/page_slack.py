"""What the page shows of the local Slack, and the acts of its people."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from frontdesk.sandbox.slack import Ack, Message, SlackServer

Json = dict[str, Any]


class SlackSide:
    """Texts of acts are in Slack's own form."""

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack

    def state(self) -> Json:
        ws, app = self._slack.workspace, self._slack.app
        return {
            "team": {"id": app.team_id, "name": app.team_name},
            "model": {"stand_in": True},
            "bot": {"user_id": app.bot_user_id, "bot_id": app.bot_id, "name": app.bot_name},
            "people": [
                {
                    "id": person.id,
                    "name": person.name,
                    "real_name": person.real_name,
                    "tz": person.tz,
                    "is_stranger": person.is_stranger,
                    "is_bot": person.is_bot,
                    "image": person.image,
                }
                for person in ws.people.values()
            ],
            "channels": [
                {
                    "id": channel.id,
                    "name": channel.name,
                    "private": channel.private,
                    "dm": channel.dm,
                    "ext_shared": channel.ext_shared,
                    "members": list(channel.members),
                }
                for channel in ws.channels.values()
            ],
            "messages": {
                channel: [one.on_page() for one in ws.everything(channel) if not one.deleted] for channel in ws.channels
            },
            "ephemerals": [one.on_page() for one in ws.ephemerals],
            "views": [view.on_page() for views in ws.views.values() for view in views],
            "home": {user: view.on_page() for user, view in ws.home.items()},
            "statuses": [
                {"channel": channel, "thread_ts": thread_ts, "status": status}
                for (channel, thread_ts), status in ws.status.items()
            ],
            "sessions": [session.on_page() for session in ws.sessions.values()],
            "prompts": [
                {"channel": channel, "thread_ts": thread_ts, "prompts": prompts}
                for (channel, thread_ts), prompts in ws.prompts.items()
            ],
        }

    def changes(self) -> AsyncIterator[Json]:
        return self._slack.workspace.changes()

    def file(self, file_id: str) -> tuple[bytes, str] | None:
        """A file's content and kind."""
        file = self._slack.workspace.files.get(file_id)
        return None if file is None else (file.content, file.mimetype)

    def acts(self) -> Mapping[str, Callable[[Json], Awaitable[Json]]]:
        return {
            "say": self._say,
            "say_dm": self._say_dm,
            "edit": self._edit,
            "delete": self._delete,
            "click": self._click,
            "submit_view": self._submit_view,
            "close_view": self._close_view,
            "slash": self._slash,
            "shortcut": self._shortcut,
            "stop": self._stop,
            "react": self._react,
            "open_messages_tab": self._open_messages_tab,
        }

    async def _say(self, args: Json) -> Json:
        ws = self._slack.workspace
        channel = args["channel"]
        if channel == "dm":
            channel = ws.dm_with(args["user"]).id
        message = await ws.say(
            args["user"],
            channel,
            args.get("text", ""),
            thread_ts=args.get("thread_ts") or None,
            files=args.get("files", ()),
        )
        return _posted(message)

    async def _say_dm(self, args: Json) -> Json:
        return await self._say({**args, "channel": "dm"})

    async def _edit(self, args: Json) -> Json:
        ws = self._slack.workspace
        return _posted(await ws.edit(args["user"], args["channel"], args["ts"], args["text"]))

    async def _delete(self, args: Json) -> Json:
        return _posted(await self._slack.workspace.delete(args["user"], args["channel"], args["ts"]))

    async def _click(self, args: Json) -> Json:
        ws, user, action_id, value = self._slack.workspace, args["user"], args["action_id"], args.get("value")
        if "view_id" in args:
            return _acked(await ws.click_in_view(user, args["view_id"], action_id, value))
        return _acked(await ws.click(user, args["channel"], args["ts"], action_id, value))

    async def _submit_view(self, args: Json) -> Json:
        ws, view_id = self._slack.workspace, args["view_id"]
        answer = _acked(await ws.submit_view(args["user"], view_id, args.get("values") or {}))
        view = ws.view(view_id)
        return {**answer, "errors": dict(view.errors)} if view and view.errors else answer

    async def _close_view(self, args: Json) -> Json:
        await self._slack.workspace.close_view(args["user"], args["view_id"])
        return {"ok": True}

    async def _slash(self, args: Json) -> Json:
        ws = self._slack.workspace
        return _acked(await ws.slash(args["user"], args["channel"], args["command"], args.get("text", "")))

    async def _shortcut(self, args: Json) -> Json:
        ws = self._slack.workspace
        return _acked(
            await ws.shortcut(args["user"], args["callback_id"], channel=args.get("channel"), ts=args.get("ts"))
        )

    async def _stop(self, args: Json) -> Json:
        await self._slack.workspace.stop(args["user"], args["channel"], args["thread_ts"])
        return {"ok": True}

    async def _react(self, args: Json) -> Json:
        ws = self._slack.workspace
        remove = bool(args.get("remove"))
        await ws.react(args["user"], args["channel"], args["ts"], args["name"], remove=remove)
        return {"ok": True}

    async def _open_messages_tab(self, args: Json) -> Json:
        await self._slack.workspace.open_messages_tab(args["user"])
        return {"ok": True, "channel": self._slack.workspace.dm_with(args["user"]).id}


def _posted(message: Message) -> Json:
    return {"ok": True, "ts": message.ts, "channel": message.channel}


def _acked(ack: Ack) -> Json:
    if ack.arrived:
        return {"ok": True}
    return {"ok": False, "error": "the app did not answer in time"}
