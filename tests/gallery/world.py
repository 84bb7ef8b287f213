"""A small run of the embedded world that pages are made of, two prompts and five submissions; and its pages, read."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import tts_bench as tb
from tests.report.page.reading import parse, text
from tts_bench import api
from tts_bench.gallery.prompts import prompt_key
from tts_bench.grader.settings import GraderSettings
from tts_bench.settings import Settings
from tts_bench.suite import find_suite

PROMPTS = find_suite("shapes").prompts(2)
SUBMISSIONS = {
    "none": '[search]\nname = "none"\n',
    "best": '[search]\nname = "random"\ncandidates = 3\n\n[verifier]\nscorers = ["dual_encoder"]\n',
    "both": '[search]\nname = "random"\ncandidates = 3\n\n[verifier]\nscorers = ["dual_encoder", "appeal"]\n',
    "paths": '[search]\nname = "paths"\n\n[verifier]\nscorers = ["appeal"]\n\n[budget]\nnfe = 24\n',
    "adaptive": '[search]\nname = "adaptive"\n\n[verifier]\nscorers = ["checker"]\n\n[budget]\nnfe = 12\n',
}


def run(
    folder: Path,
    names: tuple[str, ...] = tuple(SUBMISSIONS),
    limit: int = 2,
    per_prompt: int | None = None,
    grader: GraderSettings | None = None,
) -> None:
    """Results in `folder`/out, the store in `folder`/store.sqlite."""
    (folder / "asked").mkdir(parents=True, exist_ok=True)
    for name in names:
        text = f'name = "{name}"\n\n[model]\nname = "shapes"\nsteps = 4\nguidance = 2.5\n\n{SUBMISSIONS[name]}'
        (folder / "asked" / f"{name}.toml").write_text(text, "utf-8")
    settings = Settings(
        limit, store=folder / "store.sqlite", workers=1, batch_size=4, per_prompt=per_prompt, grader=grader
    )
    api.run_evaluation("shapes", [folder / "asked" / f"{name}.toml" for name in names], settings, folder / "out")


def results(folder: Path) -> Path:
    return folder / "out" / "results"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def make(world: Path, out: Path, **more) -> Path:
    given = {"results": results(world), "store": world / "store.sqlite", **more}
    return tb.page("shapes", out=out, **given)


def cards(folder: Path, prompt: int = 0) -> dict[str, Element]:
    asked = PROMPTS[prompt]
    tree = parse((folder / "prompts" / f"{prompt_key(asked.id, asked.text)}.html").read_bytes())
    return {text(next(card.iter("h2"))).split()[0]: card for card in tree.iter("article")}


def sources(node: Element) -> list[str]:
    return [Path(image.get("src") or "").stem for image in node.iter("img")]


def film(card: Element) -> list[Element]:
    return [frame for films in card.iter("ol") for frame in films.iter("li")]
