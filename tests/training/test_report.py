"""The report of a real run: whole, self-contained, and true to the functions behind it."""

import json
import resource
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.manifest import Manifest, read_bytes
from data.picture import TEST, Excluded
from service import artifact
from service.artifact import ALL_LABELS, NEITHER, Dataset
from service.images import network_input
from service.openvino_engine import OpenVinoEngine
from tests.html_page import Page
from tests.training.conftest import Finished, clone
from training import comparison, export, judging, report
from training.comparison import Comparison
from training.corruption import CORRUPTIONS
from training.errors import TrainingError
from training.run import Run

SECTIONS = (
    *("stages", "answers", "confidence", "novelty", "slices", "corruptions"),
    *("mistakes", "comparison", "again"),
)
HOSTILE = "<script>alert(1)</script>&\"'.png"


@dataclass(frozen=True)
class Written:
    """A run whose pictures have hostile names, and the report that it was given."""

    run: Run
    html: str
    figures: dict[str, Any]


@pytest.fixture(scope="module")
def run(released: Finished, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The released run, its files under hostile names, and all pictures of neither in `test`."""
    folder = tmp_path_factory.mktemp("hostile")
    home = clone(released.home, folder / "home")
    run = Run(home.folder / "runs" / released.run.folder.name)
    manifest = Manifest.load(run.manifest)
    rows = []
    for i, row in enumerate(manifest.rows):
        renamed = folder / row.label / f"{i}{HOSTILE.replace('/', '∕')}"
        renamed.parent.mkdir(exist_ok=True)
        shutil.copyfile(row.path, renamed)
        split = TEST if row.label == NEITHER else row.split
        rows.append(replace(row, path=renamed, split=split))
    left_out = Excluded(folder / HOSTILE.replace("/", "∕"), f"duplicate of {HOSTILE}")
    manifest = Manifest(tuple(rows), (left_out,))
    manifest.save(run.manifest)
    card = artifact.read_card(run.artifact)
    engine = OpenVinoEngine(run.artifact, card.precision)
    changes = {
        "dataset": Dataset(name=card.dataset.name, digest=manifest.digest, counts=manifest.counts),
        "metrics": export.judge_test_part(engine, manifest, card.calibration),
    }
    artifact.write_card(run.artifact, card.model_copy(update=changes))
    return run


@pytest.fixture(scope="module")
def written(run: Run) -> Written:
    path = report.write(run)
    assert path == run.folder / "report.html"
    figures = json.loads((run.folder / "report.json").read_text())
    return Written(run, path.read_text(encoding="utf-8"), figures)


@pytest.fixture(scope="module")
def page(written: Written) -> Page:
    return Page(written.html)


def test_the_page_has_every_section_and_a_table_of_contents(page: Page) -> None:
    ids = [value for _, value in page.all("id")]
    assert len(ids) == len(set(ids))
    assert set(SECTIONS) <= set(ids)
    targets = [value for tag, value in page.all("href") if tag == "a" and value[0] == "#"]
    assert targets == [f"#{section}" for section in SECTIONS]
    labelled = {value for _, value in page.all("aria-labelledby")}
    assert labelled == {f"{section}-title" for section in SECTIONS} <= set(ids)


def test_the_page_loads_nothing_and_runs_nothing(page: Page) -> None:
    """Links to read are all that may point outside."""
    for attribute in ("src", "srcset", "data", "poster", "action", "xlink:href"):
        assert all(value.startswith("data:image/jpeg;") for _, value in page.all(attribute))
    for tag, value in page.all("href"):
        outside = tag == "a" and value.startswith("https://arxiv.org/")
        assert outside or value.startswith("#") or value == "data:,"
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "iframe", "object", "embed", "base"})
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]


def test_names_of_files_are_text_and_never_markup(written: Written, page: Page) -> None:
    assert "<script" not in written.html
    assert HOSTILE.replace("/", "∕") in page.text
    assert f"duplicate of {HOSTILE}" in page.text


def test_pictures_and_charts_say_what_they_show(page: Page) -> None:
    pictures = [a for tag, a in page.elements if tag == "img"]
    charts = [a for tag, a in page.elements if tag == "svg"]
    assert len(pictures) > 25
    assert len(charts) == 10
    assert all(a["alt"] for a in pictures)
    assert all(a["role"] == "img" and a["aria-label"] for a in charts)
    # What a chart refers to is in itself, and no other chart's has its name.
    ids = {value for _, value in page.all("id")}
    assert {value[1:] for tag, value in page.all("href") if tag == "use"} <= ids


def test_the_verdict_and_the_headline_come_first(written: Written, page: Page) -> None:
    decision = written.run.state["decision"]
    assert decision in page.text[: page.text.index("Both stages side by side")]
    accuracy = written.figures["metrics"]["accuracy"]
    assert f"{100 * accuracy['value']:.2f}\N{NO-BREAK SPACE}%" in page.text
    assert f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{accuracy['n']}" in page.text


def test_everything_needed_to_run_it_again_is_there(written: Written, page: Page) -> None:
    card = artifact.read_card(written.run.artifact)
    assert written.run.config.read_text() in page.text
    assert card.git_commit in page.text
    assert card.dataset.digest in page.text
    assert f"--config {written.run.config}" in page.text
    for name, version in card.versions.items():
        assert f"{name}\N{NO-BREAK SPACE}{version}" in page.text


def test_the_figures_are_the_cards_and_the_logs(written: Written) -> None:
    card = artifact.read_card(written.run.artifact)
    assert written.figures["metrics"] == json.loads(card.metrics.model_dump_json())
    assert written.figures["again"]["seed"] == card.recipe.seed
    learning = written.figures["learning"]
    assert {c["name"]: c["log_loss"] for c in learning["candidates"]} == card.recipe.log_losses
    assert len(learning["val_log_loss"]) == 2  # epochs
    assert written.figures["confidence"]["after"]["error"] == pytest.approx(
        card.metrics.calibration_error, abs=1e-6
    )


def test_the_figures_are_those_of_asking_the_model_oneself(written: Written) -> None:
    run, figures = written.run, written.figures
    card = artifact.read_card(run.artifact)
    engine = OpenVinoEngine(run.artifact, card.precision)
    rows = Manifest.load(run.manifest).part(TEST, labels=ALL_LABELS)
    judged = judging.score(engine, rows, "again")
    pets, others = judged.pets(), judged.others()
    expected = judging.auroc(pets.scores.novelty, others.scores.novelty)
    assert figures["confidence"]["novelty"]["auroc"] == pytest.approx(expected)
    for cell in figures["robustness"]["cells"]:
        assert cell["accuracy"]["n"] == len(pets.rows)
    clean = [network_input(read_bytes(row)) for row in pets.rows]
    noise = next(c for c in CORRUPTIONS if c.name == "noise")
    spoilt = [noise(p, 3, row.sha256) for p, row in zip(clean, pets.rows, strict=True)]
    right = engine(np.stack(spoilt)).logits.argmax(1) == pets.labels
    (cell,) = (
        c for c in figures["robustness"]["cells"] if (c["kind"], c["strength"]) == ("noise", 3)
    )
    assert cell["accuracy"]["value"] == pytest.approx(right.mean())


def test_activation_maps_average_to_the_dogs_log_odds(written: Written) -> None:
    card = artifact.read_card(written.run.artifact)
    engine = OpenVinoEngine(written.run.artifact, card.precision)
    rows = Manifest.load(written.run.manifest).part(TEST)
    pixels = np.stack([network_input(read_bytes(row)) for row in rows])
    scores, maps = engine.explain(pixels)
    assert maps.shape == (len(rows), 7, 7)
    assert np.array_equal(scores.logits, engine(pixels).logits)
    log_odds = scores.logits[:, 1] - scores.logits[:, 0]
    assert maps.mean((1, 2)) == pytest.approx(log_odds, rel=0.02, abs=0.02)  # bf16


def test_written_twice_it_is_the_same(written: Written) -> None:
    report.write(written.run)
    assert (written.run.folder / "report.html").read_text(encoding="utf-8") == written.html


def test_a_refusal_and_its_champion_are_shown(run: Run, tmp_path: Path) -> None:
    refused = Run(tmp_path / "runs" / run.folder.name)
    shutil.copytree(run.folder, refused.folder, ignore=shutil.ignore_patterns("*.ckpt"))
    alone = comparison.read(run)
    assert alone is not None
    assert alone.champion is None
    against = alone.model_copy(
        update={
            "champion": "catdog:<b>old</b>",
            "champion_accuracy": judging.interval(5, 6),
            "both_wrong": 1,
            "lost": 2,
            "won": 3,
            "champion_bytes": 12_300_000,
            "champion_pictures_per_s": 41.2,
            "is_promoted": False,
            "reason": "Refused, being worse: said in one sentence.",
        }
    )
    comparison.save(refused, Comparison(**against.model_dump()))
    refused.record(decision=against.reason, tag="none")
    (refused.folder / "metrics.csv").unlink()
    text = Page(report.write(refused).read_text(encoding="utf-8")).text
    assert text.count("Refused, being worse: said in one sentence.") == 2
    assert "catdog:<b>old</b>" in text
    assert "12.3\N{NO-BREAK SPACE}MB" in text
    assert "there are no learning curves" in text


def test_another_manifest_than_the_models_is_refused(run: Run, tmp_path: Path) -> None:
    other = Run(tmp_path / "runs" / "other")
    shutil.copytree(run.folder, other.folder, ignore=shutil.ignore_patterns("*.ckpt"))
    Manifest(Manifest.load(run.manifest).rows[1:]).save(other.manifest)
    with pytest.raises(TrainingError, match=r"is not the manifest that .*Restore it"):
        report.write(other)


def test_a_full_disk_leaves_the_older_report(written: Written) -> None:
    """No file may grow past 40 kB, which is more than the figures need and less than the page."""
    before = (written.run.folder / "report.json").stat().st_mtime_ns
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))
    try:
        with pytest.raises(TrainingError, match=r"cannot be written .*Free some space"):
            report.write(written.run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (written.run.folder / "report.html").read_text(encoding="utf-8") == written.html
    assert (written.run.folder / "report.json").stat().st_mtime_ns == before
    assert not list(written.run.folder.glob(".report*"))
