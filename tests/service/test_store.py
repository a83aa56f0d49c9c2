"""service.store: promoting the artifact of known arithmetic, and finding it again."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import bentoml
import pytest

from service import artifact, store
from tests.model_store import flip_a_bit, path

pytestmark = pytest.mark.usefixtures("model_store")

TIMEOUT_S = 60


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


def test_a_damaged_artifact_is_not_added(exported: Path, model_store: Path) -> None:
    flip_a_bit(exported / artifact.OPENVINO_WEIGHTS)
    with pytest.raises(artifact.ArtifactError, match=r"model\.bin is damaged or was changed"):
        store.add(exported)
    assert not any(model_store.rglob("*"))


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


def test_two_promotions_at_once_are_one_after_the_other(
    artifact_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were compared with the same model; the second learns that another has its place."""
    first = store.add(artifact_folder)
    describe, is_in, may_go = store._describe, Event(), Event()

    def slowly(*args: object) -> object:
        if not is_in.is_set():
            is_in.set()
            assert may_go.wait(TIMEOUT_S)
        return describe(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(store, "_describe", slowly)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(store.add, artifact_folder, first)
        assert is_in.wait(TIMEOUT_S)
        other = pool.submit(store.add, artifact_folder, first)
        try:
            with pytest.raises(TimeoutError):
                other.result(timeout=0.5)
        finally:
            may_go.set()
        tag = one.result(TIMEOUT_S)
        with pytest.raises(store.StoreError, match=f"but {tag} is in service by now"):
            other.result(TIMEOUT_S)
    assert store.path_of()[1] == tag
