"""`make vulnerabilities` says clean only where it knows."""

from datetime import date
from pathlib import Path

import pytest

from deploy import vulnerabilities
from deploy.vulnerabilities import (
    CLEAN,
    EXCEPTIONS,
    FOUND,
    UNKNOWN,
    Excuse,
    Verdict,
    judge,
    read_exceptions,
)

TODAY = date(2026, 6, 1)
SOUND = {"name": "idna", "version": "3.20", "vulns": []}
# As pip-audit 2.10 writes it.
WEAK = {
    "name": "jinja2",
    "version": "3.1.2",
    "vulns": [
        {"id": "PYSEC-2024-1", "fix_versions": ["3.1.3"], "aliases": ["CVE-2024-22195"]},
    ],
}
NOT_LOOKED_UP = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}


def excuse(name: str, look_again: date) -> Excuse:
    return Excuse(id=name, package="jinja2", reason="No template of ours.", look_again=look_again)


def test_a_set_without_known_vulnerabilities_is_clean() -> None:
    assert judge({"dependencies": [SOUND]}, [], TODAY).status == CLEAN


def test_a_vulnerability_is_found_and_said_with_what_mends_it() -> None:
    verdict = judge({"dependencies": [SOUND, WEAK]}, [], TODAY)
    assert verdict.status == FOUND
    assert "jinja2 3.1.2: PYSEC-2024-1 = CVE-2024-22195, mended in 3.1.3" in verdict.sentences[0]


@pytest.mark.parametrize("name", ["PYSEC-2024-1", "CVE-2024-22195"])
def test_an_exception_by_either_number_holds_until_its_day(name: str) -> None:
    report = {"dependencies": [WEAK]}
    assert judge(report, [excuse(name, date(2026, 6, 2))], TODAY).status == CLEAN
    verdict = judge(report, [excuse(name, TODAY)], TODAY)
    assert verdict.status == FOUND
    assert "look again" in verdict.sentences[0]


def test_an_exception_for_another_package_excuses_nothing() -> None:
    other = excuse("PYSEC-2024-1", date(2030, 1, 1)).model_copy(update={"package": "idna"})
    assert judge({"dependencies": [WEAK]}, [other], TODAY).status == FOUND


def test_a_package_that_was_not_looked_up_is_not_clean() -> None:
    verdict = judge({"dependencies": [SOUND, NOT_LOOKED_UP]}, [], TODAY)
    assert verdict.status == UNKNOWN
    assert "1 of 2 packages (numpy)" in verdict.sentences[0]


def test_an_exception_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.toml"
    path.write_text('[[exception]]\nid = "X-1"\npackage = "a"\nlook_again = 2030-01-31\n')
    with pytest.raises(ValueError, match="reason"):
        read_exceptions(path)


def test_the_exceptions_that_are_kept_can_be_read() -> None:
    read_exceptions(EXCEPTIONS)


def test_the_worst_set_decides_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"small.txt": Verdict(FOUND, ["weak"]), "large.txt": Verdict(CLEAN, ["sound"])}
    for i, name in enumerate(said):
        (tmp_path / name).write_text("x" * i)
    monkeypatch.setattr(vulnerabilities, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(vulnerabilities, "_audit", lambda path, _: said[path.name])
    assert vulnerabilities.main() == FOUND
    assert "weak" in capsys.readouterr().err
