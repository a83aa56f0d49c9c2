"""POST /predict: good pictures."""

import httpx
import pytest
from PIL import Image

from service import images
from tests import known_network, pictures
from tests.live_server import Server
from tests.pictures import BLUE, GREEN, RED


def predict(client: httpx.Client, data: bytes, **headers: str) -> dict:
    response = client.post("/predict", content=data, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def test_answer_is_what_the_arithmetic_says(client: httpx.Client, server: Server) -> None:
    body = predict(client, pictures.plain(RED))
    p = round(known_network.p_cat(RED), 4)
    assert body == {
        "label": "cat",
        "confidence": p,
        "probabilities": {"cat": p, "dog": pytest.approx(1 - p)},
        "novelty": round(20 / 255, 4),
        "model": server.tag,
    }


def test_blue_is_a_dog(client: httpx.Client) -> None:
    body = predict(client, pictures.plain(BLUE))
    assert body["label"] == "dog"
    assert body["confidence"] == body["probabilities"]["dog"] > 0.5


def test_past_the_novelty_threshold_it_is_neither_with_novelty_as_confidence(
    client: httpx.Client,
) -> None:
    body = predict(client, pictures.plain(GREEN))
    assert body["label"] == "neither"
    assert body["confidence"] == body["novelty"] == round(250 / 255, 4)


def test_form_and_raw_body_get_the_same_answer(client: httpx.Client) -> None:
    data = pictures.plain(RED)
    form = client.post("/predict", files={"image": ("a.png", data, "image/png")})
    assert form.json() == predict(client, data)


@pytest.mark.parametrize("kind", [kind.decoder for kind in images.KINDS])
def test_every_listed_kind_is_read(client: httpx.Client, kind: str) -> None:
    body = predict(client, pictures.plain(RED, kind))
    # Lossy formats may move a colour by a shade or two.
    assert body["probabilities"]["cat"] == pytest.approx(known_network.p_cat(RED), abs=0.01)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/json",
        "text/plain",
        "image/gif",
        "nonsense",
    ],
)
def test_bytes_decide_whatever_the_content_type_says(
    client: httpx.Client, content_type: str
) -> None:
    body = predict(client, pictures.plain(BLUE, "JPEG"), **{"Content-Type": content_type})
    assert body["label"] == "dog"


def test_file_sent_as_a_field_without_a_name_is_still_a_picture(client: httpx.Client) -> None:
    response = client.post("/predict", files={"image": (None, pictures.plain(BLUE))})
    assert response.json()["label"] == "dog"


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "RGBA", "LA", "I;16", "I", "F"])
def test_every_mode_is_read_with_its_own_brightness(client: httpx.Client, mode: str) -> None:
    kind = {"CMYK": "JPEG", "F": "TIFF", "I": "TIFF"}.get(mode, "PNG")
    grey = Image.new("L", (64, 64), 255)
    image = Image.new(mode, (64, 64), 65535) if mode == "I;16" else grey.convert(mode)
    body = predict(client, pictures.encode(image, kind))
    assert body["novelty"] == pytest.approx(1.0, abs=0.02), "white must stay white"
    assert body["probabilities"]["cat"] == pytest.approx(0.5, abs=0.01)


def test_16_bit_grey_keeps_its_mid_tones(client: httpx.Client) -> None:
    body = predict(client, pictures.encode(Image.new("I;16", (64, 64), 0x8000)))
    assert body["novelty"] == pytest.approx(0.5, abs=0.01)


def test_transparent_parts_are_white(client: httpx.Client) -> None:
    body = predict(client, pictures.encode(Image.new("RGBA", (64, 64), (255, 0, 0, 0))))
    assert body["novelty"] == 1.0
    assert body["probabilities"]["cat"] == 0.5


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_an_animation_counts(client: httpx.Client, kind: str) -> None:
    first, second = Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), BLUE)
    data = pictures.encode(first, kind, save_all=True, append_images=[second])
    assert predict(client, data)["label"] == "cat"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_heeded(client: httpx.Client, orientation: int) -> None:
    body = predict(client, pictures.turned(orientation))
    assert body["probabilities"]["cat"] == pytest.approx(known_network.p_cat(RED), abs=0.02)


def test_picture_of_exactly_the_allowed_bytes_is_taken(client: httpx.Client) -> None:
    body = predict(client, pictures.padded(pictures.plain(RED, "JPEG"), 10 * 1024 * 1024))
    assert body["label"] == "cat"


def test_one_pixel_is_enough(client: httpx.Client) -> None:
    assert predict(client, pictures.plain(BLUE, size=(1, 1)))["label"] == "dog"


def test_broken_exif_spoils_no_picture(client: httpx.Client) -> None:
    image = Image.new("RGB", (8, 8), BLUE)
    data = pictures.encode(image, "JPEG", exif=b"Exif\0\0MM\0*garbage!")
    assert predict(client, data)["label"] == "dog"
