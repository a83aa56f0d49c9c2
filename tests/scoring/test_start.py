"""Ray's processes may be late on a busy machine, of which Ray says no more than that."""

import pytest

from scoring import cluster
from scoring.cluster import ADDRESS
from scoring.errors import ScoringError


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Of a Ray none of whose processes comes up in time; an entry each."""
    tried: list[None] = []

    def be_late(**_: object) -> None:
        tried.append(None)
        raise Exception("The current node timed out during startup. This could happen.")

    monkeypatch.setattr("ray.init", be_late)
    return tried


def test_it_is_started_again(starts: list[None], monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    be_late = ray.init
    monkeypatch.setattr(ray, "init", lambda **options: starts or be_late(**options))
    cluster._start()
    assert len(starts) == 1


def test_where_it_never_comes_up_that_is_a_sentence(
    starts: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)
    for name, value in (cluster.ALWAYS | cluster.alone()).items():  # which stay set
        monkeypatch.setenv(name, value)
    sentence = "no reaching Ray on this machine: The current node timed out"
    with pytest.raises(ScoringError, match=sentence), cluster.connected():
        pass
    assert len(starts) == 3
