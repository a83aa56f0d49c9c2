"""Google's storage, which has no folders: a server that speaks like it, and the job on it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import fs

from scoring.output import Output
from scoring.place import Place
from tests.scoring import object_store
from tests.scoring.conftest import BAD, GOOD, Score

ENDPOINT = "CLOUD_STORAGE_EMULATOR_ENDPOINT"
ROOT = "gs://anonymous@box"
NAMES = ["a.jpg", "in/red.jpg", "in/deep/er/blue.png", "in/deep/half.jpg", "in/.hidden/red.jpg"]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yields what clients need to be told; the pictures are there."""
    log = tmp_path_factory.mktemp("storage") / "log.txt"

    def command(python: Path, port: str) -> list[str | Path]:
        start = [python.with_name("gcp-storage-emulator"), "start", "--host=127.0.0.1"]
        return [*start, f"--port={port}", "--in-memory", "--default-bucket=box"]

    with (
        object_store.running(command, log, "GET", "/storage/v1/b/box") as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(ENDPOINT, url)
        filesystem, _ = fs.FileSystem.from_uri(ROOT)
        for name in NAMES:
            data = (GOOD | BAD)[name.rpartition("/")[2]] if "/" in name else b""
            with filesystem.open_output_stream(f"box/{name}") as stream:
                stream.write(data)
        yield {ENDPOINT: url}


@pytest.mark.usefixtures("storage")
def test_files_are_found_to_any_depth_and_hidden_ones_are_not() -> None:
    found = {place.address for place in Place(f"{ROOT}/in").files()}
    assert found == {f"{ROOT}/{name}" for name in NAMES[1:4]}
    assert {place.address for place in Place(ROOT).files()} == {f"{ROOT}/{n}" for n in NAMES[:4]}
    assert Place(f"{ROOT}/in").kind() == "folder"
    assert Place(f"{ROOT}/in/red.jpg").kind() == "file"
    assert Place(f"{ROOT}/nothing").kind() is None


def test_a_job_reads_there_and_writes_there_and_goes_on_there(
    storage: dict[str, str], score: Score
) -> None:
    first, again = [score(f"{ROOT}/in", f"{ROOT}/out", **storage) for _ in range(2)]
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert "Scored 3 in " in first.stdout
    assert "Scored" not in again.stdout
    output = Output(Place(f"{ROOT}/out"))
    tally = sum(output.tallies(output.finished()), Counter[str]())
    assert tally == {"cat": 1, "dog": 1, "damaged-picture": 1}
