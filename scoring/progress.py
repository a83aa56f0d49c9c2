"""What a user sees meanwhile: pictures, pictures a second, errors, time left."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from scoring.output import Tally
from scoring.summary import n_errors

# Where nobody watches a terminal, each line is kept.
_INTERVAL_S, _LOGGED_INTERVAL_S = 0.5, 30


class Progress:
    """A bar over all pictures, those of earlier runs included."""

    def __init__(self, bar: Any, tally: Tally) -> None:
        self._bar = bar
        self.tally = tally
        self._show()

    def add(self, tally: Tally) -> None:
        """Count what a shard came to."""
        self.tally.update(tally)
        self._show()
        self._bar.update(tally.total())

    def _show(self) -> None:
        self._bar.set_postfix(errors=n_errors(self.tally), refresh=False)


@contextmanager
def listing() -> Iterator[Any]:
    """A bar without an end, while nobody knows how many there are."""
    with _bar(desc="Listing") as bar:
        yield bar


@contextmanager
def scoring(total: int, earlier: Tally) -> Iterator[Progress]:
    """A bar that begins where the earlier runs ended; its speed is this run's."""
    with _bar(desc="Scoring", total=total, initial=earlier.total()) as bar:
        yield Progress(bar, earlier)


def _bar(**options: Any) -> Any:
    interval_s = _INTERVAL_S if sys.stderr.isatty() else _LOGGED_INTERVAL_S
    return tqdm(unit=" pictures", mininterval=interval_s, maxinterval=interval_s, **options)
