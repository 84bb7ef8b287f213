"""A chat-completions server on this machine, over real HTTP, that does what a script says to each request.

`with Judge() as judge:` answers every question with numbers computed from the picture's bytes (`marks`); `script` is
asked first and may say anything else: a status, a reset, a reply that never ends. Everything received is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import numpy as np

from tts_bench.grader.rubric import ASKED
from tts_bench.grader.settings import GraderSettings
from tts_bench.images import decode_png, encode_png
from tts_bench.types import Image

USAGE = (900, 60)  # tokens in and out of every reply


@dataclass(frozen=True)
class Asked:
    """One request: its number from 0, its body and headers, and what is in them."""

    number: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def png(self) -> bytes:
        url = self.body["messages"][1]["content"][1]["image_url"]["url"]
        return base64.b64decode(url.removeprefix("data:image/png;base64,"))

    @property
    def picture(self) -> Image:
        return decode_png(self.png, "asked")

    @property
    def prompt(self) -> str:
        text = self.body["messages"][1]["content"][0]["text"]
        return json.loads(text[text.index("{") : text.rindex("}") + 1])["prompt"]

    @property
    def name(self) -> str:
        """The picture's digest."""
        return name_of_png(self.png)


@dataclass(frozen=True)
class Do:
    """What to do: answer `body` (a dict as JSON) with a status and headers, after `delay` seconds.

    `reset`: tear the connection down instead. `cut`: promise the whole, send this many bytes, tear it down. `drip`:
    send a byte every so many seconds.
    """

    status: int = 200
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    cut: int | None = None
    drip: float = 0.0


def chat(content: object, finish: str | None = "stop", usage: tuple[int, int] | None = USAGE, **message: Any) -> Do:
    """A chat completion with this text."""
    counted = {} if usage is None else {"usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]}}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    return Do(body={"id": "x", "object": "chat.completion", "model": "tiny-judge-1", "choices": [choice], **counted})


def error(status: int, message: str = "no", headers: Mapping[str, str] | None = None, **parts: Any) -> Do:
    return Do(status, {"error": {"message": message, "type": "t", **parts}}, headers or {})


def marks(png: bytes) -> dict[str, float]:
    """Six numbers that follow from the picture's bytes, with one decimal."""
    drawn = hashlib.sha256(png).digest()
    return {name: (drawn[2 * i] * 256 + drawn[2 * i + 1]) % 1001 / 10 for i, name in enumerate(ASKED)}


def verdict(asked: Asked) -> Do:
    return chat(json.dumps(marks(asked.png)))


def name_of_png(png: bytes) -> str:
    return hashlib.sha256(png).hexdigest()


def name_of(image: Image) -> str:
    return name_of_png(encode_png(image))


def picture(number: int, side: int = 8) -> Image:
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)


Script = Callable[[Asked], "Do | None"]


class Judge:
    """`script` None, or its None, means the computed verdict. `asked` are the requests, `most` how many at once."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.answered: list[str] = []  # pictures for which a completion was sent whole
        self.at_once = self.most = 0
        self.lock = threading.Lock()
        judge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                judge.handle(self)

            def log_message(self, *arguments: object) -> None: ...

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None: ...

        self.http = Quiet(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def settings(self, **changed: Any) -> GraderSettings:
        """A grader on this server; no anchors unless asked for."""
        return GraderSettings(**({"model": "tiny-judge", "base_url": self.url, "anchors": False} | changed))

    def __enter__(self) -> Judge:
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.shutdown()
        self.http.server_close()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self.lock:
            asked = Asked(len(self.asked), body, {name.lower(): value for name, value in handler.headers.items()})
            self.asked.append(asked)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        done = (self.script(asked) if self.script else None) or verdict(asked)
        with self.lock:
            self.at_once -= 1
        perform(handler, done)
        if isinstance(done.body, dict) and "choices" in done.body and done.cut is None and not done.drip:
            with self.lock:
                self.answered.append(asked.name)


def perform(handler: BaseHTTPRequestHandler, do: Do) -> None:
    time.sleep(do.delay)
    if do.reset:
        return reset(handler)
    raw = do.body if isinstance(do.body, bytes) else str(do.body).encode()
    content = json.dumps(do.body).encode() if isinstance(do.body, dict | list) else raw
    handler.send_response(do.status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **do.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if do.cut is not None:
        handler.wfile.write(content[: do.cut])
        handler.wfile.flush()
        return reset(handler)
    pieces = [content[i : i + 1] for i in range(len(content))] if do.drip else [content]
    for piece in pieces:
        handler.wfile.write(piece)
        time.sleep(do.drip)
    return None


def reset(handler: BaseHTTPRequestHandler) -> None:
    """RST instead of FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RD)
    handler.connection.close()
