"""Where prompts come from: pinned files are held to their sha256, wherever they were got; one's own are one's own."""

from __future__ import annotations

import hashlib
from http.client import IncompleteRead
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from tts_bench import pinned_files
from tts_bench.errors import BadInput, NeedsFiles, ServiceFailed
from tts_bench.pinned_files import fetch
from tts_bench.prompt_sources import Address, OwnPrompts
from tts_bench.prompt_tables import Columns
from tts_bench.suite import Suite, find_suite, read_suite

CONTENT = b"No.,Prompts,Category\r\n1,a red car,Colors\r\n2,two dogs,Counting \r\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "https://example.org/at/a1b2/prompts.csv"
CARD = f"""\
name = "mine"
title = "Mine"
description = "..."
[prompts]
url = "{URL}"
sha256 = "{SHA256}"
text = "Prompts"
category = "Category"
id = "No."
limit = 2
[protocol]
seed = 0
model = "shapes"
[[metrics]]
name = "chance"
scorer = "chance"
output = "score"
title = "..."
main = true
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TTS_BENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "mine.toml").write_text(CARD)
    return read_suite(tmp_path / "mine.toml")


def test_a_pinned_address_is_fetched_once_and_kept(
    suite: Suite, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(pinned_files, "fetch", lambda url: asked.append(url) or CONTENT)
    assert not home.exists(), "a card is read without its prompts"
    assert [(p.id, p.text, p.category) for p in suite.prompts()] == [
        ("1", "a red car", "Colors"), ("2", "two dogs", "Counting"),
    ]  # fmt: skip
    assert read_suite(tmp_path / "mine.toml").prompts() == suite.prompts() and asked == [URL]


@pytest.mark.parametrize("where", ["fetched", "kept", "copied"])
def test_another_content_is_refused_wherever_it_lies(
    suite: Suite, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    other = CONTENT.replace(b"red", b"Red")
    monkeypatch.setattr(pinned_files, "fetch", lambda url: other)
    (tmp_path / "copy.csv").write_bytes(other)
    if where == "kept":
        (home / "prompts").mkdir(parents=True)
        (home / "prompts" / SHA256).write_bytes(other)
    asked = suite.with_prompts(tmp_path / "copy.csv") if where == "copied" else suite
    with pytest.raises(BadInput, match=f"the card pins {SHA256}: get {URL}") as error:
        asked.prompts()
    assert "\n" not in str(error.value)
    assert where == "kept" or not (home / "prompts").exists(), "nothing of it is kept"


def test_the_users_copy_needs_no_network(suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "copy.bin").write_bytes(CONTENT)
    monkeypatch.setattr(pinned_files, "fetch", None)
    copied = suite.with_prompts(tmp_path / "copy.bin")
    assert len(copied.prompts()) == 2 and copied.source.sha256 == suite.source.sha256


@pytest.mark.parametrize(
    "failure",
    [URLError("no route"), TimeoutError(), ConnectionResetError("reset"), ValueError(), IncompleteRead(b"half")],
)
def test_a_network_that_fails_is_no_fault_of_the_user(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def fails(*args: Any, **options: Any) -> Any:
        raise failure

    monkeypatch.setattr("urllib.request.urlopen", fails)
    with pytest.raises(ServiceFailed, match="run again, or get it yourself and give --prompts PLACE") as error:
        fetch(URL)
    assert "\n" not in str(error.value) and error.value.exit_code == 4


def test_an_answer_without_an_end_is_cut_off_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Endless(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size or 0)
            return b"x" * (size or 0)

    monkeypatch.setattr(pinned_files, "MAX_BYTES", 1000)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Endless())
    with pytest.raises(BadInput, match="larger than the 1000 bytes allowed"):
        fetch(URL)
    assert asked == [1001]


def test_whether_anything_need_be_fetched_is_known(suite: Suite, home: Path, tmp_path: Path) -> None:
    assert isinstance(suite.source, Address) and not suite.source.here
    copied = suite.with_prompts(tmp_path / "copy.csv").source
    assert isinstance(copied, Address) and copied.here
    (home / "prompts").mkdir(parents=True)
    (home / "prompts" / SHA256).write_bytes(CONTENT)
    assert suite.source.here


@pytest.mark.parametrize("file", ["../x.jsonl", "/etc/x.jsonl", "a/b.jsonl", "x.csv", "x", ".jsonl", "x.jsonl.txt"])
def test_a_card_names_prompts_beside_itself_alone(tmp_path: Path, file: str) -> None:
    pinned = CARD.replace(f'url = "{URL}"', f'file = "{file}"')
    for column in ('text = "Prompts"\n', 'category = "Category"\n', 'id = "No."\n'):
        pinned = pinned.replace(column, "")
    (tmp_path / "mine.toml").write_text(pinned)
    with pytest.raises(BadInput, match=r"prompts\.file"):
        read_suite(tmp_path / "mine.toml")


def test_prompts_of_ones_own_are_named_and_known_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "b.txt").write_text("one\ntwo\nthree\n")
    a, b = OwnPrompts(tmp_path / "a.txt"), OwnPrompts(tmp_path / "b.txt")
    assert [len(source.prompts()) for source in (a, b)] == [2, 3] and a.sha256 != b.sha256
    with pytest.raises(NeedsFiles, match="name a file of yours: --prompts FILE"):
        OwnPrompts().prompts()


def test_a_suite_with_prompts_of_its_own_takes_no_others(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the suite has its own; for prompts of yours take --suite prompts"):
        find_suite("shapes").with_prompts(tmp_path / "mine.txt")


@pytest.mark.parametrize(
    "url", ["http://example.org/p.csv", "file:///etc/passwd", "ftp://x/p.csv", "example.org/p.csv"]
)
def test_an_address_is_of_https(tmp_path: Path, url: str) -> None:
    (tmp_path / "mine.toml").write_text(CARD.replace(URL, url))
    with pytest.raises(BadInput, match="prompts.url"):
        read_suite(tmp_path / "mine.toml")


def test_a_lax_source_would_be_caught(suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the refusals above: without the check, other content passes."""
    (tmp_path / "copy.csv").write_bytes(CONTENT.replace(b"red", b"Red"))
    monkeypatch.setattr(pinned_files, "_held", lambda content, *rest: content)
    assert suite.with_prompts(tmp_path / "copy.csv").prompts()[0].text == "a Red car"
    assert Columns() == Columns("")
