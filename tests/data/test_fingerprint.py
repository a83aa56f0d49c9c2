"""One picture never ends the scan of a folder, and what is served can be trained on."""

import os
import re
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data import fingerprint
from data.errors import DataError
from data.picture import Excluded, Exclusion, Fingerprint
from service import images
from tests import pictures

SIZE = (64, 48)
DEADLY = b"the decoder crashes here"


def png_with(name: bytes, content: bytes, checksum: int | None = None) -> bytes:
    """A PNG with one chunk more, behind its header."""
    whole = pictures.plain(size=SIZE)
    checksum = zlib.crc32(name + content) if checksum is None else checksum
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
    return whole[:33] + chunk + whole[33:]


def jpeg_with(marker: int, content: bytes) -> bytes:
    """A JPEG with one segment more, instead of its JFIF."""
    whole = pictures.plain(kind="JPEG", size=SIZE)
    return whole[:2] + struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content + whole[20:]


LARGE = zlib.compress(bytes(2_000_000))
SERVED = {
    "zTXt of 2 MB": png_with(b"zTXt", b"Comment\0\0" + LARGE),
    "iTXt of 2 MB": png_with(b"iTXt", b"Comment\0\1\0\0\0" + LARGE),
    "iCCP of 2 MB": png_with(b"iCCP", b"screen\0\0" + LARGE),
    "short gAMA": png_with(b"gAMA", b"\0"),
    "short pHYs": png_with(b"pHYs", b"\0"),
    "short cHRM": png_with(b"cHRM", b"\0"),
    "short sRGB": png_with(b"sRGB", b""),
    "checksum of a text": png_with(b"tEXt", b"Comment\0meow", checksum=0),
    "cut ICC": jpeg_with(0xE2, b"ICC_PROFILE\0"),
    "cut JFIF": jpeg_with(0xE0, b"JFIF"),
    "cut Adobe": jpeg_with(0xEE, b"Adobe"),
}


@pytest.mark.parametrize("data", SERVED.values(), ids=SERVED)
def test_what_the_service_answers_has_a_fingerprint(data):
    images.network_input(data)
    found = fingerprint.fingerprint(data)
    assert (found.width, found.height) == SIZE


def write(folder: Path, count: int, deadly: set[int]) -> list[Path]:
    """Pictures 0, 1, ..., some of which `deadly_decoder` dies of."""
    paths = [folder / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        path.write_bytes(pictures.plain(size=(64, 48 + i)) + (DEADLY if i in deadly else b""))
    return paths


@pytest.fixture
def deadly_decoder(monkeypatch):
    """Stands in for a fault in a decoder, as none is known to us: the process is really gone."""
    decode = images.decode_and_measure

    def decode_or_die(data):
        if data.endswith(DEADLY):
            os.kill(os.getpid(), signal.SIGKILL)
        return decode(data)

    monkeypatch.setattr(images, "decode_and_measure", decode_or_die)  # workers are forks


@pytest.mark.usefixtures("deadly_decoder")
@pytest.mark.parametrize(
    "deadly", [{0}, {99}, {3, 40, 41, 90}, set(range(50, 57))], ids=["first", "last", "4", "7"]
)
def test_a_picture_that_the_decoder_crashes_on_is_left_out_and_all_others_count(tmp_path, deadly):
    paths = write(tmp_path, 100, deadly)
    found = fingerprint.scan(paths)
    assert {i for i, result in enumerate(found) if isinstance(result, Excluded)} == deadly
    for i, result in enumerate(found):
        if isinstance(result, Fingerprint):
            assert result.height == 48 + i
        else:
            assert (result.path, result.kind) == (paths[i], Exclusion.UNREADABLE)
            assert result.reason == "unreadable: the decoder crashed on it"


@pytest.mark.usefixtures("deadly_decoder")
@pytest.mark.parametrize(("count", "last"), [(100, 7), (5, 4), (1, 0)])
def test_where_processes_die_of_every_picture_it_is_no_pictures_fault(tmp_path, count, last):
    paths = write(tmp_path, count, set(range(count)))
    name = re.escape(str(paths[last]))
    said = rf"reading the {count} pictures died, .*want of memory.* It was reading {name}\."
    with pytest.raises(DataError, match=said):
        fingerprint.scan(paths)


def test_a_fault_of_ours_costs_one_picture(tmp_path, monkeypatch):
    paths = write(tmp_path, 40, set())
    fingerprint_of = fingerprint.fingerprint

    def faulty(data):
        if fingerprint_of(data).height == 48 + 7:
            raise KeyError("HEIF")
        return fingerprint_of(data)

    monkeypatch.setattr(fingerprint, "fingerprint", faulty)
    (left_out,) = [r for r in fingerprint.scan(paths) if isinstance(r, Excluded)]
    assert left_out == Excluded(paths[7], "unreadable: it cannot be looked at (KeyError: 'HEIF')")


def test_a_file_that_is_gone_is_left_out(tmp_path):
    (left_out,) = fingerprint.scan([tmp_path / "gone.png"])
    assert isinstance(left_out, Excluded)
    assert left_out.reason == "unreadable: the file cannot be opened (No such file or directory)"
    assert left_out.kind is Exclusion.UNREADABLE


@pytest.mark.parametrize("target", ["gone.png", "link.png"], ids=["nowhere", "itself"])
def test_a_link_that_leads_to_no_file_is_left_out(tmp_path, target):
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / target)
    (left_out,) = fingerprint.scan([link])
    assert left_out == Excluded(link, "unreadable: the link leads to no file")
    assert left_out.kind is Exclusion.UNREADABLE


def test_a_file_whose_folder_is_gone_too_is_out_of_reach(tmp_path):
    """As those of a drive that was unmounted meanwhile."""
    (left_out,) = fingerprint.scan([tmp_path / "cat/1.png"])
    assert left_out.kind is Exclusion.UNREACHABLE


def test_a_file_that_is_there_and_cannot_be_read_is_out_of_reach():
    """The memory of a process gives an I/O error at 0, whoever reads it."""
    (left_out,) = fingerprint.scan([Path("/proc/self/mem")])
    assert left_out.reason == "unreadable: the file cannot be opened (Input/output error)"
    assert left_out.kind is Exclusion.UNREACHABLE


@pytest.mark.parametrize("kind", ["HEIF", "JPEG"])
def test_without_the_extra_a_heic_names_the_command_that_installs_it(tmp_path, kind):
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(pictures.plain(kind=kind, size=SIZE))
    code = (
        "import sys; sys.modules['pillow_heif'] = None\n"  # as if it were not installed
        "from pathlib import Path; from data.fingerprint import scan\n"
        "(found,) = scan([Path(sys.argv[1])]); print(getattr(found, 'reason', 'read'))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (
        done.stdout.strip()
        == {
            "HEIF": "unreadable: HEIC, which `.venv/bin/pip install --require-hashes -r "
            "requirements/heic.txt` reads",
            "JPEG": "read",
        }[kind]
    )


def test_a_faint_picture_has_near_duplicates_too() -> None:
    """As of a cat in fog: its grey lies within some 6 levels of the mean."""
    noise = np.random.default_rng(1).normal(0, 1, (6, 8))
    small = Image.fromarray((128 + 6 * noise / noise.std()).astype(np.uint8))
    fog = small.resize((320, 240), Image.Resampling.BICUBIC)
    one = fingerprint.fingerprint(pictures.encode(fog))
    other = fingerprint.fingerprint(pictures.encode(fog, "JPEG", quality=90))
    assert one.phash
    assert (int(one.phash, 16) ^ int(other.phash, 16)).bit_count() <= 8
