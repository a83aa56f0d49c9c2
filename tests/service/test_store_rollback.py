"""service.rollback: which model comes back, and that none is lost."""

import re
from pathlib import Path

import bentoml
import pytest

from service import artifact, models, rollback, store
from tests.model_store import flip_a_bit, path

pytestmark = pytest.mark.usefixtures("model_store")


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
    file.write_text(
        re.sub(r"creation_time: .*", "creation_time: '2999-01-01T00:00:00+00:00'", file.read_text())
    )
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
