"""service.models: every model of the store, sound or not, with its figures."""

import re
from pathlib import Path

import bentoml
import pytest

from service import artifact, models, rollback, store
from service.artifact import Card, Interval, Metrics
from tests.model_store import path

pytestmark = pytest.mark.usefixtures("model_store")


def card_with_figures(card: Card) -> Card:
    of = Interval(value=0.9, low=0.8, high=0.95, n=60)
    figures = Metrics(
        part="test",
        accuracy=of,
        log_loss=0.3,
        calibration_error=0.0123,
        confusion={},
        turned_away=Interval(value=0.0, low=0.0, high=0.1, n=60),
        neither_rejected=Interval(value=1.0, low=0.9, high=1.0, n=38),
    )
    return card.model_copy(update={"metrics": figures})


def test_models_lists_the_figures_of_each_newest_first(exported: Path) -> None:
    plain = store.add(exported)
    artifact.write_card(exported, card_with_figures(artifact.read_card(exported)))
    judged = store.add(exported)
    newest, oldest = models.listed()
    assert (newest.tag, oldest.tag) == (judged, plain)
    assert (newest.is_in_service, newest.note, newest.replaced) == (True, "in service", plain)
    assert (oldest.is_in_service, oldest.note, oldest.replaced) == (False, "", None)
    assert newest.accuracy == Interval(value=0.9, low=0.8, high=0.95, n=60)
    assert newest.bytes == sum((exported / n).stat().st_size for n in ("model.xml", "model.bin"))
    assert oldest.accuracy is None
    head, first, second, *_ = models.table([newest, oldest]).splitlines()
    assert re.split(r"\s{2,}", first) == [
        "*",
        judged,
        bentoml.models.get(judged).creation_time.strftime("%Y-%m-%d %H:%M"),
        "none",
        "90.00% (80.0% to 95.0%, 60)",
        "1.23%",
        "100.00% (90.0% to 100.0%, 38)",
        f"f32 {newest.bytes / 1e6:.1f} MB",
        "in service",
    ]
    assert second.split()[0] == plain
    assert head.split()[0] == "model"


def test_after_a_rollback_models_marks_what_serves(artifact_folder: Path) -> None:
    tags = [store.add(artifact_folder) for _ in range(3)]
    rollback.roll_back()
    found = {model.tag: (model.is_in_service, model.note) for model in models.listed()}
    assert found == {
        tags[2]: (False, "newer, not in service"),
        tags[1]: (True, "in service"),
        tags[0]: (False, ""),
    }


def test_a_damaged_model_is_listed_with_what_is_wrong_and_hides_no_other(
    artifact_folder: Path,
) -> None:
    tags = [store.add(artifact_folder) for _ in range(4)]
    (path(tags[0]) / artifact.CARD).write_text("{}")
    (path(tags[1]) / artifact.OPENVINO).unlink()
    (path(tags[3]) / "model.yaml").write_text("[")
    found = {model.tag: model for model in models.listed()}
    assert set(found) == set(tags)
    assert "is not a card of format 1" in found[tags[0]].note
    assert re.match(r"damaged: .*model\.xml", found[tags[1]].note)
    assert found[tags[2]].note == ""
    assert (found[tags[3]].is_in_service, found[tags[3]].note) == (
        True,
        "damaged: the store's description of it, model.yaml, cannot be read",
    )
    assert models.table(list(found.values())).count("catdog:") == 4


def test_when_it_was_promoted_is_known_of_a_model_with_a_damaged_card(exported: Path) -> None:
    tag = store.add(exported)
    (path(tag) / artifact.CARD).write_text("{}")
    time = bentoml.models.get(tag).creation_time
    (listed,) = models.listed()
    assert listed.promoted == time.isoformat(timespec="seconds")
    assert time.strftime("  %Y-%m-%d %H:%M  ") in models.table([listed])
