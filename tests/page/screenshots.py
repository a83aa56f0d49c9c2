"""The README's pictures of the page: the promoted model on starter pictures and drawn ones.

python -m tests.page.screenshots [FOLDER]
"""

import argparse
import io
import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks import chromium
from data import examples, starter
from service import store
from tests import live_server
from tests.page.gestures import card, expect_settled
from tests.page.watched import PHONE, watched

FOLDER = Path(__file__).parent.parent.parent / "docs" / "screenshots"
MAX_BYTES = 150_000
PICTURES = (("cat", 801), ("dog", 844), ("cat", 811), ("dog", 878))
PATIENCE_MS = 120_000  # of a slow machine: ResNet-50, five times for the panel
STILL = {"reduced_motion": "reduce"}  # what scrolls smoothly is photographed on its way
DESKTOP = {"viewport": {"width": 1040, "height": 985}}
BESIDE = {"viewport": {"width": 1040, "height": 900}}


def main() -> None:
    """Start a server, photograph, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    _, tag = store.path_of("catdog:latest")
    home = Path(os.environ["BENTOML_HOME"])
    with (
        tempfile.TemporaryDirectory() as temporary,
        live_server.running(home, Path(temporary) / "log.txt", tag) as server,
        sync_playwright() as playwright,
        chromium.launch(playwright) as browser,
    ):
        photograph(browser, server.url, pictures(Path(temporary)), folder)


def pictures(folder: Path) -> list[Path]:
    """Starter pictures under names that tell what they are, and the drawn examples."""
    paths = {(c.label, int(c.path.stem)): c.path for c in starter.candidates()}
    made = []
    for label, number in PICTURES:
        made.append(folder / f"{label}-{number}.png")
        shutil.copyfile(paths[label, number], made[-1])
    return [*made[:2], examples.FOLDER / "clock.png", *made[2:]]


def photograph(browser: Browser, url: str, paths: list[Path], folder: Path) -> None:
    """Take all three."""
    with watched(browser, url, **STILL, **DESKTOP) as page:
        answered(page, paths)
        page.evaluate("() => scrollTo(0, 0)")
        keep(page, folder / "page.png")
    dark_phone = PHONE | {"device_scale_factor": 2, "color_scheme": "dark"}
    with watched(browser, url, **STILL, **dark_phone) as page:
        answered(page, paths[:3])
        page.locator("#answers").evaluate("(section) => section.scrollIntoView()")
        keep(page, folder / "phone.png")
    with watched(browser, url, **STILL, **BESIDE) as page:
        answered(page, paths[:1])
        card(page, paths[0].name).locator(".explain").click()
        expect(page.locator(".filters img")).to_have_js_property("complete", True)
        expect(page.locator(".panel-body")).to_be_visible()
        keep(page, folder / "panel.png")


def answered(page: Page, paths: list[Path]) -> None:
    """Choose pictures and wait for their answers."""
    page.set_input_files("#choose", paths)
    expect_settled(page, len(paths))
    page.mouse.move(0, 0)


def keep(page: Page, path: Path) -> None:
    """Write what can be seen of the page, in 256 colours.

    Raises:
        RuntimeError: the file is too large for a README.
    """
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    image.quantize(256, kmeans=10, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path}: {image.width} x {image.height}, {size / 1e3:.0f} kB")
    if size > MAX_BYTES:
        raise RuntimeError(f"{path} has {size} bytes; at most {MAX_BYTES} are allowed.")


if __name__ == "__main__":
    main()
