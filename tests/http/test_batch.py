"""POST /predict/batch."""

import httpx
import pytest

from tests import pictures
from tests.http.problem import assert_problem
from tests.live_server import Server
from tests.pictures import BLUE, GREEN, RED

MIB = 1024 * 1024


def post(client: httpx.Client, *named: tuple[str | None, bytes]) -> httpx.Response:
    return client.post("/predict/batch", files=[("image", part) for part in named])


def test_bad_pictures_cost_their_neighbours_nothing(client: httpx.Client, server: Server) -> None:
    good = {"red": RED, "blue": BLUE, "green": GREEN}
    response = post(
        client,
        ("red", pictures.plain(RED)),
        ("text.jpg", b"hello"),
        ("blue", pictures.plain(BLUE)),
        ("half.jpg", pictures.truncated_jpeg()),
        ("empty.png", b""),
        ("bomb.png", pictures.bomb()),
        ("large.jpg", pictures.padded(pictures.plain(kind="JPEG"), 11 * MIB)),
        (None, b"http://example.com/a.jpg"),
        ("green", pictures.plain(GREEN)),
    )
    assert response.status_code == 200
    body = response.json()
    assert body["model"] == server.tag
    outcomes = [
        (p["name"], p["error"]["type"] if "error" in p else p["label"]) for p in body["predictions"]
    ]
    assert outcomes == [
        ("red", "cat"),
        ("text.jpg", "/docs#unsupported-picture"),
        ("blue", "dog"),
        ("half.jpg", "/docs#damaged-picture"),
        ("empty.png", "/docs#empty-picture"),
        ("bomb.png", "/docs#too-many-pixels"),
        ("large.jpg", "/docs#too-many-bytes"),
        (None, "/docs#malformed-request"),
        ("green", "neither"),
    ]
    for prediction in body["predictions"]:
        if prediction["name"] in good:
            single = client.post("/predict", content=pictures.plain(good[prediction["name"]]))
            assert prediction == {"name": prediction["name"], **single.json()}
        else:
            assert set(prediction["error"]) == {"type", "title", "status", "detail"}


def test_batch_of_the_most_pictures_equals_singles_in_order(client: httpx.Client) -> None:
    shades = [(3 * i, i, 255 - 3 * i) for i in range(64)]
    response = post(client, *((f"{i}.png", pictures.plain(s)) for i, s in enumerate(shades)))
    predictions = response.json()["predictions"]
    assert [p["name"] for p in predictions] == [f"{i}.png" for i in range(64)]
    for shade, prediction in zip(shades, predictions, strict=True):
        single = client.post("/predict", content=pictures.plain(shade)).json()
        assert prediction["probabilities"]["cat"] == pytest.approx(
            single["probabilities"]["cat"], abs=1e-3
        )


def test_only_bad_pictures_are_a_batch_too(client: httpx.Client) -> None:
    predictions = post(client, ("a", b"x"), ("b", b"y")).json()["predictions"]
    assert [p["error"]["status"] for p in predictions] == [415, 415]


def test_same_name_twice_and_odd_names_come_back_as_they_were(client: httpx.Client) -> None:
    names = ["a.png", "a.png", "../../etc/passwd", "Mäuschen 猫.png"]
    predictions = post(client, *((n, pictures.plain()) for n in names)).json()["predictions"]
    assert [p["name"] for p in predictions] == names


def test_one_picture_too_many_is_refused(client: httpx.Client) -> None:
    response = post(client, *(("a.png", b"x") for _ in range(65)))
    assert "64" in assert_problem(response, 413, "too-many-pictures")


def test_no_picture_is_refused(client: httpx.Client) -> None:
    response = client.post("/predict/batch", files={"photo": ("a.png", b"x")})
    assert_problem(response, 400, "no-picture")


@pytest.mark.parametrize(
    "parts", [{"content": pictures.plain()}, {"json": ["http://example.com"]}, {"content": b""}]
)
def test_anything_but_a_form_is_refused(client: httpx.Client, parts: dict) -> None:
    detail = assert_problem(client.post("/predict/batch", **parts), 415, "unsupported-picture")
    assert "multipart/form-data" in detail
