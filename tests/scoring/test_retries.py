"""What is tried again, and what is not."""

import errno

import pytest
from aiohttp import ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from scoring import retries
from scoring.retries import TRIES, persistently


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0)


class Storage:
    """Fails so often."""

    def __init__(self, failures: int, error: Exception) -> None:
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


def of_status(status: int) -> ClientResponseError:
    url = URL("https://pictures.example/a.jpg")
    asked = RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    return ClientResponseError(asked, (), status=status, message="as servers say it")


@pytest.mark.parametrize(("status", "calls"), [(503, TRIES), (429, TRIES), (404, 1), (403, 1)])
def test_of_http_servers_what_may_pass_is_tried_again(status: int, calls: int) -> None:
    storage = Storage(100, of_status(status))
    with pytest.raises(OSError, match="as servers say it"):
        persistently(storage.read)
    assert storage.calls == calls


@pytest.mark.parametrize(
    "error",
    [
        *(FileNotFoundError(), PermissionError(), OSError("AWS Error ACCESS_DENIED (403)")),
        OSError(errno.ELOOP, "Too many levels of symbolic links"),
    ],
)
def test_a_no_is_a_no(error: OSError) -> None:
    storage = Storage(1, error)
    with pytest.raises(type(error)):
        persistently(storage.read)
    assert storage.calls == 1
