"""Files: the three steps of an upload, looking one up, and the download that wants a token."""

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from frontdesk.sandbox.slack.blocks import checked
from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.values import Channel, File, Json
from frontdesk.sandbox.slack.web_chat import check_thread, own_draft
from frontdesk.sandbox.slack.workspace import Workspace

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in to continue</body></html>"


@dataclass(frozen=True)
class Upload:
    """An announced upload, with its bytes once they came."""

    name: str
    length: int
    content: bytes | None = None


class Uploads:
    """Uploads that are under way; an instance lives as long as the server."""

    def __init__(self) -> None:
        self.pending: dict[str, Upload] = {}

    def methods(self) -> Mapping[str, Callable[[Call], Json]]:
        return {
            "files.getUploadURLExternal": self.get_url,
            "files.completeUploadExternal": self.complete,
            "files.info": file_info,
        }

    def get_url(self, call: Call) -> Json:
        length = int(call.args["length"])
        if length <= 0 or not call.args["filename"]:
            raise ApiError("invalid_arguments")
        file_id = call.workspace.next_id("F")
        self.pending[file_id] = Upload(call.args["filename"], length)
        return {"file_id": file_id, "upload_url": f"{call.app.base_url}/upload/v1/{file_id}"}

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """The bytes, raw or as the one part of a form."""
        file_id = request.match_info["file"]
        upload = self.pending.get(file_id)
        if upload is None:
            return web.Response(status=404, text="unknown upload")
        content = await _bytes_of(request)
        if len(content) != upload.length:
            return web.Response(status=400, text=f"announced {upload.length} bytes, got {len(content)}")
        self.pending[file_id] = replace(upload, content=content)
        return web.Response(text=f"OK - {len(content)}")

    def complete(self, call: Call) -> Json:
        named = call.args["files"]
        if not named or any(self._unfinished(one) for one in named):
            raise ApiError("file_not_found")
        places = _places(call)
        files = tuple(self._keep(call, one) for one in named)
        for channel in places:
            _share(call, channel, files)
        return {"files": [file.wire() for file in files]}

    def _unfinished(self, named: Json) -> bool:
        upload = self.pending.get(named.get("id", ""))
        return upload is None or upload.content is None

    def _keep(self, call: Call, named: Json) -> File:
        upload = self.pending.pop(named["id"])
        mimetype = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        url = f"{call.app.base_url}/files-pri/{call.app.team_id}-{named['id']}/{upload.name}"
        file = File(
            named["id"],
            upload.name,
            mimetype,
            upload.content or b"",
            call.app.bot_user_id,
            url,
            title=named.get("title") or upload.name,
            created=int(call.workspace.clock.now()),
        )
        call.workspace.files[file.id] = file
        return file


async def _bytes_of(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    part = next(iter((await request.post()).values()))
    return part.file.read() if isinstance(part, web.FileField) else str(part).encode()


def _places(call: Call) -> list[Channel]:
    ids = [call.args.get("channel_id"), *str(call.args.get("channels") or "").split(",")]
    places = []
    for channel_id in filter(None, ids):
        channel = call.workspace.channels.get(channel_id)
        if channel is None:
            raise ApiError("channel_not_found")
        if not call.workspace.bot_is_in(channel.id):
            raise ApiError("not_in_channel")
        places.append(channel)
    return places


def _share(call: Call, channel: Channel, files: tuple[File, ...]) -> None:
    check_thread(call, channel, call.args.get("thread_ts"))
    message = replace(own_draft(call, channel), text=call.args.get("initial_comment") or "", files=files)
    message = replace(call.customised(message), subtype="file_share", blocks=checked(call.args.get("blocks")))
    call.workspace.put(message)
    call.workspace.announce(message)


def file_info(call: Call) -> Json:
    file = call.workspace.files.get(call.args["file"])
    if file is None:
        raise ApiError("file_not_found")
    return {"file": file.wire(), "comments": [], "response_metadata": {"next_cursor": ""}}


def download(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """The content for a bearer of the token; anybody else gets a login page that looks like success."""
    file = workspace.files.get(request.match_info["file"].partition("-")[2])
    if file is None:
        return web.Response(status=404)
    bearer = request.headers.get("Authorization", "")
    if bearer != f"Bearer {workspace.app.bot_token}" or "files:read" not in workspace.app.scopes:
        return web.Response(text=LOGIN_PAGE, content_type="text/html")
    return web.Response(body=file.content, content_type=file.mimetype)
