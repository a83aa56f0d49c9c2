"""How long the page takes: from a photograph's drop to the answer that one reads.

python -m benchmarks.page FOLDER [--url http://127.0.0.1:3000] [--count 20] [--out FILE.json]

FOLDER as for `make train`. Chromium drops one photograph at a time, and shares the machine with the
service, as on a laptop. Beside it, what the service alone takes for the same photograph.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import httpx
from playwright.sync_api import sync_playwright

from benchmarks import chromium, machine, record
from data.source import resolve
from data.thinning import evenly

WARM_UP = 2  # photographs that are not counted

# From the drop, as the page is told of it, to the frame in which the new label is there.
_WATCH = """() => {
    document.addEventListener("drop", () => { window.dropped = performance.now(); }, true);
    window.answered = (n) => new Promise((resolve) => {
        const look = () => {
            const done = document.querySelectorAll(".card[data-state=answered]").length >= n;
            if (done) resolve(performance.now() - window.dropped);
            else requestAnimationFrame(look);
        };
        look();
    });
}"""


def times_s(url: str, paths: Sequence[Path]) -> list[tuple[float, float]]:
    """Seconds from each drop to its answer, and then for the same photograph without a browser.

    In turns, so that both have the same neighbours on the machine.
    """
    times = []
    with (
        httpx.Client(base_url=url, timeout=60) as client,
        sync_playwright() as playwright,
        chromium.launch(playwright) as browser,
    ):
        page = browser.new_page()
        page.goto(url)
        page.locator("#model-figures dt").first.wait_for()
        page.evaluate(_WATCH)
        for n, path in enumerate(paths, start=1):
            chromium.drop(page, path)
            on_page_s = page.evaluate("(n) => window.answered(n)", n) / 1000
            data = path.read_bytes()
            started_s = perf_counter()
            client.post("/predict", content=data).raise_for_status()
            times.append((on_page_s, perf_counter() - started_s))
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder")
    parser.add_argument("--url", default="http://127.0.0.1:3000")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--out", type=Path, help="write the figures here too")
    options = parser.parse_args()
    found = [candidate.path for candidate in resolve(options.folder).candidates]
    pairs = times_s(options.url, evenly(found, options.count + WARM_UP))[WARM_UP:]
    figures = {
        "photographs": len(pairs),
        "from_drop_to_label_ms": _spread([on_page for on_page, _ in pairs]),
        "the_service_alone_ms": _spread([alone for _, alone in pairs]),
        "the_page_adds_ms": _spread([on_page - alone for on_page, alone in pairs]),
        "machine": machine.description(),
    }
    print(json.dumps(figures, indent=2))
    if options.out:
        record.write(options.out, figures)


def _spread(times_s: list[float]) -> dict[str, int]:
    """Median and extremes, in milliseconds."""
    named = {"median": statistics.median(times_s), "min": min(times_s), "max": max(times_s)}
    return {name: round(1000 * seconds) for name, seconds in named.items()}


if __name__ == "__main__":
    main()
