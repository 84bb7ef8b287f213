"""What the parser refuses is one line and exit code 2, as everything else is."""

from __future__ import annotations

import sys

import pytest

from tts_bench import cli, secrets


def ended(arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(secrets, "guard", lambda: None)
    monkeypatch.setattr(sys, "argv", ["tts-bench", *arguments.split()])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "said", "where"),
    [
        ("leaderboard", "Missing option '--suite'", "tts-bench leaderboard"),
        ("compare", "Missing argument 'BASE'", "tts-bench compare"),
        ("evaluate --suite shapes --limit 0", "greater than or equal to 1", "tts-bench evaluate"),
        ("compare a b --format xml", "'terminal', 'markdown', 'junit', 'json'", "tts-bench compare"),
        ("store verify --nope", "No such option: --nope", "tts-bench store verify"),
        ("nope", "No such command 'nope'", "tts-bench"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: str, said: str, where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(arguments, monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("tts-bench: command line: ") and said in err and err.endswith(f": see {where} --help\n")


@pytest.mark.parametrize("arguments", ["", "store"])
def test_nothing_at_all_is_answered_by_the_help(
    arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(arguments, monkeypatch) == 2
    out, err = capsys.readouterr()
    assert "Usage: tts-bench" in out and err.strip() == ""


def test_help_and_what_is_done_end_with_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("compare --help", monkeypatch) == 0 and ended("list", monkeypatch) == 0
    assert capsys.readouterr().err == ""
