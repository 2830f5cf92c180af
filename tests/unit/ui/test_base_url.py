"""The middleware that tells Streamlit's client where the server is."""

from __future__ import annotations

import asyncio
from typing import Any

from ui.base_url import SCRIPT, BaseUrl

PAGE = b"<!DOCTYPE html><html><head><title>t</title></head><body></body></html>"


def _ask(accept: bytes, *, status: int = 200, kind: bytes = b"text/html; charset=utf-8") -> tuple[dict, bytes, list]:
    """The answer to a GET through the middleware: start message, body, and the headers that the app saw."""
    sent: list[dict[str, Any]] = []
    seen: list[tuple[bytes, bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        length = str(len(PAGE)).encode()
        headers = [(b"content-type", kind), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[20:]})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "headers": [(b"accept", accept), (b"accept-encoding", b"gzip")]}
    asyncio.run(BaseUrl(app)(scope, receive, send))
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:]), seen


def test_a_page_gets_the_script_and_the_right_length() -> None:
    start, body, seen = _ask(b"text/html,*/*")
    assert body == PAGE.replace(b"<head>", b"<head>" + SCRIPT)
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()
    assert b"accept-encoding" not in dict(seen), "a compressed page could not be changed"


def test_everything_else_passes_unchanged() -> None:
    for answer in (
        _ask(b"*/*"),
        _ask(b"text/html", kind=b"application/json"),
        _ask(b"text/html", status=404),
    ):
        start, body, _ = answer
        assert body == PAGE
        assert dict(start["headers"])[b"content-length"] == str(len(PAGE)).encode()
