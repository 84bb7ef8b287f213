"""A small run of the embedded world that pages are made of: two prompts, five submissions."""

from __future__ import annotations

from pathlib import Path

from tts_bench import api
from tts_bench.settings import Settings

SUBMISSIONS = {
    "none": '[search]\nname = "none"\n',
    "best": '[search]\nname = "random"\ncandidates = 3\n\n[verifier]\nscorers = ["dual_encoder"]\n',
    "both": '[search]\nname = "random"\ncandidates = 3\n\n[verifier]\nscorers = ["dual_encoder", "appeal"]\n',
    "paths": '[search]\nname = "paths"\n\n[verifier]\nscorers = ["appeal"]\n\n[budget]\nnfe = 24\n',
    "adaptive": '[search]\nname = "adaptive"\n\n[verifier]\nscorers = ["checker"]\n\n[budget]\nnfe = 12\n',
}


def run(
    folder: Path, names: tuple[str, ...] = tuple(SUBMISSIONS), limit: int = 2, per_prompt: int | None = None
) -> None:
    """Results in `folder`/out, the store in `folder`/store.sqlite."""
    (folder / "asked").mkdir(parents=True, exist_ok=True)
    for name in names:
        text = f'name = "{name}"\n\n[model]\nname = "shapes"\nsteps = 4\nguidance = 2.5\n\n{SUBMISSIONS[name]}'
        (folder / "asked" / f"{name}.toml").write_text(text, "utf-8")
    settings = Settings(limit, store=folder / "store.sqlite", workers=1, batch_size=4, per_prompt=per_prompt)
    api.run_evaluation("shapes", [folder / "asked" / f"{name}.toml" for name in names], settings, folder / "out")


def results(folder: Path) -> Path:
    return folder / "out" / "results"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
