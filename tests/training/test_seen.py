"""What a model has seen does not judge it: the very bytes, nor near duplicates of them."""

import io
from pathlib import Path

import pytest
from PIL import Image

from data.fingerprint import fingerprint
from data.picture import TEST, Row
from tests.training.conftest import save_picture
from training import seen
from training.errors import TrainingError


def row(path: Path) -> Row:
    found = fingerprint(path.read_bytes())
    return Row(path, "cat", TEST, found.sha256, found.phash, found.width, found.height)


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    """Four cats that are not near each other."""
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for i, path in enumerate(paths):
        save_picture(path, "cat", i)
    return [row(path) for path in paths]


def saved_again(of: Row) -> Row:
    """The same picture with other bytes."""
    data = io.BytesIO()
    with Image.open(of.path) as image:
        image.convert("RGB").save(data, "JPEG", quality=60)
    path = of.path.with_suffix(".jpg")
    path.write_bytes(data.getvalue())
    return row(path)


def test_what_was_listed_and_its_near_duplicates_are_left_out(
    rows: list[Row], tmp_path: Path
) -> None:
    first, second, *new = rows
    seen.write(tmp_path, [first, second])
    again = saved_again(second)
    assert again.sha256 != second.sha256
    found = seen.without_seen([first, again, *new], tmp_path)
    assert found == (tuple(new), 1, 1)


def test_a_list_without_perceptual_hashes_still_tells_the_very_bytes(
    rows: list[Row], tmp_path: Path
) -> None:
    """Artifacts of older versions have none."""
    first, second, *new = rows
    (tmp_path / seen.TRAINED_ON).write_text(f"{first.sha256}\n{second.sha256}\n")
    again = saved_again(second)
    assert seen.without_seen([first, again, *new], tmp_path) == ((again, *new), 1, 0)


def test_flat_pictures_are_near_nothing(rows: list[Row], tmp_path: Path) -> None:
    flat = [Row(tmp_path / f"{i}.png", "cat", TEST, f"{i}" * 64, "", 9, 9) for i in range(2)]
    seen.write(tmp_path, [flat[0], rows[0]])
    assert seen.without_seen(flat, tmp_path) == ((flat[1],), 1, 0)
    assert seen.without_seen([], tmp_path) == ((), 0, 0)


def test_who_has_seen_nothing_is_new_to_everything(rows: list[Row], tmp_path: Path) -> None:
    seen.write(tmp_path, [])
    assert seen.without_seen(rows, tmp_path) == (tuple(rows), 0, 0)


def test_without_a_list_nobody_can_tell(rows: list[Row], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"lacks trained-on\.txt, so nobody can tell"):
        seen.without_seen(rows, tmp_path)
