"""POST /explain and GET /model/filters.png, of the known network, over the wire."""

import asyncio
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests import explained, known_network, live_server, pictures
from tests.http import prometheus
from tests.http.log_lines import lines_of
from tests.http.problem import assert_problem
from tests.known_network import is_answer_to
from tests.live_server import Server
from tests.pictures import BLUE, GREEN, RED

MAX_BYTES = 500_000
TOLERANCE = 0.01  # of a probability that is worked out from pixels that went through a JPEG
GROUND, PATCH = (60, 60, 90), (230, 40, 20)  # hardly a dog; very much a cat
CAT_IN_A_CORNER = explained.patched(GROUND, PATCH, (0, 0, 96, 96))


def explain(client: httpx.Client, data: bytes) -> dict:
    response = client.post("/explain", content=data)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    "data",
    [
        *(pictures.plain(rgb) for rgb in (RED, BLUE, GREEN)),
        pictures.turned(6),
        CAT_IN_A_CORNER,
    ],
)
def test_the_answer_is_that_of_predict(client: httpx.Client, data: bytes) -> None:
    assert explain(client, data)["answer"] == client.post("/predict", content=data).json()


def test_form_and_raw_body_are_explained_alike(client: httpx.Client) -> None:
    form = client.post("/explain", files={"image": ("a.png", CAT_IN_A_CORNER)})
    assert form.json() == explain(client, CAT_IN_A_CORNER)


def test_places_that_spoke_are_where_the_arithmetic_says(client: httpx.Client) -> None:
    """The corner is three places of seven in a row, and the network judges by the upper half."""
    values = np.array(explain(client, CAT_IN_A_CORNER)["activation_map"]["values"])
    each = {
        rgb: 2 * 2 * known_network.SHARPNESS * (rgb[2] - rgb[0]) / 255 for rgb in (GROUND, PATCH)
    }
    expected = np.full((7, 7), each[GROUND])
    expected[:3, :3] = each[PATCH]
    expected[3] /= 2
    expected[4:] = 0
    np.testing.assert_allclose(values, expected, atol=2e-4)


def test_map_averages_to_the_log_odds_of_the_answer(client: httpx.Client) -> None:
    body = explain(client, CAT_IN_A_CORNER)
    p = body["answer"]["probabilities"]
    log_odds = np.mean(body["activation_map"]["values"]) / known_network.TEMPERATURE
    assert np.log(p["dog"] / p["cat"]) == pytest.approx(log_odds, abs=2e-3)


def test_overlay_is_blue_for_a_cat_orange_for_a_dog_and_clear_where_nothing_spoke(
    client: httpx.Client,
) -> None:
    over = explained.pixels(explain(client, CAT_IN_A_CORNER)["activation_map"]["image"])
    assert over.shape == (224, 224, 4)
    cat, dog, nothing = over[48, 48], over[48, 180], over[200, 100]
    assert tuple(cat[:3]) == (0x00, 0x72, 0xB2)
    assert tuple(dog[:3]) == (0xD5, 0x5E, 0x00)
    assert cat[3] > 240
    assert 0 < dog[3] < 100
    assert nothing[3] == 0


def test_what_was_seen_is_shown(client: httpx.Client) -> None:
    seen = explained.pixels(explain(client, CAT_IN_A_CORNER)["seen"])
    assert seen.shape == (224, 224, 3)
    assert np.abs(seen[10, 10].astype(int) - PATCH).max() <= 3
    assert np.abs(seen[200, 200].astype(int) - GROUND).max() <= 3


def test_greying_out_what_spoke_most_changes_what_is_said_as_its_pictures_say(
    client: httpx.Client,
) -> None:
    body = explain(client, CAT_IN_A_CORNER)
    seen = explained.pixels(body["seen"]).astype(int)
    assert body["answer"]["label"] == "cat"
    p_cats = [body["answer"]["probabilities"]["cat"]]
    for greyed in body["greyed_out"]:
        shown = explained.pixels(greyed["image"])
        p_cats.append(greyed["probabilities"]["cat"])
        due = known_network.p_cat(tuple(explained.mean_rgb(shown)))
        assert p_cats[-1] == pytest.approx(due, abs=TOLERANCE)
        assert greyed["confidence"] == greyed["probabilities"][greyed["label"]]
        changed = np.abs(shown - seen).max(2) > 40
        assert changed[:96, :96].sum() == pytest.approx(
            min(greyed["share"] * 224 * 224, 96 * 96), rel=0.15
        ), "the corner goes first"
    assert [greyed["share"] for greyed in body["greyed_out"]] == [0.1, 0.2, 0.4]
    assert p_cats[:3] == sorted(p_cats[:3], reverse=True)
    assert body["greyed_out"][1]["label"] == "dog", "without the corner"


def test_strongest_maps_are_those_that_the_arithmetic_says(client: httpx.Client) -> None:
    stages = explain(client, pictures.plain(RED))["stages"]
    shapes = {stage["name"]: (stage["channels"], stage["side"]) for stage in stages}
    assert shapes == {
        "stem": (64, 112),
        "layer1": (64, 56),
        "layer2": (64, 28),
        "layer3": (64, 14),
        "layer4": (3, 7),
    }
    reddest = list(range(63, 39, -3))  # number k looks at red where k is a multiple of 3
    for stage in stages[:4]:
        assert [found["channel"] for found in stage["strongest"]] == reddest
        for found in stage["strongest"]:
            due = (found["channel"] + 1) / 64 * RED[0]
            assert found["response"] == pytest.approx(due, rel=1e-3)
            shown = explained.pixels(found["image"])
            assert shown.shape == (stage["side"], stage["side"])
            assert (shown == 255).all()
    assert {found["channel"] for found in stages[4]["strongest"]} == {0, 1, 2}


def test_imagenets_best_classes_are_named(client: httpx.Client) -> None:
    best = explain(client, pictures.plain(RED))["imagenet"]
    exponentials = np.ones(1000)
    colours = zip(
        (known_network.CAT_CLASS, known_network.OTHER_CLASS, known_network.DOG_CLASS),
        RED,
        strict=True,
    )
    for name, value in colours:
        exponentials[name] = np.exp(10 * value / 255)
    p = exponentials / exponentials.sum()
    assert len(best) == 5
    assert best[0]["name"] == f"class {known_network.CAT_CLASS}"
    assert [b["probability"] for b in best] == pytest.approx(sorted(p)[:-6:-1], abs=1e-4)


def test_answer_is_small_enough(client: httpx.Client) -> None:
    """Noise cannot be packed: no photograph takes more."""
    noise = np.random.default_rng(1).integers(0, 256, (224, 224, 3), np.uint8)
    data = pictures.encode(explained.Image.fromarray(noise))
    assert len(client.post("/explain", content=data).content) < MAX_BYTES


def test_filters_are_one_picture_to_keep(client: httpx.Client) -> None:
    response = client.get("/model/filters.png")
    assert response.headers["content-type"] == "image/png"
    assert "max-age" in response.headers["cache-control"]
    assert client.get("/model/filters.png").content == response.content
    assert explain(client, pictures.plain())["filters"] == "/model/filters.png"


def test_it_is_logged_and_counted_as_one_picture(client: httpx.Client, server: Server) -> None:
    def ask() -> None:
        headers = {"X-Request-Id": "explained-1"}
        assert client.post("/explain", content=pictures.plain(RED), headers=headers).is_success

    prometheus.moves(
        client,
        ask,
        {
            "catdog_requests_total{route=/explain,status=200}": 1,
            "catdog_request_seconds_count{route=/explain}": 1,
            "catdog_decode_seconds_count{}": 1,
            "catdog_queue_seconds_count{}": 1,
            "catdog_model_seconds_count{}": 1,
            "catdog_batch_pictures_count{}": 2,
            "catdog_batch_pictures_sum{}": 5,
            "catdog_predictions_total{label=cat}": 1,
            "catdog_confidence_ratio_count{label=cat}": 1,
            "catdog_confidence_ratio_sum{label=cat}": round(known_network.p_cat(RED), 4),
            "catdog_novelty_ratio_count{}": 1,
            "catdog_novelty_ratio_sum{}": round(known_network.novelty(RED), 4),
        },
    )
    (line,) = lines_of(server, "explained-1")["explained-1"]
    assert (line["path"], line["pictures"], line["label"]) == ("/explain", 1, "cat")
    assert line["duration_ms"] >= line["decode_ms"] + line["model_ms"]


def test_beside_predictions_every_picture_gets_its_own_answer_and_map(server: Server) -> None:
    async def ask(http: httpx.AsyncClient, n: int) -> str | None:
        rgb = (7 * n, 5 * (n % 40), 255 - 7 * n)
        path = "/explain" if n % 3 == 0 else "/predict"
        body = (await http.post(path, content=pictures.plain(rgb, size=(8, 8)))).json()
        if path == "/predict":
            return None if is_answer_to(rgb, body) else f"{rgb} got {body}"
        found = body["activation_map"]["values"][0][0]
        due = 4 * known_network.SHARPNESS * (rgb[2] - rgb[0]) / 255
        if is_answer_to(rgb, body["answer"]) and abs(found - due) < 1e-3:
            return None
        return f"{rgb} got {body['answer']} and {found} in place of {due}"

    async def all_at_once() -> list[str | None]:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            return await asyncio.gather(*(ask(http, n) for n in range(36)))

    assert [wrong for wrong in asyncio.run(all_at_once()) if wrong] == []


@pytest.fixture(scope="module")
def old_client(tmp_path_factory: pytest.TempPathFactory) -> httpx.Client:
    """A client of a server whose model was exported before models could explain themselves."""
    folder: Path = tmp_path_factory.mktemp("old")
    known_network.write_artifact(folder / "artifact", explains=False)
    tag = live_server.add_to_store(folder / "artifact", folder / "home")
    with (
        live_server.running(folder / "home", folder / "log.txt", tag) as own,
        httpx.Client(base_url=own.url, timeout=30) as client,
    ):
        yield client


def test_an_older_model_serves_and_says_what_to_do_to_have_it_explained(
    old_client: httpx.Client,
) -> None:
    assert is_answer_to(BLUE, old_client.post("/predict", content=pictures.plain(BLUE)).json())
    response = old_client.post("/explain", content=pictures.plain(BLUE))
    assert "Export it again" in assert_problem(response, 501, "not-explainable")
    response = old_client.get("/model/filters.png")
    assert "first layer" in assert_problem(response, 404, "not-found")
