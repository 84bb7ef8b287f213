"""What the user says of a grader: refused in one line before anything is sent."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.grader.server import lacking
from tts_bench.grader.settings import OPENAI, GraderSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", ""), ("model", None), ("model", "a\nb"), ("repeats", 0), ("repeats", True), ("repeats", 1.0),
        ("concurrency", 0), ("tries", 0), ("timeout", 0), ("timeout", math.nan), ("temperature", 2.5), ("max_side", 0),
        ("max_tokens", 1), ("price_in", -1.0), ("price_out", math.inf), ("max_dollars", -0.01), ("revision", ""),
        ("base_url", "127.0.0.1:80"), ("base_url", "ftp://x/v1"), ("base_url", "http://"), ("base_url", "http://h:x/v1"),
        ("base_url", "http://me:pw@h/v1"), ("base_url", "http://h/v1?key=1"), ("base_url", "http://h/v1#a"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(name: str, value: Any) -> None:
    prices = {"price_in": 1.0, "price_out": 1.0}
    with pytest.raises(BadInput, match=f"the grader's settings: {name} = ") as refused:
        GraderSettings(**({"model": "m"} | prices | {name: value})).check()
    assert "\n" not in str(refused.value) and "pw" not in str(refused.value)


def test_the_address_is_given_or_the_environment_s_or_openai_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert GraderSettings("m").url == OPENAI
    monkeypatch.setenv("OPENAI_BASE_URL", "http://10.0.0.7:8000/v1")
    assert GraderSettings("m").url == "http://10.0.0.7:8000/v1"
    assert GraderSettings("m", base_url="http://[::1]:80/v1").host == "::1"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000/v1", True), ("http://localhost/v1", True), ("http://[::1]:1/v1", True),
        ("http://127.9.9.9/v1", True), ("http://10.0.0.7/v1", False), ("https://localhost.example/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)  # fmt: skip
def test_a_server_on_this_machine_needs_no_key(monkeypatch: pytest.MonkeyPatch, url: str, local: bool) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    settings = GraderSettings("m", base_url=url)
    assert settings.local == local
    assert (lacking(settings) is None) == local
    assert local or "OPENAI_API_KEY" in str(lacking(settings))
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    assert lacking(settings) is None


def test_without_a_model_the_scorer_says_what_it_needs() -> None:
    from tts_bench.scorers.llm_grader import load

    with pytest.raises(NeedsFiles, match="--grader-model NAME.* OPENAI_API_KEY, which is"):
        load()
