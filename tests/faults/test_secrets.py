"""FAULTS row 17: 5 canary keys x 5 spellings x 12 failure points; no spelling of the key in any byte that is written.

The key is in the environment and works as the grader's. At each point something that goes wrong carries it, spelled in
one of five ways: a server's error that echoes it, a reply, an address, a traceback, a log record. What is read back is
standard output, standard error, the store and what was written of the results. With the filter off the test fails.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.grader.server import Asked, Do, Judge, chat, error, marks
from tests.grader.world import filled, grader, scoring
from tts_bench import cli, secrets
from tts_bench.errors import TtsBenchError
from tts_bench.grader.report import report
from tts_bench.grader.settings import GraderSettings
from tts_bench.scorers.llm_grader import load
from tts_bench.store import Store

CANARIES = [
    "sk-canary-4f1d09Bz77QpL2mVx8Tt", "Zm9vY2FuYXJ5K2tleS9iYXI=", "canary/with+slashes=and&marks%2F5",
    "canary'quoted\"back\\slashed\\n0", "plaincanarywithoutanyshape",
]  # fmt: skip
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "percent": lambda key: "".join(f"%{byte:02X}" if byte % 3 else quote(chr(byte), safe="") for byte in key.encode()),
    "base64": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "repr": lambda key: repr(key + "\n"),
    "uri": lambda key: f"https://user:{quote(key, safe='')}@api.example/v1",
}


def told(spelled: str) -> str:
    return f"Incorrect credentials provided ({spelled}), see the manual"


def grade(path: Path, judge: Judge, **changed: Any) -> None:
    """What a run does with its grader: score, then write what a result holds of it, then say something of it."""
    made = grader(judge, tries=2, **changed)
    states = filled(path / "store.sqlite", 2)
    with Store(path / "store.sqlite") as store:
        asking = scoring(store)
        try:
            asking.score(made, states)
        finally:
            held = report(made.settings, asking.answers(made, states), asking.reasons(made, states))
            (path / "result.json").write_text(json.dumps([held, dict(made.card)]))
            sys.stdout.write(f"{held} {made.session.models} {made.anchored}\n")


def answering(do: Callable[[str], Do]) -> Callable[[str, Path], None]:
    """A server that says the spelled key in its own way."""

    def point(spelled: str, path: Path) -> None:
        with Judge(lambda asked: do(spelled)) as judge:
            grade(path, judge)

    return point


def named(spelled: str, path: Path) -> None:
    def script(asked: Asked) -> Do:
        done: Any = chat(json.dumps(marks(asked.png)))
        return Do(body={**done.body, "model": told(spelled), "system_fingerprint": spelled})

    with Judge(script) as judge:
        grade(path, judge)


def address(spelled: str, path: Path) -> None:
    url = spelled if "://" in spelled else f"http://user:{spelled}@127.0.0.1:1/v1"
    load(GraderSettings("m", base_url=url))


def traceback(spelled: str, path: Path) -> None:
    try:
        try:
            raise ValueError(told(spelled))
        except ValueError as cause:
            raise RuntimeError({"headers": spelled}) from cause
    except RuntimeError:
        sys.excepthook(*sys.exc_info())


def record(spelled: str, path: Path) -> None:
    handler = logging.StreamHandler()
    logging.getLogger("canary").addHandler(handler)
    logging.getLogger("canary").warning("request failed: %s", {"authorization": spelled})
    logging.getLogger("canary").removeHandler(handler)


POINTS: dict[str, Callable[[str, Path], None]] = {
    "401": answering(lambda spelled: error(401, told(spelled), code="invalid_api_key")),
    "403": answering(lambda spelled: error(403, told(spelled))),
    "404": answering(lambda spelled: error(404, told(spelled))),
    "400": answering(lambda spelled: error(400, told(spelled))),
    "500": answering(lambda spelled: error(500, told(spelled))),
    "quota": answering(lambda spelled: error(429, told(spelled), code="insufficient_quota")),
    "wait": answering(lambda spelled: error(429, told(spelled), headers={"Retry-After": "9999"})),
    "reply": answering(lambda spelled: chat(told(spelled), refusal=spelled)),
    "model": named,
    "address": address,
    "traceback": traceback,
    "record": record,
}  # fmt: skip


class Captured:
    """Standard output and error as a program has them, through `cli.main`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch, self.out, self.err = monkeypatch, io.StringIO(), io.StringIO()

    def run(self, job: Callable[[], None]) -> None:
        self.patch.setattr(sys, "stdout", self.out)
        self.patch.setattr(sys, "stderr", self.err)
        self.patch.setattr(cli, "app", lambda standalone_mode: job())
        try:
            cli.main()
        except SystemExit:
            pass
        finally:
            self.patch.undo()


def leaks(path: Path, key: str, written: str) -> list[str]:
    """Which spellings of the key are in what was written, or in any file."""
    content = written.encode() + b"".join(file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file())
    inner = base64.b64encode(f"user:{key}".encode()).decode().rstrip("=")[7:-1]
    needles = {
        "plain": key, "percent": SPELLINGS["percent"](key), "quoted": quote(key, safe=""), "base64": inner,
        "repr": repr(key)[1:-1], "json": json.dumps(key)[1:-1], "alone": base64.b64encode(key.encode()).decode()[:-4],
    }  # fmt: skip
    return [name for name, needle in needles.items() if needle.encode() in content]


def run(path: Path, monkeypatch: pytest.MonkeyPatch, key: str, spelling: str, point: str) -> tuple[list[str], str]:
    path.mkdir(exist_ok=True)
    captured = Captured(monkeypatch)
    spelled = SPELLINGS[spelling](key)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_API_KEY", key)
        captured.run(lambda: POINTS[point](spelled, path))
    written = captured.out.getvalue() + captured.err.getvalue()
    return leaks(path, key, written), written


@pytest.mark.parametrize("point", POINTS)
def test_300_failures_write_no_spelling_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    for i, key in enumerate(CANARIES):
        for spelling in SPELLINGS:
            found, written = run(tmp_path / str(i), monkeypatch, key, spelling, point)
            assert found == [], f"{key} {spelling}: {written}"
            assert written.strip(), "the failure itself is told"


@pytest.fixture
def filter_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "redact", lambda text, environment=None: text)
        patch.setattr(secrets, "hide_values", lambda text, environment=None: text)
        yield


# A reply's text never gets anywhere, and an address with a user in it is refused unread, filter or no filter.
@pytest.mark.parametrize("point", [point for point in POINTS if point not in ("reply", "address")])
@pytest.mark.usefixtures("filter_off")
def test_with_the_filter_off_the_key_leaks_and_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    for i, key in enumerate(CANARIES):
        found, _ = run(tmp_path / str(i), monkeypatch, key, "plain", point)
        assert found, "a check that cannot fail"


def test_a_key_in_the_wrong_place_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARIES[0])
    for wrong in ({"model": CANARIES[0]}, {"model": "m", "revision": f"x {CANARIES[0]}"}):
        with pytest.raises(TtsBenchError, match="holds a secret") as refused:
            GraderSettings(**wrong).check()
        assert CANARIES[0] not in str(refused.value)


@pytest.mark.parametrize("key", CANARIES)
@pytest.mark.parametrize("offset", range(4))
def test_base64_is_found_at_any_offset(key: str, offset: int) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        written = encode(b"api:"[:offset] + key.encode() + b"more"[:offset]).decode()
        assert base64.b64encode(key.encode()[3:-3]).decode()[4:-4] not in secrets.redact(written, {"API_KEY": key})
        assert secrets.HIDDEN in secrets.redact(f"a {quote(written)} b", {"API_KEY": key})


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("Authorization: Bearer abcdefgh12345", "abcdefgh12345"),
        ("curl -H 'authorization: Basic dXNlcjpwYXNz'", "dXNlcjpwYXNz"),
        ('{"api_key": "qwertyuiop99"}', "qwertyuiop99"),
        ("OPENAI_API_KEY=qwertyuiop99 tts-bench", "qwertyuiop99"),
        ("postgres://me:hunter22hunter@db/x", "hunter22hunter"),
        ("provided: sk-proj-abcdefghijklmnopqrstuv", "abcdefghij"),
    ],
)
def test_by_name_or_shape_without_the_environment(line: str, hidden: str) -> None:
    assert hidden in line and hidden not in secrets.redact(line, {})


@pytest.mark.parametrize(
    "line",
    [
        "suites/x.toml: verifier.scorers = 'clp': no such scorer; did you mean 'clip_zero_shot'?",
        "scorer llm_grader: the environment has no OPENAI_API_KEY; export it (any text where h asks for none)",
        "tokens_in: 123456789, max_tokens = 512000000", "hf://datasets/a@b", "sk-learn is a library",
        "a risk-free token",
        "openai/clip-vit-large-patch14@32bd64288804d66eefd0ccbe215aa642df71cc41",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(line: str) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HF_TOKEN": "short",
        "SSH_KEY": "/home/me/.ssh/id",
        "MAX_TOKEN": "123456789",
    }
    assert secrets.redact(line, environment) == line


def test_numbers_on_standard_output_are_left_alone() -> None:
    line = json.dumps({"api_key": "not-from-the-environment", "token": 12345678})
    assert secrets.hide_values(line, {"OPENAI_API_KEY": "sk-something-else"}) == line


def test_a_key_that_a_server_cut_off_is_hidden_too() -> None:
    key = "sk-verysecretkey1234567890"
    for cut in (12, 13, 18, len(key)):
        told = secrets.redact(f"bad key {key[:cut]}, try another", {"OPENAI_API_KEY": key})
        assert key[:12] not in told and "try another" in told
    assert secrets.redact("sk-very is how they begin", {"OPENAI_API_KEY": key}) == "sk-very is how they begin"
