"""A file is there whole, or as it was before."""

from pathlib import Path

import pytest

from service.whole import replacing


def test_what_was_written_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text in ("first", "second"):
        with replacing(path) as partial:
            partial.write_text(text)
            assert not path.exists() or path.read_text() == "first"
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def write_half(path: Path, error: BaseException) -> None:
    with replacing(path) as partial:
        partial.write_text("half")
        raise error


@pytest.mark.parametrize("error", [OSError(), KeyboardInterrupt()])
def test_what_was_cut_off_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(type(error)):
        write_half(path, error)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "before"
