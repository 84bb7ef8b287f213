"""FAULTS row 13: a malformed submission is refused in one line that names file, key, value and fix; exit code 2, no
traceback, nothing written. 193 files made by hand, 150 mutated from a good one; 10,000 mutated ones nightly.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.malformed_submissions import GOOD, files
from tts_bench.errors import BadInput, TtsBenchError
from tts_bench.protocols import ModelSpec
from tts_bench.submission import SearchSpec, Submission, parse_submission, read_submission
from tts_bench.tables import parse_toml

Reader = Callable[[Path], Submission]
HOUSE = re.compile(r"(?P<file>[^=]*): (?P<key>[^=]+?)(?: = (?P<value>.+?)| is missing): (?P<fix>.+)")


def tree(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*")}


def outcome(read: Reader, folder: Path, content: bytes, key: str) -> str:
    """ "read", "refused", or what is wrong with how the file was refused."""
    path = folder / "mine.toml"
    path.write_bytes(content)
    before = tree(folder)
    try:
        submission = read(path)
    except TtsBenchError as error:
        message, found = str(error), HOUSE.fullmatch(str(error))
        if tree(folder) != before:
            return "wrote something"
        if error.exit_code != 2:
            return f"exit code {error.exit_code}"
        if not found or not message.isprintable() or len(message) > 1000:
            return f"not one line of file, key, value and fix: {message!r}"
        if path.name not in message or not re.fullmatch(key, found["key"]):
            return f"names {found['key']!r} in {found['file']!r}: {message!r}"
        return "refused"
    except Exception as error:
        return f"traceback: {type(error).__name__}"
    return "read" if tree(folder) == before and is_whole(submission) else "read as no valid submission"


def is_whole(submission: Submission) -> bool:
    try:
        return parse_submission(parse_toml(submission.to_toml().encode(), "again"), "again") == submission
    except (BadInput, TypeError, ValueError):
        return False


def unrefused(read: Reader, folder: Path) -> dict[str, str]:
    found = {label: outcome(read, folder, content, key) for label, (content, key) in files().items()}
    return {label: what for label, what in found.items() if what != "refused"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_made_by_hand_are_each_refused_in_one_line(folder: Path) -> None:
    contents = [content for content, _ in files().values()]
    assert len(set(contents)) == len(contents) == 193
    assert unrefused(read_submission, folder) == {}


def test_the_file_they_are_made_from_is_good_with_either_line_end(folder: Path) -> None:
    assert outcome(read_submission, folder, GOOD.encode(), "") == "read"
    assert outcome(read_submission, folder, GOOD.replace("\n", "\r\n").encode(), "") == "read"


def test_what_is_no_readable_file_is_refused(folder: Path) -> None:
    (folder / "loop.toml").symlink_to("loop.toml")
    for path in (
        folder / "absent.toml",
        folder,
        folder / "loop.toml",
        folder / ("a" * 300 + ".toml"),
        Path("/dev/null"),
    ):
        with pytest.raises(BadInput, match=HOUSE.pattern) as caught:
            read_submission(path)
        assert "\n" not in str(caught.value)


def mutated(seed: int) -> bytes:
    """The good file after one to three small accidents to its bytes or lines."""
    rng = random.Random(seed)
    content = GOOD.encode()
    for _ in range(rng.randint(1, 3)):
        content = rng.choice([_flip, _insert, _delete, _swap, _line, _token])(rng, content)
    return content


def _flip(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def _insert(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + rng.randbytes(rng.randint(1, 3)) + content[at:]


def _delete(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) - 40)
    return content[:at] + content[at + rng.randint(1, 12) :]


def _swap(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) - 1)
    return content[:at] + content[at + 1 : at + 2] + content[at : at + 1] + content[at + 2 :]


def _line(rng: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    lines.insert(rng.randrange(len(lines)), lines.pop(rng.randrange(len(lines))) if rng.random() < 0.5 else lines[0])
    return b"\n".join(lines)


def _token(rng: random.Random, content: bytes) -> bytes:
    """Put another word where one stands."""
    own = sorted(set(re.findall(rb"[\w.\"-]+", content)))
    words = [*own, b"nan", b"1e309", b"9" * 30, b'"""', b"{", b"[[", b"-1"]
    return re.sub(re.escape(rng.choice(words)), lambda _: rng.choice(words), content, count=1)


def mishandled(read: Reader, folder: Path, seeds: range) -> tuple[int, dict[int, str]]:
    """How many mutated files were refused, and what went wrong with those neither refused rightly nor read."""
    found = {seed: outcome(read, folder, mutated(seed), ".+") for seed in seeds}
    refused = sum(what == "refused" for what in found.values())
    return refused, {seed: what for seed, what in found.items() if what not in ("read", "refused")}


def test_150_mutated_files_are_refused_in_one_line_or_are_good(folder: Path) -> None:
    refused, wrong = mishandled(read_submission, folder, range(150))
    assert wrong == {}
    assert 100 <= refused < 150


@pytest.mark.nightly
def test_10000_mutated_files_are_refused_in_one_line_or_are_good(folder: Path) -> None:
    refused, wrong = mishandled(read_submission, folder, range(1000, 11_000))
    assert wrong == {}
    assert 7000 <= refused < 10_000


def lax(path: Path) -> Submission:
    """Takes what TOML takes."""
    data = tomllib.loads(path.read_text("utf-8"))
    return Submission(data["name"], ModelSpec(data["model"]["name"]), SearchSpec(data["search"]["name"]))


def chatty(path: Path) -> Submission:
    """Refuses on two lines."""
    try:
        return read_submission(path)
    except BadInput as error:
        raise BadInput(f"{error}\n(see the manual)") from error


def littering(path: Path) -> Submission:
    """Leaves a note beside the file."""
    path.with_suffix(".log").write_text(str(tree(path.parent)))
    return read_submission(path)


def vague(path: Path) -> Submission:
    """Does not say where."""
    try:
        return read_submission(path)
    except BadInput as error:
        raise BadInput("bad file") from error


def forgetful(path: Path) -> Submission:
    """Reads on after what it does not know: unknown keys pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tts_bench.tables.Table.done", lambda self: None)
        return read_submission(path)


@pytest.mark.parametrize(
    ("broken", "least"), [(lax, 100), (chatty, 150), (littering, 1), (vague, 150), (forgetful, 10)]
)
def test_a_broken_reader_is_caught(folder: Path, broken: Reader, least: int) -> None:
    assert len(unrefused(broken, folder)) >= least


@pytest.mark.parametrize("broken", [lax, chatty, vague])
def test_a_broken_reader_is_caught_by_mutated_files(folder: Path, broken: Reader) -> None:
    assert len(mishandled(broken, folder, range(150))[1]) >= 20


@pytest.mark.parametrize(
    ("guard", "without"),
    [
        ("tts_bench.tables.MAX_BYTES", 10**9),
        ("tts_bench.tables.MAX_DOTS", 10**9),
        ("tts_bench.tables.MAX_DEPTH", 10**9),
        ("tts_bench.tables.check_values", lambda value, file: None),
        ("tts_bench.plaintext.HIDDEN", re.compile("(?!)")),
        ("tts_bench.submission.check_name", lambda value, file, key: value),
        ("tts_bench.submission.COMMIT", lambda value, file, key: value),
        ("tts_bench.submission.HUB_ID", "(?!)"),
        ("tts_bench.submission._weights", lambda table: table.take("weights", lambda value, file, key: value, None)),
        ("tts_bench.registry.Registry.require", lambda self, name, file="", key="": name),
        ("tts_bench.submission.WEIGHT", lambda value, file, key: value),
        ("tts_bench.submission.take_knobs", lambda function, table: dict(table.rest())),
    ],
)
def test_every_guard_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch, guard: str, without: object) -> None:
    monkeypatch.setattr(guard, without)
    assert unrefused(read_submission, folder)
