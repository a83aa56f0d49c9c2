"""The browser that measures, tests and photographs the page: the machine's own."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

VARIABLE = "CATDOG_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_ONE = (
    f"No browser is found: apt-get install chromium, or set {VARIABLE} to the path of a Chromium."
)
# Without the last one it asks its makers for updates.
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def find() -> Path | None:
    """The program: the one that the environment names, else one in the path."""
    named = os.environ.get(VARIABLE)
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found and Path(found).is_file() else None


def launch(playwright: Playwright) -> Browser:
    """Start it, without a window.

    Raises:
        FileNotFoundError: there is none; says how to get one.
    """
    program = find()
    if program is None:
        raise FileNotFoundError(HOW_TO_GET_ONE)
    return playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
