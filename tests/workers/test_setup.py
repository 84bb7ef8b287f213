"""Environments made by uv itself, offline, from a wheel made here; and by a uv that fails in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.workers import stand_in
from tts_bench.cli import app
from tts_bench.errors import BadInput, MachineFailed, NeedsFiles, ServiceFailed
from tts_bench.user_folder import VARIABLE as HOME
from tts_bench.workers import setup
from tts_bench.workers.environment import T2V_METRICS, WHOLE, Environment, find_environment


def wheel(folder: Path, source: str = "here = 1\n") -> None:
    """t2v_metrics 1.2, one module of it."""
    folder.mkdir(exist_ok=True)
    info = "t2v_metrics-1.2.dist-info/"
    with zipfile.ZipFile(folder / "t2v_metrics-1.2-py3-none-any.whl", "w") as made:
        made.writestr("t2v_metrics.py", source)
        made.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: t2v-metrics\nVersion: 1.2\n")
        made.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(info + "RECORD", "")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A pinned list whose one package is in a folder of wheels, and no index to ask."""
    for name, value in {HOME: str(tmp_path / "home"), "UV_FIND_LINKS": str(tmp_path / "wheels")}.items():
        monkeypatch.setenv(name, value)
    for name in ("UV_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(setup, "PYTHON", sys.executable)
    wheel(tmp_path / "wheels")
    return stand_in.environment(tmp_path)


def names(world: Environment) -> list[str]:
    folder = world.folder.parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_it_is_made_once_and_again_when_told_to(world: Environment) -> None:
    assert not world.whole()
    with pytest.raises(NeedsFiles, match=r"scorer a: environment = 'stand-in': .*run `tts-bench setup stand-in`"):
        world.require("a")
    made = setup.make(world)
    assert made.fresh and made.folder == world.folder and world.whole() and names(world) == [world.folder.name]
    world.require("a")
    assert made.size == setup.size_of(world.folder) - (world.folder / WHOLE).stat().st_size
    before = world.folder.stat().st_ino
    assert not setup.make(world).fresh and world.folder.stat().st_ino == before
    assert setup.make(world, force=True).fresh and world.folder.stat().st_ino != before
    assert names(world) == [world.folder.name]
    line = "import t2v_metrics, sys; print(t2v_metrics.__file__, sys.prefix)"
    said = subprocess.run([world.python, "-I", "-c", line], capture_output=True, text=True, check=True).stdout
    assert str(world.folder) in said.split()[0] and said.split()[1] == str(world.folder), "it works where it is now"


def test_another_list_is_another_environment(world: Environment, tmp_path: Path) -> None:
    setup.make(world)
    (tmp_path / "pins.txt").write_text("t2v-metrics==1.3\n")
    other = Environment("stand-in", tmp_path / "pins.txt", (), ())
    assert not other.whole() and other.folder != world.folder


def test_what_lost_its_python_is_not_whole(world: Environment) -> None:
    setup.make(world)
    world.python.unlink()
    assert not world.whole() and setup.make(world).fresh and world.whole()


def test_a_project_around_the_user_has_no_say(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[project]\nname = "a"\nversion = "1"\n[tool.uv]\nconstraint-dependencies = ["t2v-metrics==9"]\n'
    (tmp_path / "pyproject.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert setup.make(world).fresh


def test_run_inside_a_project_it_would_have(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: uv started in the project's folder takes the project's constraints."""
    test_a_project_around_the_user_has_no_say(world, tmp_path, monkeypatch)
    run = subprocess.run
    monkeypatch.setattr(setup.subprocess, "run", lambda *a, **k: run(*a, **{**k, "cwd": tmp_path}))
    with pytest.raises(ServiceFailed):
        setup.make(world, force=True)


def test_a_package_that_does_not_come_is_a_service_s_fault(world: Environment, tmp_path: Path) -> None:
    (tmp_path / "wheels" / "t2v_metrics-1.2-py3-none-any.whl").unlink()
    with pytest.raises(ServiceFailed, match=r"^stand-in: uv could not fetch it \(.+\); run `tts-bench setup stand-in`"):
        setup.make(world)
    assert names(world) == [] and not world.whole()


def test_packages_that_do_not_import_are_no_environment(world: Environment, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "raise OSError('libcuda is missing')\n")
    with pytest.raises(MachineFailed, match="do not import here .*libcuda is missing"):
        setup.make(world)
    assert names(world) == [] and not world.whole()


def fake_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    path = tmp_path / "uv"
    path.write_text("\n".join([f"#!{sys.executable}", "import os, sys, time", *lines]) + "\n")
    path.chmod(0o755)
    monkeypatch.setattr(setup, "find_uv", lambda: [str(path)])


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("error: No space left on device (os error 28)", MachineFailed),
        ("error: Permission denied", MachineFailed),
        ("Failed to build fairscale==0.4.13", MachineFailed),
        ("error: Failed to fetch: https://me:secret@example.org/simple/ dns error", ServiceFailed),
        ("", ServiceFailed),
    ],
)
def test_what_uv_says_decides_whose_fault_it_is(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, error: type[Exception]
) -> None:
    fake_uv(tmp_path, monkeypatch, f"sys.stderr.write({said!r} + chr(27) + '[0m')", "sys.exit(2)")
    with pytest.raises(error, match=r"setup stand-in` again") as caught:
        setup.make(world)
    assert "secret" not in str(caught.value) and str(caught.value).isprintable()


def test_without_uv_it_says_how_to_get_it(world: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    monkeypatch.setattr(setup, "find_spec", lambda name: None)
    with pytest.raises(MachineFailed, match="pip install uv"):
        setup.make(world)


def test_a_home_that_cannot_be_made_is_one_line(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(HOME, str(tmp_path / "file"))
    with pytest.raises(MachineFailed, match="cannot be made"):
        setup.make(world)


BUILDER = """
    import sys
    from pathlib import Path
    from tests.workers import stand_in
    from tts_bench.workers import setup
    folder, uv, in_place = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "in place"
    setup.find_uv = lambda: [uv]
    world = stand_in.environment(folder)
    if in_place:
        setup.build(world, [uv], world.folder)
    setup.make(world)
"""


def killed(world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A builder, killed when half of the environment is there."""
    half = "p = sys.argv[-1]; os.makedirs(p + '/bin'); open(p + '/bin/python', 'w'); open(p + '/half', 'w')"
    fake_uv(tmp_path, monkeypatch, f"if sys.argv[1] == 'venv': {half}", "else: time.sleep(30)")
    builder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BUILDER), str(tmp_path), str(tmp_path / "uv"), how],
        start_new_session=True,
    )
    until = time.monotonic() + 20
    while not list(world.folder.parent.glob("*/half")) + list(world.folder.parent.glob(".*/half")):
        assert time.monotonic() < until and builder.poll() is None
        time.sleep(0.02)
    os.killpg(builder.pid, signal.SIGKILL)
    builder.wait()


def test_half_of_one_is_never_used_and_is_swept_away(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        killed(world, tmp_path, patch, "aside")
    assert not world.folder.exists() and not world.whole() and len(names(world)) == 1
    assert setup.make(world).fresh and names(world) == [world.folder.name]


def test_a_builder_that_works_in_place_is_caught(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(world, tmp_path, monkeypatch, "in place")
    assert world.folder.exists() and world.python.exists(), "it has the name, and would be found"
    assert not world.whole(), "but the last file is missing: the second guard"


def test_a_builder_at_work_is_left_alone(world: Environment) -> None:
    world.folder.parent.mkdir(parents=True)
    for process in (os.getpid(), 2**22 + 1):
        (world.folder.parent / f".stand-in-0123.{process}.new").mkdir()
    setup.sweep(world.folder.parent)
    assert names(world) == [f".stand-in-0123.{os.getpid()}.new"]


def test_the_shipped_list_pins_what_the_cards_show() -> None:
    card = T2V_METRICS.card
    assert {name: card[name] for name in ("t2v-metrics", "image-reward", "torch", "transformers")} == {
        "t2v-metrics": "1.2", "image-reward": "1.5", "torch": "2.4.1", "transformers": "4.36.1",
    }  # fmt: skip
    assert len(T2V_METRICS.versions) > 90 and not any("nvidia" in name for name in T2V_METRICS.versions)


@pytest.mark.parametrize("line", ["torch", "torch>=2", "-r other.txt", "--index-url https://example.org", "a==1 b==2"])
def test_a_list_that_leaves_anything_open_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "pins.txt").write_text(f"t2v-metrics==1.2\n{line}\n")
    with pytest.raises(BadInput, match="each line must be package==version"):
        Environment("a", tmp_path / "pins.txt", (), ()).versions  # noqa: B018


def test_an_environment_is_found_by_its_scorer_too(world: Environment) -> None:
    assert find_environment("t2v_x", {"t2v_x": world}) is world
    assert find_environment("t2v-metrics", {}) is T2V_METRICS
    with pytest.raises(BadInput, match="did you mean 't2v-metrics'"):
        find_environment("t2v-metric", {})


def test_the_command_names_scorers_and_fails_in_one_line(
    world: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_uv(tmp_path, monkeypatch, "sys.stderr.write('error: dns error'); sys.exit(2)")
    for name in ("t2v-metrics", "t2v_vqascore", "image_reward_reference"):
        done = CliRunner().invoke(app, ["setup", name])
        assert isinstance(done.exception, ServiceFailed) and "t2v-metrics: uv could not fetch it" in str(done.exception)
    assert isinstance(CliRunner().invoke(app, ["setup", "clip_zero_shot"]).exception, BadInput)
