"""service.settings."""

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, from_environment, table, variable

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_unset_and_empty_variables_mean_the_defaults() -> None:
    assert from_environment({"CATDOG_MAX_PIXELS": "", "PATH": "/bin"}) == Settings()


def test_set_variable_counts() -> None:
    assert from_environment({"CATDOG_MAX_UPLOAD_BYTES": "1024"}).max_upload_bytes == 1024


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CATDOG_MAX_UPLOAD_BYTES", "10MB"),
        ("CATDOG_MAX_BATCH_PICTURES", "0"),
        ("CATDOG_MAX_PIXELS", "99999999999"),
        ("CATDOG_UPLOAD_TIMEOUT_S", "3600"),
        ("CATDOG_MODEL", "../../etc"),
        ("CATDOG_ACCESS_LOG", "maybe"),
    ],
)
def test_bad_value_is_a_sentence_that_names_variable_and_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}': .* The default is "):
        from_environment({name: value})


def test_several_bad_values_are_all_named() -> None:
    with pytest.raises(SettingsError, match=r"(?s)CATDOG_MAX_BATCH_BYTES.*CATDOG_MAX_IN_FLIGHT"):
        from_environment({"CATDOG_MAX_BATCH_BYTES": "x", "CATDOG_MAX_IN_FLIGHT": "y"})


def test_every_setting_says_what_it_is() -> None:
    assert [f for f, about in Settings.model_fields.items() if not about.description] == []
    assert variable("max_pixels") == "CATDOG_MAX_PIXELS"


def test_documentation_lists_every_setting_as_it_is() -> None:
    assert table() in (DOCS / "serving.md").read_text(), "paste what `service settings` prints"
