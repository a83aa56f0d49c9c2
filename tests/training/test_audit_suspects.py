from pathlib import Path

import numpy as np

from data.audit import ANIMAL, CONFLICT, DOUBTFUL, LABEL, NEAR, NO_ANIMAL, Finding
from data.picture import Row
from training.audit import copies, suspects
from training.audit.evidence import Evidence

DOG, CAT = 0.999, 0.001


def row(i: int, label: str, split: str = "train", pixels: int = 100) -> Row:
    return Row(Path(f"/{label}/{i}.png"), label, split, f"{i:064x}", "", pixels, pixels)


def pets(count: int = 100) -> list[Row]:
    return [row(i, "dog" if i % 2 else "cat") for i in range(count)]


def evidence(rows: list[Row], **changes: dict[int, float]) -> Evidence:
    """Every picture is as labelled, usual and alone, but for the changes."""
    arrays = {
        "p_dog": np.array([{"cat": CAT, "dog": DOG}.get(r.label, 0.5) for r in rows]),
        "strangeness": np.array([9.0 if r.label == "neither" else 0.0 for r in rows]),
        "groups": np.arange(len(rows)),
        "features": np.eye(len(rows), dtype=np.float32),
    }
    for name, values in changes.items():
        for i, value in values.items():
            arrays[name][i] = value
    return Evidence(**arrays)


def by_index(findings: list[Finding]) -> dict[int, Finding]:
    return {int(f.path.stem): f for f in findings}


def test_pictures_that_are_as_labelled_are_not_found():
    rows = [*pets(), row(100, "neither")]
    assert suspects.find(rows, evidence(rows)) == []


def test_a_wrong_label_that_is_answered_surely_is_an_error_and_else_doubtful():
    rows = pets()
    found = by_index(suspects.find(rows, evidence(rows, p_dog={4: DOG, 9: CAT, 6: 0.6})))
    assert {i: (f.kind, f.suggestion) for i, f in found.items()} == {
        4: (LABEL, "dog"),
        9: (LABEL, "cat"),
        6: (DOUBTFUL, ""),
    }
    assert found[4].score > 0.99
    assert found[4].why == "Looks like a dog (99.9 %)."


def test_a_picture_without_an_animal_is_not_asked_which_it_shows():
    rows = pets()
    found = suspects.find(rows, evidence(rows, p_dog={4: DOG}, strangeness={4: 6.0, 5: 4.0, 6: 3}))
    assert [(f.path.stem, f.kind, f.suggestion) for f in found] == [
        ("4", NO_ANIMAL, "exclude"),
        ("5", NO_ANIMAL, "exclude"),
    ]
    assert found[0].score > found[1].score > 0.5


def test_others_that_look_like_a_pet_are_found_with_its_label_where_that_is_sure():
    rows = [*pets(), row(100, "neither"), row(101, "neither"), row(102, "neither")]
    usual = {100: 0.5, 101: 1.0}
    found = by_index(suspects.find(rows, evidence(rows, p_dog={100: DOG}, strangeness=usual)))
    assert {i: (f.kind, f.suggestion) for i, f in found.items()} == {
        100: (ANIMAL, "dog"),
        101: (ANIMAL, "exclude"),
    }


def test_of_near_duplicates_the_one_in_the_test_part_stays_and_else_the_largest():
    rows = [
        row(0, "cat"),
        row(1, "cat", pixels=300),
        row(2, "cat", pixels=200),
        row(3, "dog", "test"),
        row(4, "dog", pixels=500),
        row(5, "cat"),
    ]
    found = by_index(list(copies.near_duplicates(rows, evidence(rows, groups={1: 0, 2: 0, 4: 3}))))
    assert {i: f.other and f.other.stem for i, f in found.items()} == {0: "1", 2: "1", 4: "3"}
    assert {f.kind for f in found.values()} == {NEAR}
    assert found[0].why.endswith("Both are in train, where they count twice.")
    assert "in train, the other in test, which should be new to it" in found[4].why


def test_of_two_labels_of_one_picture_the_less_likely_is_found():
    rows = [row(0, "cat"), row(1, "dog", "test"), row(2, "cat")]
    for likely, wrong in ((DOG, 0), (CAT, 1)):
        said = evidence(rows, groups={1: 0}, p_dog={0: likely, 1: likely})
        (found,) = copies.near_duplicates(rows, said)
        assert (found.kind, int(found.path.stem)) == (CONFLICT, wrong)
        assert found.suggestion == rows[1 - wrong].label


def test_a_conflict_gets_advice_only_where_it_is_sure_and_an_animal():
    conflict = Finding(CONFLICT, Path("/cat/1.png"), "00", "cat", "", 1.0, "Both.")
    assert copies.advise(conflict, DOG, 0).suggestion == "dog"
    assert copies.advise(conflict, CAT, 0).suggestion == "cat"
    assert copies.advise(conflict, 0.6, 0).suggestion == ""
    assert copies.advise(conflict, DOG, 9).suggestion == ""
