import os
import subprocess
import sys
from pathlib import Path

import pytest

from data import __main__ as command
from data import manifest_csv
from data.manifest import Manifest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data", *arguments], capture_output=True, text=True, check=False
    )


def test_counts_reasons_and_digest_are_printed_and_the_manifest_written(make_folder, tmp_path):
    folder = make_folder()
    for i in range(12):
        (folder / f"dog/note{i}.txt").write_text("woof")
    done = run(str(folder), "--out", str(tmp_path / "manifest.csv"))
    manifest = Manifest.load(tmp_path / "manifest.csv")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["total", "30", "30", "0"] in lines
    assert ["digest", manifest.digest] in lines
    assert done.stdout.count("not an image of a kind we take") == 10
    assert "and 2 more" in done.stdout


def test_what_the_user_can_mend_is_said_without_a_traceback(tmp_path):
    done = run(str(tmp_path / "gone"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert "gone does not exist" in done.stderr


def test_help_names_the_layouts():
    done = run("--help")
    assert done.returncode == 0
    assert "cat/ and dog/" in " ".join(done.stdout.split())


def test_ctrl_c_ends_it_without_a_traceback(monkeypatch, capsys):
    def interrupt(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "resolve", interrupt)
    assert command.main(["starter"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_an_earlier_manifest_keeps_its_sides(make_folder, tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    folder = make_folder(cats=10, dogs=10)
    assert command.main([str(folder), "--out", str(old)]) == 0
    make_folder(cats=60, dogs=60)
    assert command.main([str(folder), "--out", str(new), "--previous", str(old)]) == 0
    before = {(row.sha256, row.split) for row in Manifest.load(old).rows}
    assert before <= {(row.sha256, row.split) for row in Manifest.load(new).rows}


@pytest.mark.parametrize("module", ["torch", "torchvision", "pytorch_lightning", "albumentations"])
def test_the_command_needs_no_training_library(module):
    script = f"import sys, data.__main__; assert {module!r} not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_fractions_are_those_of_the_parts_that_they_name(make_folder, tmp_path):
    out = tmp_path / "manifest.csv"
    words = [str(make_folder(cats=100, dogs=100)), "--out", str(out)]
    assert command.main([*words, "--test-fraction", "0.05", "--val-fraction", "0.5"]) == 0
    counts = {part: sum(of.values()) for part, of in Manifest.load(out).counts.items()}
    assert counts["test"] < 30 < 70 < counts["val"] < 130


@pytest.fixture
def unscanned(monkeypatch):
    """No pictures are looked for."""
    monkeypatch.delattr(command, "resolve")


@pytest.mark.usefixtures("unscanned")
@pytest.mark.parametrize(
    ("out", "complaint"),
    [
        ("audit.csv", "is no manifest, as it begins with 'kind,label,suggestion'"),
        ("cat.png", "is no manifest, as it begins with '\N{REPLACEMENT CHARACTER}PNG'"),
        (".", "it is a folder. Name another one."),
        ("gone/manifest.csv", "there is no folder"),
        ("pipe", "it is no file of a disk"),
    ],
)
def test_what_is_no_manifest_is_not_replaced_by_one(tmp_path, capsys, out, complaint):
    (tmp_path / "audit.csv").write_text("kind,label,suggestion\nlabel,cat,dog\n")
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    os.mkfifo(tmp_path / "pipe")
    assert command.main(["starter", "--out", str(tmp_path / out)]) == 1
    assert complaint in capsys.readouterr().err


@pytest.mark.usefixtures("unscanned")
def test_a_manifest_without_a_name_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["starter", "--out", ""])
    assert "argument --out: it is empty; name a file" in capsys.readouterr().err


def test_a_manifest_or_an_empty_file_is_replaced(make_folder, tmp_path):
    out = tmp_path / "manifest.csv"
    out.touch()
    for _ in range(2):
        assert command.main([str(make_folder()), "--out", str(out)]) == 0
        manifest_csv.require_place(out)


def test_manifests_in_ones_home_are_written_and_read_there(make_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    words = [str(make_folder()), "--out"]
    assert command.main([*words, "~/old.csv"]) == 0
    assert command.main([*words, "~/new.csv", "--previous", "~/old.csv"]) == 0
    assert (tmp_path / "new.csv").read_bytes() == (tmp_path / "old.csv").read_bytes()
    assert not Path("~").exists()
