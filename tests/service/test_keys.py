"""service.keys: the file of keys, and its rotation."""

import asyncio
import logging
import os
import resource
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from service.keys import Keys, KeysError, RequireKey

OLD, NEW = "old-key-of-a-client", "new-key-of-a-client"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(f"# the shop's\n{OLD}\n\n  another-key-with-spaces  \n")
    return path


def test_each_line_is_a_key_but_for_comments_and_blanks(path: Path) -> None:
    keys = Keys(path)
    assert OLD in keys
    assert "another-key-with-spaces" in keys
    assert [key for key in ("", "# the shop's", OLD[:-1], OLD + "x", NEW) if key in keys] == []


def test_key_is_the_bytes_of_its_line_whatever_program_wrote_them(path: Path) -> None:
    """Some begin a text with a byte order mark; clients send other letters in UTF-8."""
    path.write_bytes(b"\xef\xbb\xbf" + f"{OLD}\r\nschlüssel-des-ladens\r\n".encode())
    keys = Keys(path)
    assert OLD in keys
    as_a_header_is_read = "schlüssel-des-ladens".encode().decode("latin-1")
    assert as_a_header_is_read in keys


def test_a_key_may_end_in_a_letter_whose_last_byte_is_a_space_in_latin_1(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "la-clef-qui-est-voilà"
    path.write_text(key, "utf-8")
    monkeypatch.setenv("CATDOG_API_KEYS_FILE", str(path))
    app = httpx.ASGITransport(RequireKey(PlainTextResponse("Come in.")))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=app, base_url="http://catdog") as client:
            authorization = {b"Authorization": f"Bearer  {key} ".encode()}
            return await client.get("/model", headers=authorization)

    assert asyncio.run(ask()).text == "Come in."


def test_keys_are_rotated_without_a_restart(path: Path) -> None:
    keys = Keys(path)
    path.write_text(f"{OLD}\n{NEW}\n")
    assert OLD in keys
    assert NEW in keys
    replacement = path.with_suffix(".new")
    replacement.write_text(NEW)
    replacement.replace(path)
    assert OLD not in keys
    assert NEW in keys


@pytest.mark.parametrize("broken", [None, "", "# none\n", "short\n", b"\xff\xfe\xff"])
def test_broken_file_leaves_the_keys_that_were_read_before(
    path: Path, broken: str | bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    keys = Keys(path)
    if broken is None:
        path.unlink()
    else:
        path.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    with caplog.at_level(logging.ERROR):
        assert OLD in keys
        assert OLD in keys
    assert len(caplog.records) == 1, "said once, not at each request"
    assert "stay valid" in caplog.text
    assert OLD not in caplog.text


@pytest.mark.parametrize(
    ("content", "why"),
    [("", "holds no API key"), ("short", "under 16 characters"), (None, "No such file")],
)
def test_file_that_is_no_use_is_refused_with_a_reason(
    tmp_path: Path, content: str | None, why: str
) -> None:
    path = tmp_path / "keys"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeysError, match=why):
        Keys.check(path)
    assert "" not in Keys(path)


def test_file_that_is_not_there_yet_is_read_once_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys"
    keys = Keys(path)
    assert "No key is valid" in caplog.text
    assert OLD not in keys
    path.write_text(OLD)
    assert OLD in keys


def test_file_that_could_not_be_read_is_tried_again_though_it_is_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as when there was no descriptor to read it with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        keys = Keys(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert OLD not in keys, "not before a second has passed"
    monkeypatch.setattr("service.keys.monotonic", lambda: float("inf"))
    assert OLD in keys


def test_change_within_the_same_size_is_seen(path: Path) -> None:
    path.write_text(OLD)
    keys = Keys(path)
    path.write_text(NEW)
    os.utime(path, ns=(1, 1))
    assert NEW in keys


def test_a_key_has_sixteen_characters_or_more(path: Path) -> None:
    path.write_text("x" * 16)
    assert "x" * 16 in Keys(path)
    Keys.check(path)
    path.write_text("x" * 15)
    with pytest.raises(KeysError):
        Keys.check(path)
