"""service.store, service.models and service.rollback, on the artifact of known arithmetic."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import bentoml
import pytest
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore

from service import artifact, models, rollback, store
from service.artifact import Card, Interval, Metrics


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty model store, in this process too, where BentoML reads BENTOML_HOME but once."""
    path = tmp_path / "models"
    path.mkdir()
    BentoMLContainer.model_store.set(ModelStore(path))
    yield path
    BentoMLContainer.model_store.reset()


@pytest.fixture
def exported(artifact_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(artifact_folder, tmp_path / "artifact"))


def path(tag: str) -> Path:
    return store.path_of(tag)[0]


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_what_is_added_is_what_serves_and_is_the_artifact(artifact_folder: Path) -> None:
    tag = store.add(artifact_folder)
    where, exact = store.path_of()
    assert exact == tag == str(bentoml.models.get(store.LATEST).tag)
    assert artifact.verify(where) == artifact.verify(artifact_folder)
    assert {p.name for p in where.iterdir()} == {
        "model.yaml",
        *(p.name for p in artifact_folder.iterdir()),
    }


def test_bentoml_itself_lists_and_deletes_what_was_added(artifact_folder: Path) -> None:
    first, second = store.add(artifact_folder), store.add(artifact_folder)
    assert {str(model.tag) for model in bentoml.models.list()} == {first, second}
    bentoml.models.delete(second)
    assert store.path_of()[1] == first


def test_a_damaged_artifact_is_not_added(exported: Path, folder: Path) -> None:
    flip_a_bit(exported / artifact.OPENVINO_WEIGHTS)
    with pytest.raises(artifact.ArtifactError, match=r"model\.bin is damaged or was changed"):
        store.add(exported)
    assert not any(folder.rglob("*"))


def test_a_model_does_not_replace_another_than_it_was_compared_with(
    artifact_folder: Path,
) -> None:
    first = store.add(artifact_folder, None)
    second = store.add(artifact_folder, first)
    for compared_with in (first, None):
        with pytest.raises(store.StoreError, match=f"but {second} is in service by now"):
            store.add(artifact_folder, compared_with)
    assert store.path_of()[1] == second


@pytest.mark.parametrize("tag", ["catdog:latest", "catdog", "catdog:gone", "Cat Dog", "catdog:"])
def test_a_model_that_is_not_there_is_no_model(tag: str) -> None:
    with pytest.raises(store.NoModel, match=re.escape(f"No model {tag!r} has been promoted")):
        store.path_of(tag)


@pytest.mark.parametrize("damage", ["gone", "empty", "no YAML", "no model", "half"])
def test_a_champion_whose_description_is_damaged_is_not_no_champion(
    artifact_folder: Path, damage: str
) -> None:
    """Or the next challenger would be promoted without being compared."""
    tag = store.add(artifact_folder)
    file = path(tag) / "model.yaml"
    text = file.read_text()
    file.unlink()
    if damage != "gone":
        words = {"empty": "", "no YAML": "[", "no model": "a: 1", "half": text[: len(text) // 3]}
        file.write_text(words[damage])
    with pytest.raises(store.StoreError, match="cannot be had from the store") as caught:
        store.path_of()
    assert not isinstance(caught.value, store.NoModel)
    assert store.in_service() == tag


def test_rollback_returns_to_the_model_that_was_replaced(artifact_folder: Path) -> None:
    first, second, third = (store.add(artifact_folder) for _ in range(3))
    assert rollback.roll_back() == (third, second)
    assert store.path_of()[1] == str(bentoml.models.get(store.LATEST).tag) == second
    assert rollback.roll_back() == (second, first)
    assert store.path_of()[1] == first
    assert {model.tag for model in models.promoted()} == {first, second, third}


def test_at_the_first_model_there_is_nothing_to_roll_back_to(artifact_folder: Path) -> None:
    first, second = store.add(artifact_folder), store.add(artifact_folder)
    rollback.roll_back()
    with pytest.raises(store.StoreError, match=f"no model was promoted before {first}"):
        rollback.roll_back()
    assert store.path_of()[1] == first
    assert rollback.roll_back(second) == (first, second)


def test_without_a_model_rollback_says_what_to_do() -> None:
    with pytest.raises(store.NoModel, match="Run `make train`"):
        rollback.roll_back()


def test_rollback_skips_what_was_rolled_back_from(artifact_folder: Path) -> None:
    """One, two, back to one, three: before three was one."""
    one, two = store.add(artifact_folder), store.add(artifact_folder)
    rollback.roll_back()
    three = store.add(artifact_folder)
    assert store.path_of()[1] == three
    assert rollback.roll_back() == (three, one)
    assert rollback.roll_back(two) == (one, two)


def test_where_the_replaced_model_was_deleted_rollback_takes_the_newest_older_one(
    artifact_folder: Path,
) -> None:
    first, second, third = (store.add(artifact_folder) for _ in range(3))
    bentoml.models.delete(second)
    assert rollback.roll_back() == (third, first)


def test_rollback_knows_the_order_of_models_that_say_not_what_they_replaced(
    artifact_folder: Path,
) -> None:
    tags = [store.add(artifact_folder) for _ in range(3)]
    for tag in tags:
        file = path(tag) / "model.yaml"
        file.write_text(re.sub(r"\n  replaced: .*", "", file.read_text()))
    assert rollback.roll_back() == (tags[2], tags[1])
    assert rollback.roll_back() == (tags[1], tags[0])


def test_a_promotion_after_a_rollback_serves_though_the_clock_went_back(
    artifact_folder: Path,
) -> None:
    first, second = store.add(artifact_folder), store.add(artifact_folder)
    file = path(first) / "model.yaml"
    file.write_text(re.sub(r"creation_time: .*", "creation_time: '2999-01-01T00:00:00+00:00'",
                           file.read_text()))  # fmt: skip
    rollback.roll_back(first)
    third = store.add(artifact_folder)
    assert store.path_of()[1] == third
    assert rollback.roll_back() == (third, first)
    assert second in {model.tag for model in models.promoted()}


def test_a_part_of_the_version_is_enough_and_what_serves_already_stays(
    artifact_folder: Path,
) -> None:
    first, second = store.add(artifact_folder), store.add(artifact_folder)
    version = first.partition(":")[2]
    assert rollback.roll_back(version[:-1]) == (second, first)
    again = rollback.roll_back(first)
    assert again.sentences() == f"{first} is in service already; nothing was changed."


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("other:x1", "'other:x1' is not a model of this service, whose tags are catdog:VERSION"),
        ("catdog:gone", "No model 'catdog:gone' has been promoted"),
        ("../catdog", r"No model 'catdog:\.\./catdog' has been promoted"),
    ],
)
def test_a_tag_that_is_not_there_changes_nothing(
    artifact_folder: Path, tag: str, said: str
) -> None:
    store.add(artifact_folder)
    present = store.add(artifact_folder)
    with pytest.raises(store.StoreError, match=said):
        rollback.roll_back(tag)
    assert store.path_of()[1] == present


def test_a_damaged_model_is_not_put_into_service(artifact_folder: Path) -> None:
    first, second = store.add(artifact_folder), store.add(artifact_folder)
    flip_a_bit(path(first) / artifact.OPENVINO)
    with pytest.raises(store.StoreError, match=rf"{first} was not put into service: .*model\.xml"):
        rollback.roll_back()
    assert store.path_of()[1] == second


@pytest.mark.parametrize("name", ["model.yaml", "model.bin", "card.json"])
def test_rollback_leaves_a_damaged_model(artifact_folder: Path, name: str) -> None:
    first, second = store.add(artifact_folder), store.add(artifact_folder)
    (path(second) / name).unlink()
    assert rollback.roll_back() == (second, first)
    assert artifact.verify(store.path_of()[0])


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
