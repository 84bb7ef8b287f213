"""BLIP-VQA against transformers' own generation, one unpadded question at a time; and ways to differ."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from torchvision import transforms
from transformers import BertTokenizer, BlipForQuestionAnswering

from tests.detections.tiny import WORDS, save_blip_vqa, save_blip_vqa_of_authors
from tests.scorers.asking import TEXTS, ask, check_batches, check_unscored, images, refused, torchvision_clip
from tts_bench.compbench.language import Word
from tts_bench.errors import NeedsFiles
from tts_bench.scorers import blip_vqa
from tts_bench.scorers.blip_vqa import LENGTH, BlipVqa, cleaned
from tts_bench.types import Json, Rules


class Plain:
    """A language whose phrases stand between commas and "and"."""

    card: Mapping[str, Json] = {"language": "plain"}

    def words(self, text: str) -> list[Word]:
        return [Word(word, "NOUN") for word in text.split()]

    def noun_chunks(self, text: str) -> list[str]:
        return [chunk for chunk in re.split(r", | and ", text.strip()) if chunk]


def loaded(weights: Path, rules: Rules = "official") -> BlipVqa:
    return blip_vqa.load(rules, {"language": Plain()}.__getitem__, weights)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_blip_vqa(tmp_path_factory.mktemp("blip_vqa"))


@pytest.fixture(scope="module")
def scorer(folder: Path) -> BlipVqa:
    return loaded(folder)


@pytest.fixture(scope="module")
def fixed(folder: Path) -> BlipVqa:
    return loaded(folder, "fixed")


@torch.no_grad()
def chances(
    folder: Path, begun: bool = True, clean: bool = True, masked: bool = True, crop: bool = False, eps: float = 1e-6
) -> list[list[float]]:
    """P(yes) : (P(yes) + P(no)) of each question, by `generate`. The settings are ways to get it wrong."""
    network: Any = BlipForQuestionAnswering.from_pretrained(folder).eval()
    words = BertTokenizer.from_pretrained(folder)
    for part in network.vision_model.modules():
        if isinstance(part, torch.nn.LayerNorm):
            part.eps = eps
    cubic, mean = transforms.InterpolationMode.BICUBIC, (0.48145466, 0.4578275, 0.40821073)
    deviation = (0.26862954, 0.26130258, 0.27577711)
    squash: Any = transforms.Compose(
        [transforms.Resize((32, 32), cubic), transforms.ToTensor(), transforms.Normalize(mean, deviation)]
    )
    found = []
    for image, text in zip(images(), TEXTS, strict=True):
        pixels = torchvision_clip(32)(image) if crop else squash(Picture.fromarray(image))
        found.append([])
        for chunk in Plain().noun_chunks(text)[:8]:
            question = f"{chunk}?".lower()
            question = question.translate(dict.fromkeys(map(ord, '.!"()*#:;~'))) if clean else question
            padding = "do_not_pad" if masked else "max_length"
            ids = words(question, truncation=True, max_length=35, padding=padding, return_tensors="pt")["input_ids"]
            if begun:
                ids[:, 0] = len(WORDS) + 1  # behind the words are [DEC] and [ENC]
            said = network.generate(
                ids, pixels[None], attention_mask=torch.ones_like(ids), max_new_tokens=1, output_scores=True,
                return_dict_in_generate=True, do_sample=False,
            )  # fmt: skip
            odds = torch.softmax(said.scores[0][0].double(), dim=0)[[WORDS.index("yes"), WORDS.index("no")]]
            found[-1].append(float(odds[0] / odds.sum()))
    return found


def ours(scorer: BlipVqa) -> list[list[float]]:
    return scorer.chances(images(), [[f"{chunk}?" for chunk in Plain().noun_chunks(text)][:8] for text in TEXTS])


def far(found: list[list[float]], expected: list[list[float]]) -> float:
    return max(abs(a - b) for one, other in zip(found, expected, strict=True) for a, b in zip(one, other, strict=True))


def test_it_is_what_transformers_generates(scorer: BlipVqa, folder: Path) -> None:
    found, expected = ours(scorer), chances(folder)
    print(f"\nblip_vqa: {sum(map(len, found))} questions, largest difference {far(found, expected):.1e}")
    assert far(found, expected) < 1e-6 and np.std([chance for each in expected for chance in each]) > 0.05


@pytest.mark.parametrize(
    "broken", [{"begun": False}, {"clean": False}, {"masked": False}, {"crop": True}, {"eps": 1e-2}], ids=str
)
def test_another_way_is_caught(scorer: BlipVqa, folder: Path, broken: dict[str, Any]) -> None:
    assert far(ours(scorer), chances(folder, **broken)) > 1e-4


def test_the_score_is_the_product_rounded_as_officially_or_not_at_all(scorer: BlipVqa, fixed: BlipVqa) -> None:
    expected = [prod(each) for each in ours(scorer)]
    assert ask(fixed) == pytest.approx(expected, abs=1e-12)
    rounded: list[Any] = ask(scorer)
    assert rounded == pytest.approx(expected, abs=2e-4) and rounded != ask(fixed)
    assert all(score == round(score, 4) for score in rounded)


def test_the_authors_file_gives_the_same(scorer: BlipVqa, folder: Path, tmp_path: Path) -> None:
    authors = loaded(save_blip_vqa_of_authors(tmp_path, folder))
    print(f"\nblip_vqa: the authors' file differs by {far(ours(authors), ours(scorer)):.1e}")
    assert far(ours(authors), ours(scorer)) < 1e-6
    assert authors.card["weights"] != scorer.card["weights"] and authors.answers.side == 32


def test_the_epsilon_is_the_authors_whatever_the_config_says(scorer: BlipVqa, folder: Path) -> None:
    assert json.loads((folder / "config.json").read_text())["vision_config"]["layer_norm_eps"] == 1e-5
    norms = [part.eps for part in scorer.answers.networks.image.modules() if isinstance(part, torch.nn.LayerNorm)]
    assert norms == [1e-6] * 5


def test_a_batch_of_one_is_a_batch_of_eight(scorer: BlipVqa) -> None:
    check_batches(scorer)


def test_off_the_cpu_a_batch_is_filled_up_and_gives_the_same(fixed: BlipVqa, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(fixed)
    monkeypatch.setattr("tts_bench.running.ON_CPU", 3)
    assert ask(fixed) == pytest.approx(found, abs=1e-6)


def test_what_cannot_be_scored_is_none(scorer: BlipVqa, fixed: BlipVqa) -> None:
    check_unscored(scorer)
    check_unscored(fixed)
    assert ask(scorer, images()[:1], ["the left"]) == [1.0] and ask(fixed, images()[:1], ["the left"]) == [None]


def test_a_question_is_cleaned_as_blip_does() -> None:
    assert cleaned('A (very) "Red" apple!?') == "a very red apple?"
    assert cleaned("a, b - c's #1 ~*: x;  ") == "a, b - c's 1  x"
    assert cleaned("w " * 60 + "end?") == " ".join(["w"] * 50)


def test_a_question_begins_with_its_mark_and_is_cut_behind_35_tokens(scorer: BlipVqa) -> None:
    words = [WORDS.index(word) for word in ("a", "red", "apple", "?", "[SEP]")]
    assert scorer.tokens("a red apple?").tolist() == [len(WORDS) + 1, *words]
    ids = scorer.tokens("red " * 49)
    assert len(ids) == LENGTH and ids[-1] == WORDS.index("[SEP]")


def test_the_card_holds_the_rules_and_the_language(scorer: BlipVqa, fixed: BlipVqa) -> None:
    assert scorer.card["rules"] == "official" and scorer.card["language"] == Plain.card
    assert (fixed.card["scorer"], fixed.card["rules"]) == ("blip_vqa", "fixed")
    with pytest.raises(NeedsFiles, match="--weights blip_vqa=FOLDER"):
        blip_vqa.load("official", lambda name: Plain())


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_words_of_another_network_are_refused(copy: Path) -> None:
    def refuses(words: list[str]) -> str:
        for file in copy.glob("*token*"):
            file.unlink()
        (copy / "vocab.txt").write_text("\n".join(words))
        BertTokenizer(vocab=str(copy / "vocab.txt")).save_pretrained(copy)
        return refused(lambda: ask(loaded(copy)))

    assert "belong together" in refuses([*WORDS, "green"])
    assert "'yes'" in refuses([word for word in WORDS if word != "yes"])


def test_berts_tokens_are_held_to_their_numbers(scorer: BlipVqa, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of BERT's 30522 words and two marks, with words in another order."""
    config = scorer.answers.networks.question.config
    monkeypatch.setattr(config, "vocab_size", 30524)
    monkeypatch.delitem(scorer.answers.__dict__, "ids")
    assert "where it is 30522" in refused(lambda: scorer.answers.ids)


def test_eight_heads_where_the_authors_have_twelve_are_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["text_config"] |= {"hidden_size": 768, "num_attention_heads": 8}
    (copy / "config.json").write_text(json.dumps(config))
    assert "must be 12" in refused(lambda: ask(loaded(copy)))


def test_an_authors_folder_that_lacks_something_is_refused(folder: Path, tmp_path: Path) -> None:
    place = save_blip_vqa_of_authors(tmp_path, folder)
    file = place / "model_base_vqa_capfilt_large.pth"
    state = torch.load(file, weights_only=True)["model"]
    del state["text_decoder.cls.predictions.bias"]
    torch.save({"model": state}, file)
    assert "cls.predictions.bias" in refused(lambda: ask(loaded(place)))
    (place / "vocab.txt").unlink()
    assert "vocab.txt" in refused(lambda: loaded(place))
    (place / "vocab.txt").write_text("a")
    shutil.copy(file, place / "other.pth")
    assert "is a second .pth" in refused(lambda: loaded(place))
