"""Drives a real headless Chromium over the DevTools protocol, so that the page is tested where it lives."""

import asyncio
import base64
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--lang=en-US",
    "--remote-debugging-port=0",
)
DEADLINE = 20.0


class Tab:
    """One browser tab: what it shows, what it complained about and what it asked the network for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session: str | None = None
        self._last = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def open(self) -> None:
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            await self.send(f"{domain}.enable")

    async def send(self, method: str, /, **params: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        answer = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message)
        return await asyncio.wait_for(answer, DEADLINE)

    async def listen(self) -> None:
        async for frame in self._socket:
            message = json.loads(frame.data)
            if "id" not in message:
                self._notice(message["method"], message["params"])
                continue
            answer = self._waiting.pop(message["id"])
            if answer.done():
                continue
            if "error" in message:
                answer.set_exception(AssertionError(message["error"]["message"]))
            else:
                answer.set_result(message["result"])

    def _notice(self, event: str, params: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(each.get("value", each.get("description"))) for each in params["args"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Network.webSocketCreated":
            self.requests.append(params["url"])

    async def size(self, width: int, height: int, *, touch: bool = False) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )

    async def dark(self, yes: bool = True) -> None:
        await self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if yes else "light"}],
        )

    async def go(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def see(self, expression: str) -> Any:
        """The value of a JavaScript expression; promises are awaited."""
        answer = await self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"].get("exception", {}).get("description", expression))
        return answer["result"].get("value")

    async def until(self, expression: str, seconds: float = 8.0) -> Any:
        """Waits until a JavaScript expression is true; checked at every change of the document."""
        found = await self.see(
            f"""new Promise((done) => {{
              const end = (value) => {{
                observer.disconnect();
                clearInterval(timer);
                clearTimeout(late);
                done(value);
              }};
              const check = () => {{
                let value;
                try {{ value = {expression}; }} catch {{ value = false; }}
                if (value) end(typeof value === "object" ? true : value);
              }};
              const observer = new MutationObserver(check);
              const everything = {{subtree: true, childList: true, attributes: true, characterData: true}};
              observer.observe(document, everything);
              const timer = setInterval(check, 50);
              const late = setTimeout(() => end(null), {int(seconds * 1000)});
              check();
            }})"""
        )
        if not found:
            text = await self.see("document.body.innerText")
            raise AssertionError(
                f"not within {seconds} s: {expression}\ncomplaints: {self.complaints}\nthe page says:\n{text}"
            )
        return found

    async def shows(self, text: str, within: str = "body", seconds: float = 8.0) -> None:
        await self.until(
            f"document.querySelector({json.dumps(within)}).innerText.includes({json.dumps(text)})", seconds
        )

    async def click(self, selector: str, text: str | None = None) -> None:
        """Clicks the first element that matches and, when given, carries the text."""
        wanted = f".find((each) => each.textContent.includes({json.dumps(text)}))" if text else "[0]"
        await self.until(
            f"""(() => {{
              const found = [...document.querySelectorAll({json.dumps(selector)})]{wanted};
              if (!found || found.disabled) return false;
              found.click();
              return true;
            }})()"""
        )

    async def focus(self, selector: str) -> None:
        await self.until(
            f"(document.querySelector({json.dumps(selector)})?.focus(), "
            f"document.activeElement?.matches({json.dumps(selector)}))"
        )

    async def type(self, selector: str, text: str, *, enter: bool = False) -> None:
        await self.focus(selector)
        await self.send("Input.insertText", text=text)
        if enter:
            await self.press("Enter")

    async def press(self, key: str, *, shift: bool = False) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        held = 8 if shift else 0
        code = {"Enter": 13, "Escape": 27, "Tab": 9}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            extra = text if kind == "keyDown" else {}
            await self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=held,
                **extra,
            )

    async def choose(self, selector: str, value: str) -> None:
        """Chooses an option of a select, as a person would: with a change event."""
        await self.until(
            f"""(() => {{
              const select = document.querySelector({json.dumps(selector)});
              const options = [...(select?.options ?? [])];
              if (!options.some((each) => each.value === {json.dumps(value)})) return false;
              select.value = {json.dumps(value)};
              select.dispatchEvent(new Event("change", {{bubbles: true}}));
              return true;
            }})()"""
        )

    async def attach(self, selector: str, *paths: Path) -> None:
        document = await self.send("DOM.getDocument")
        node = await self.send("DOM.querySelector", nodeId=document["root"]["nodeId"], selector=selector)
        await self.send("DOM.setFileInputFiles", nodeId=node["nodeId"], files=[str(path) for path in paths])

    async def picture(self, path: Path) -> None:
        taken = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(taken["data"]))


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A fresh Chromium with an empty profile and one tab."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            address = await asyncio.wait_for(_address(process), DEADLINE)
            async with (
                _drained(process),
                aiohttp.ClientSession() as session,
                session.ws_connect(address, max_msg_size=0) as socket,
            ):
                tab = Tab(socket)
                listening = asyncio.create_task(tab.listen())
                await tab.open()
                yield tab
                await socket.close()
                await listening
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    while line := await process.stderr.readline():
        if line.startswith(b"DevTools listening on "):
            return line.split()[-1].decode()
        said += line
    raise AssertionError(f"the browser ended before it listened:\n{said.decode(errors='replace')}")


@asynccontextmanager
async def _drained(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """A full pipe would stop the browser, so that what it says is read and thrown away."""
    assert process.stderr is not None
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
