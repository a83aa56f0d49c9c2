"""docs/scale.md: its tables follow from what was measured and assumed, and are the page's."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.scale import tables
from benchmarks.scale.__main__ import PAGE, filled
from benchmarks.scale.rates import Rate, Rates, assumed, measured
from tests.live_server import REPOSITORY

README = REPOSITORY / "README.md"
MACHINE = {
    "cores": 4,
    "cpu": "a processor",
    "instructions": ["avx2"],
    "gpu": "a GPU",
    "versions": {"torch": "2"},
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results in round numbers, on four cores."""
    serving = {
        "machine": MACHINE,
        "precision": "int8",
        "photographs": {"mean_bytes": 30_000, "count": 200},
        "contestants": {
            "ours": {"median": {"1": {"requests_per_s": 30.0}, "8": {"requests_per_s": 40.0}}},
            "engine": {"median": {"requests_per_s": 80.0}},
        },
    }
    training = {
        "machine": MACHINE,
        "device": "cpu",
        "precision": "bf16-mixed",
        "workers": 3,
        "source": "pets",
        "pictures": 512,
        "distinct": 512,
        "pictures_per_s": {"loader alone": 300.0, "stage one": 60.0, "stage two": 40.0},
    }
    on_gpu = training | {
        "batch_size": 32,
        "pictures": 12288,
        "distinct": 980,
        "pictures_per_s": {"stage one, in memory": 5000.0, "stage two, in memory": 2500.0},
    }
    (tmp_path / "serving.json").write_text(json.dumps(serving))
    (tmp_path / "training_speed.json").write_text(json.dumps(training))
    (tmp_path / "training_speed_gpu.json").write_text(json.dumps(on_gpu))
    return tmp_path


@pytest.fixture
def rates(results: Path) -> Rates:
    round_numbers = {
        "decode": 500,
        "core_hour": 0.1,
        "gpu_hour": 4.0,
        "gpu_machine_cores": 100,
        "gpu_machine_network": 50,
        "storage_month": 20,
        "get_million": 0.4,
        "out_tb": 90,
        "answer_bytes": 150,
        "cache_per_s": 100_000,
        "utilization": 0.5,
        "replica_cores": 8,
    }
    assert round_numbers.keys() == assumed().keys()
    return {k: Rate(v, "", "") for k, v in round_numbers.items()} | measured(results)


def cells(table: str) -> dict[str, list[str]]:
    """First cell of each line -> the others."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {first: rest for first, *rest in lines}


def test_rates_are_per_core_and_the_best_that_was_measured(rates: Rates) -> None:
    expected = {"serve": 10, "network": 20, "load": 100, "stage_one": 15, "stage_two": 10}
    assert {name: rates[name].value for name in expected} == expected
    assert rates["score"].value == 10
    assert "no run of `make bench-score` is kept" in rates["score"].source


def test_a_kept_run_of_scoring_is_used(results: Path) -> None:
    jobs = [{"running": speed} for speed in (70.0, 72.0, 90.0)]
    engine = {"machine": MACHINE, "rounds": {"job": jobs, "engine": []}}
    (results / "scoring.json").write_text(json.dumps({"engine": engine}))
    assert measured(results)["score"].value == 18


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("serving.json", "`make bench`"),
        ("training_speed.json", "`make bench-train`"),
        ("training_speed_gpu.json", "`make bench-train` on a GPU"),
    ],
)
def test_what_was_never_measured_is_asked_for(results: Path, file: str, command: str) -> None:
    (results / file).unlink()
    with pytest.raises(BenchmarkError, match=f"{command} measures and keeps it"):
        measured(results)


def test_nothing_is_assumed_that_is_measured(rates: Rates, results: Path) -> None:
    assert assumed().keys() & measured(results).keys() == set()
    assert (rates["gpu_stage_two"].value, rates["gpu_score"].value) == (2500, 5000)


def test_speeds_of_training_name_their_pictures_and_how_to_measure_again(rates: Rates) -> None:
    command = "`python -m benchmarks.training_speed --source pets --pictures"
    for name in ("load", "stage_one", "stage_two"):
        assert rates[name].source.startswith(f"{command} 512`: 512 pictures of `pets`, 4 cores")
    for name in ("gpu_stage_two", "gpu_score"):
        assert rates[name].source.startswith(
            f"{command} 12288`: 12,288 pictures of `pets`, 980 of them distinct, a GPU, torch 2"
        )


def test_scoring_is_as_by_hand(rates: Rates) -> None:
    found = cells(tables.scoring(rates))
    # 10^9 pictures at 10 a second and core: 10^8 core-seconds
    assert found["core-hours, on CPUs alone"][0] == "27,800"
    assert found["GPU-hours, if GPUs never wait"][0] == "55.6"
    assert found["cores that decode for one GPU"] == ["10.0", "5,000 / 500; its machine has 12.5"]
    assert found["GPU-hours, as its cores feed them"] == ["55.6", "GPUs busy 100% of the time"]
    assert found["their price"][0] == "222 $"  # the last line of that name: 55.6 hours x 4 $
    assert found["bytes read"][0] == "30.0 TB"
    # Two requests for each of 10^9 pictures, at 0.4 $ a million
    assert found["requests, a file each"][0] == "800 $"
    # and 3 x 10^13 / 2^20 = 28.6 million for the tars
    assert found["requests, out of tars"][0] == "811 $"
    assert "60.0 TB are read" in found["requests, out of tars"][1]
    assert found["requests, out of Parquet"][0] == "6.25 $"  # 10^9 x 4 / 256 = 15.6 million
    assert found["kept for a month"][0] == "600 $"
    assert found["answers written"][0] == "0.150 TB"


def test_gpus_wait_where_their_machine_has_too_few_cores(rates: Rates) -> None:
    found = cells(tables.scoring(rates | {"gpu_machine_cores": Rate(40, "", "")}))
    # 40 x 500 a second for 8 GPUs that could do 40,000
    assert found["GPU-hours, as its cores feed them"] == ["111", "GPUs busy 50% of the time"]
    assert found["their price"][0] == "444 $"


def test_an_answer_is_as_long_as_readmes() -> None:
    (answer,) = re.findall(r"```json\n(\{.*?\})\n```", README.read_text(), flags=re.DOTALL)
    written = json.dumps(json.loads(answer), separators=(",", ":"))
    assert assumed()["answer_bytes"].value == len(written) + hashlib.sha256().digest_size


def test_tars_are_listed_in_pieces_of_the_size_that_is_reckoned_with() -> None:
    from scoring import tar

    assert tables.TAR_AHEAD_BYTES == tar._AHEAD_BYTES


def test_training_is_as_by_hand(rates: Rates) -> None:
    found = cells(tables.training(rates))
    assert found["core-hours, without a GPU"][0] == "111,000"
    assert found["what 8 GPUs take"][0] == "20,000 a second"
    assert found["what their machine's cores give"][0] == "10,000 a second"
    # 4 x 10^9 at 10,000 a second, on 8 GPUs of which each is busy half of the time
    assert found["GPU-hours, as its cores feed them"][:2] == [
        *("889", "GPUs busy 50% of the time"),
    ]
    # 4 x 10^9 at 0.4 $ a million
    assert found["requests, if shards lie in an object store"][0] == "1,600 $"


def test_epochs_and_batch_are_those_of_the_configuration(
    rates: Rates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.yaml").write_text("trainer: {max_epochs: 5}\ndata: {batch_size: 48}\n")
    monkeypatch.setattr(tables, "CONFIG", tmp_path / "other.yaml")
    assert cells(tables.training(rates))["pictures shown"] == ["5,000,000,000", "5 epochs"]
    assert "| 1 | 8 | 48 |" in tables.machines(rates)


def test_serving_is_as_by_hand(rates: Rates) -> None:
    found = cells(tables.serving(rates))
    # 8 cores x 10 x 0.5: 40 a second and replica
    assert found["0%"][:3] == ["100,000", "2,500", "20,000"]
    assert found["90%"][:3] == ["10,000", "250", "2,000"]


def test_the_tuned_parameters_are_those_of_the_network() -> None:
    from training.module import CatDog

    module = CatDog("resnet50")
    module.build("none", stride_in_1x1=True)
    tuned = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert tuned == tables.LAYER4_PARAMETERS + tables.HEAD_PARAMETERS


def test_the_page_shows_what_the_kept_results_amount_to() -> None:
    """After a benchmark: python -m benchmarks.scale --write."""
    page = PAGE.read_text()
    assert filled(page, assumed() | measured()) == page
