"""The desk's own small HTTP server: health, readiness, metrics, and what platforms call."""

import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from frontdesk.adapters.ops.metrics import Metrics
from frontdesk.domain.errors import Misconfigured
from frontdesk.domain.turns import TurnTrace

Check = Callable[[], Awaitable[str | None]]
"""Returns why something is not ready, or None."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpServer:
    """Serves on one address until it is closed; `address` is known once it is started."""

    def __init__(
        self,
        bind: str,
        metrics: Metrics,
        checks: Mapping[str, Check],
        routes: Mapping[str, Handler],
        traces: Callable[[], Awaitable[Sequence[TurnTrace]]] | None = None,
    ) -> None:
        self._host, _, port = bind.rpartition(":")
        self._port = int(port)
        self._metrics = metrics
        self._checks = checks
        self._traces = traces
        self._app = web.Application(client_max_size=4 * 1024 * 1024)
        self._app.router.add_get("/healthz", self._healthz)
        self._app.router.add_get("/readyz", self._readyz)
        self._app.router.add_get("/metrics", self._metrics_page)
        if traces is not None:
            self._app.router.add_get("/traces/latest", self._latest_trace)
        for path, handler in routes.items():
            self._app.router.add_post(path, handler)
        self._runner = web.AppRunner(self._app, access_log=None, handle_signals=False)
        self.address = ""

    async def start(self) -> None:
        """Raises Misconfigured when the address is taken or not ours."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host.strip("[]") or None, self._port)
        try:
            await site.start()
        except (OSError, socket.gaierror) as error:
            await self._runner.cleanup()
            raise Misconfigured(
                f"FRONTDESK_HTTP={self._host}:{self._port} cannot be served ({_why(error)}): choose a free host:port"
            ) from None
        port = self._runner.addresses[0][1]
        self.address = f"http://{self._host or '127.0.0.1'}:{port}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = {name: await check() for name, check in self._checks.items()}
        failing = {name: why for name, why in reasons.items() if why}
        return web.json_response({"ok": not failing, "not_ready": failing}, status=503 if failing else 200)

    async def _metrics_page(self, _: web.Request) -> web.Response:
        body, content_type = self._metrics.page()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _latest_trace(self, _: web.Request) -> web.Response:
        latest = await self._traces() if self._traces else ()
        if not latest:
            return web.json_response({})
        return web.Response(text=latest[0].model_dump_json(), content_type="application/json")


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    return os.strerror(error.errno) if error.errno else "not an address of this machine"
