"""service.multipart: however the bytes arrive, the same parts come out."""

import pytest

from service import problems
from service.multipart import MAX_PARTS_BESIDE, PartReader
from service.problems import Problem

CONTENT_TYPE = "multipart/form-data; boundary=xyz"
TOO_MANY = Problem(problems.TOO_MANY_PICTURES, "Too many.")


def part(name: str, data: bytes, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    header = f'--xyz\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return header.encode() + data + b"\r\n"


def read(body: bytes, step: int = 10**9, **bounds: int) -> PartReader:
    limits = {"max_parts": 9, "max_part_bytes": 1000, **bounds}
    reader = PartReader(CONTENT_TYPE, too_many=TOO_MANY, **limits)
    for start in range(0, len(body), step):
        reader.feed(body[start : start + step])
    reader.close()
    return reader


BODY = (
    part("image", b"\r\n--xy\r\n-", "a.jpg") + part("note", b"x") + part("image", b"") + b"--xyz--"
)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10**9])
def test_chunking_changes_nothing(step: int) -> None:
    reader = read(BODY, step)
    assert [(p.name, bytes(p.data)) for p in reader.parts] == [
        ("a.jpg", b"\r\n--xy\r\n-"),
        (None, b""),
    ]
    assert reader.other_names == ["note"]


def test_of_a_long_part_one_byte_more_than_allowed_is_kept() -> None:
    reader = read(part("image", bytes(5000), "a") + b"--xyz--", step=512, max_part_bytes=100)
    assert len(reader.parts[0].data) == 101


def test_part_past_the_most_raises_what_the_caller_said() -> None:
    with pytest.raises(Problem, match=r"Too many\."):
        read(part("image", b"a") * 3 + b"--xyz--", max_parts=2)


def test_many_parts_of_other_names_are_refused() -> None:
    with pytest.raises(Problem, match="parts not named 'image'"):
        read(part("x", b"") * (MAX_PARTS_BESIDE + 1) + b"--xyz--")


@pytest.mark.parametrize("end", [5, 40, len(BODY) - 2])
def test_body_that_stops_early_is_malformed(end: int) -> None:
    with pytest.raises(Problem, match="ends before its closing boundary"):
        read(BODY[:end])


@pytest.mark.parametrize("headers", [f"X: {'y' * 5000}\r\n", "X: y\r\n" * 20], ids=["long", "many"])
def test_overlong_headers_of_a_part_are_named_as_what_is_wrong(headers: str) -> None:
    with pytest.raises(Problem, match="headers are longer or more than is allowed"):
        read(part("image", b"x", "a").replace(b"\r\n\r\n", f"\r\n{headers}\r\n".encode()))


def test_boundaries_within_a_part_are_malformed() -> None:
    """Each costs what a hundred other bytes do."""
    with pytest.raises(Problem, match="boundary stands within its parts"):
        read(part("image", b"\r\n--xyzy" * 1000, "a") + b"--xyz--", step=512, max_parts=1)


@pytest.mark.parametrize("most", [1, 9])
def test_too_many_parts_that_come_at_once_are_not_said_to_be_malformed(most: int) -> None:
    with pytest.raises(Problem, match=r"Too many\."):
        read(part("image", b"small") * 200 + b"--xyz--", max_parts=most)


@pytest.mark.parametrize(
    ("headers", "is_text"),
    [
        ("", True),
        ("\r\nContent-Type: text/plain; charset=utf-8", True),
        ("\r\nContent-Type: image/jpeg", False),
        ("; filename=a.jpg", False),
        ("; filename*=utf-8''a.jpg", False),
    ],
)
def test_a_text_field_is_told_from_a_file(headers: str, is_text: bool) -> None:
    body = part("image", b"x").replace(b'"image"', f'"image"{headers}'.encode())
    assert [p.is_text for p in read(body + b"--xyz--").parts] == [is_text]


def test_overlong_boundary_is_malformed() -> None:
    with pytest.raises(Problem, match="boundary is longer than 256"):
        PartReader(
            f"multipart/form-data; boundary={'x' * 500}",
            max_parts=1,
            too_many=TOO_MANY,
            max_part_bytes=1,
        )
