"""A server that cannot serve well does not start, and says why in a sentence."""

import shutil
from pathlib import Path

import pytest

from tests.live_server import refusal
from tests.model_store import flip_a_bit


def test_damaged_artifact_is_refused(bentoml_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(bentoml_home, home)
    (weights,) = home.glob("models/catdog/*/model.bin")
    flip_a_bit(weights)
    assert "model.bin is damaged or was changed" in refusal(home, tmp_path / "log.txt")


def test_without_a_promoted_model_it_says_what_to_run(tmp_path: Path) -> None:
    assert "Run `make train`" in refusal(tmp_path / "empty", tmp_path / "log.txt")


@pytest.mark.parametrize(
    ("variable", "value"), [("CATDOG_MAX_UPLOAD_BYTES", "10MB"), ("CATDOG_MAX_PIXELS", "-1")]
)
def test_bad_setting_is_named(
    bentoml_home: Path, tmp_path: Path, variable: str, value: str
) -> None:
    text = refusal(bentoml_home, tmp_path / "log.txt", **{variable: value})
    assert f"{variable} is '{value}'" in text


def test_variables_of_the_traces_that_do_not_fit_are_refused(
    bentoml_home: Path, tmp_path: Path
) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_BSP_MAX_QUEUE_SIZE": "256",
    }
    text = refusal(bentoml_home, tmp_path / "log.txt", **variables)
    assert "as the variables OTEL_... say: max_export_batch_size must be less" in text
