"""The process that decodes: what it answers, what binds it, and what becomes of its accidents."""

import resource
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from service import decode_worker, images
from service.decode_process import Bounds, Crashed, DecodeProcess, NotReceived, TookTooLong
from tests import pictures
from tests.pictures import BLUE, RED

TIMEOUT_S = 30  # no claim of these tests depends on it


def decode(
    process: DecodeProcess, data: bytes, timeout_s: float = TIMEOUT_S, cpu_s: float = TIMEOUT_S
) -> np.ndarray:
    return process.decode(data, Bounds(images.MAX_PIXELS, cpu_s, timeout_s))


@contextmanager
def started() -> Iterator[DecodeProcess]:
    """A process of a test's own, that has answered once."""
    process = DecodeProcess()
    try:
        decode(process, pictures.plain())
        yield process
    finally:
        process.close()


@pytest.fixture(scope="module")
def process() -> Iterator[DecodeProcess]:
    with started() as process:
        yield process


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.005)


@contextmanager
def while_it_decodes(
    process: DecodeProcess, data: bytes, timeout_s: float = TIMEOUT_S
) -> Iterator[Future[np.ndarray]]:
    """In here it decodes many megapixels, of which it holds the first in memory."""
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(decode, process, data, timeout_s)
        wait_until(lambda: psutil.Process(process.pid).memory_info().rss > 100e6)
        yield result


def animation(kind: str) -> bytes:
    first, second = (Image.new("RGB", (64, 48), rgb) for rgb in (RED, BLUE))
    return pictures.encode(first, kind, save_all=True, append_images=[second])


def in_mode(mode: str, kind: str, **options: Any) -> bytes:
    image = Image.linear_gradient("L")
    if mode == "I;16":
        grey = np.arange(256 * 256, dtype=np.uint16).reshape(256, 256)
        return pictures.encode(Image.fromarray(grey), kind)
    return pictures.encode(image.convert(mode), kind, **options)


GOOD = {
    **{kind.decoder: pictures.plain(kind=kind.decoder) for kind in images.KINDS},
    "large JPEG": pictures.plain(kind="JPEG", size=(4000, 3000)),
    "turned JPEG": pictures.turned(6),
    "turned TIFF": pictures.turned(6, "TIFF"),
    **{f"{kind} animation": animation(kind) for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF")},
    **{f"PNG {mode}": in_mode(mode, "PNG") for mode in ("1", "L", "LA", "P", "RGBA", "I;16")},
    "CMYK JPEG": in_mode("CMYK", "JPEG"),
    **{
        f"TIFF {mode} {packed}": in_mode(mode, "TIFF", compression=packed)
        for mode in ("RGB", "CMYK")
        for packed in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    },
    **{f"TIFF {mode}": in_mode(mode, "TIFF") for mode in ("F", "LAB")},
    "BigTIFF": in_mode("RGB", "TIFF", big_tiff=True),
    "broken EXIF": pictures.encode(Image.new("RGB", (8, 8)), "JPEG", exif=b"Exif\0\0MM\0*garb"),
}


@pytest.mark.filterwarnings("ignore")  # as that process does; Pillow warns of broken EXIF
@pytest.mark.parametrize("name", GOOD)
def test_confined_as_it_is_it_sees_what_any_other_process_sees(
    process: DecodeProcess, name: str
) -> None:
    """Nothing that Pillow needs is imported too late, when no file can be opened any more."""
    assert (decode(process, GOOD[name]) == images.network_input(GOOD[name])).all()


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", pictures.truncated_jpeg(), pictures.bomb()],
    ids=["empty", "unsupported", "damaged", "bomb"],
)
def test_errors_arrive_with_their_class_and_words(process: DecodeProcess, data: bytes) -> None:
    with pytest.raises(images.ImageError) as here:
        images.network_input(data)
    with pytest.raises(images.ImageError) as there:
        decode(process, data)
    assert (there.type, str(there.value)) == (here.type, str(here.value))


def test_every_error_of_images_has_a_number() -> None:
    assert set(decode_worker.ERRORS) == set(images.ImageError.__subclasses__())


def test_damaged_pictures_cost_no_process(process: DecodeProcess) -> None:
    pid = process.pid
    for data in GOOD.values():
        with pytest.raises(images.ImageError):
            decode(process, data[: len(data) // 3])
    decode(process, pictures.plain())
    assert psutil.Process(pid).is_running()


def test_it_can_open_nothing_write_nothing_and_take_no_more_memory(process: DecodeProcess) -> None:
    of = {
        resource.RLIMIT_NOFILE: 3,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: decode_worker.MEMORY_BYTES,
    }
    for limit, most in of.items():
        assert resource.prlimit(process.pid, limit) == (most, most)
    assert psutil.Process(process.pid).num_fds() <= 4  # its stderr twice


def test_its_environment_holds_no_setting_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CATDOG_API_KEYS", "secret")
    with started() as process:
        environment = psutil.Process(process.pid).environ()
    assert set(environment) <= {
        *("OPENBLAS_NUM_THREADS", "LC_CTYPE"),  # Python itself sets the second, in the C locale
        *("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH"),
    }


def test_the_largest_pictures_fit_into_its_memory(process: DecodeProcess) -> None:
    """WebP takes the most: see `decode_worker.MEMORY_BYTES`."""
    data = pictures.encode(
        Image.new("RGBA", (8000, 8000), (*RED, 255)), "WEBP", lossless=True, method=0, quality=0
    )
    assert (decode(process, data) == RED).all()


def test_a_picture_that_needs_more_memory_is_refused_in_words_and_costs_no_process() -> None:
    with started() as process:
        most = psutil.Process(process.pid).memory_info().vms + 50_000_000
        resource.prlimit(process.pid, resource.RLIMIT_AS, (most, most))
        with pytest.raises(images.TooManyPixels, match="more memory than is allowed"):
            decode(process, pictures.slow())
        assert (decode(process, pictures.plain(BLUE)) == BLUE).all()


def test_killed_while_it_decodes_is_a_crash() -> None:
    with started() as process, while_it_decodes(process, pictures.endless()) as result:
        psutil.Process(process.pid).kill()
        with pytest.raises(Crashed):
            result.result()
        assert process.close() == -signal.SIGKILL


def test_killed_while_idle_has_not_received_the_next_picture() -> None:
    with started() as process:
        psutil.Process(process.pid).kill()
        for _ in range(2):  # and says so however often it is asked
            with pytest.raises(NotReceived):
                decode(process, pictures.plain())


def test_stopped_while_it_decodes_takes_too_long() -> None:
    with started() as process, while_it_decodes(process, pictures.slow(), 1) as result:
        psutil.Process(process.pid).suspend()
        with pytest.raises(TookTooLong):
            result.result()
        assert process.close() == -signal.SIGKILL


def test_it_may_use_a_core_for_so_long_however_long_it_waits_for_one() -> None:
    with started() as process:
        with pytest.raises(TookTooLong):
            decode(process, pictures.endless(), cpu_s=0.5)
        assert process.close() == -signal.SIGPROF


def test_signals_that_end_its_parent_do_not_end_its_work() -> None:
    with started() as process, while_it_decodes(process, pictures.slow()) as result:
        for number in (signal.SIGTERM, signal.SIGINT):
            psutil.Process(process.pid).send_signal(number)
        assert result.result().shape == (224, 224, 3)


def test_closed_it_is_gone() -> None:
    with started() as process:
        pid = process.pid
    assert not psutil.pid_exists(pid)
