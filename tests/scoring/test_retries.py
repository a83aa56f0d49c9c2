"""What is tried again, and what is not."""

import pytest

from scoring import retries
from scoring.retries import TRIES, persistently


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0)


class Storage:
    """Fails so often."""

    def __init__(self, failures: int, error: OSError) -> None:
        self.failures, self.error, self.calls = failures, error, 0

    def read(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "read"


def test_what_fails_now_and_then_works_in_the_end() -> None:
    assert persistently(Storage(TRIES - 1, OSError("AWS Error SLOW_DOWN")).read) == "read"


def test_what_always_fails_fails() -> None:
    storage = Storage(100, OSError("AWS Error SLOW_DOWN"))
    with pytest.raises(OSError, match="SLOW_DOWN"):
        persistently(storage.read)
    assert storage.calls == TRIES


@pytest.mark.parametrize(
    "error", [FileNotFoundError(), PermissionError(), OSError("AWS Error ACCESS_DENIED (403)")]
)
def test_a_no_is_a_no(error: OSError) -> None:
    storage = Storage(1, error)
    with pytest.raises(type(error)):
        persistently(storage.read)
    assert storage.calls == 1
