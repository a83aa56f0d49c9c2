"""Where ImageNet's cats and dogs are, by WordNet's own nesting and by what is kept of it."""

import re
from html import escape

import pytest

from lessons.imagenet import nesting, page, wordnet
from lessons.imagenet.nesting import ANIMAL, CAT, DOG, Nesting, ancestors
from lessons.imagenet.tree import tree
from lessons.imagenet.winners import HUMAN_TOP_5_ERROR, WINNERS
from lessons.kept import RESULTS

DOGS, CATS = list(range(151, 269)), list(range(281, 286))  # as the untrained baseline sums them
TOLD_APART = {134: "crane bird", 639: "maillot tank suit"}  # torchvision's own, of twins' names


@pytest.fixture(scope="module")
def kept() -> Nesting:
    return Nesting.model_validate_json((RESULTS / "imagenet.json").read_text())


def test_118_dogs_and_5_cats_are_where_they_should_be(kept: Nesting) -> None:
    assert (len(DOGS), len(CATS)) == (118, 5)
    assert kept.under(DOG) == DOGS
    assert kept.under(CAT) == CATS
    names = nesting.class_names()
    assert [kept.nodes[wnid].name for wnid in kept.classes] == names
    assert [names[i] for i in CATS] == [
        *("tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"),
    ]
    assert (names[151], names[268]) == ("Chihuahua", "Mexican hairless")


def test_every_class_nests_up_to_entity_and_none_is_under_another(kept: Nesting) -> None:
    assert len(set(kept.classes)) == 1000
    assert kept.classes == sorted(kept.classes) == nesting.wnids()
    for wnid in kept.classes:
        way = kept.way_up(wnid)
        assert kept.nodes[way[-1]].name == "entity"
        assert not set(way[1:]) & set(kept.classes)


def test_counts_are_those_of_what_is_below(kept: Nesting) -> None:
    counts, children = kept.counts(), kept.children()
    for wnid, below in children.items():
        assert counts[wnid] == (sum(counts[child] for child in below) if below else 1)
    assert counts[ANIMAL] == 398


@pytest.mark.registry
def test_what_is_kept_is_what_wordnet_says(kept: Nesting) -> None:
    assert nesting.nest() == kept


@pytest.mark.registry
def test_every_class_is_named_by_a_word_of_its_synset_and_dogs_are_so_by_any_way_up() -> None:
    synsets, licence = wordnet.nouns()
    assert len(synsets) == 82_115  # WordNet 3.0, wnstats(7WN)
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in licence
    names, wnids = nesting.class_names(), nesting.wnids()
    other = {
        i: name
        for i, (name, wnid) in enumerate(zip(names, wnids, strict=True))
        if plain(name) not in map(plain, synsets[wnid].words)
    }
    assert other == TOLD_APART
    above = [ancestors(wnid, synsets) for wnid in wnids]
    assert [i for i, of in enumerate(above) if DOG in of] == DOGS
    assert [i for i, of in enumerate(above) if CAT in of] == CATS


def plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def test_a_line_of_wordnet_is_read_with_its_count_in_hexadecimal() -> None:
    words = " ".join(f"word_{i} 0" for i in range(11))
    line = (
        f"02084071 05 n 0b {words} 003 @ 02083346 n 0000 ~ 01322604 n 0000 @i 01317541 n 0000 | a"
    )
    wnid, synset = wordnet._parsed(line)
    assert wnid == "n02084071"
    assert synset.words == tuple(f"word {i}" for i in range(11))
    assert synset.parents == ("n02083346", "n01317541")


def test_the_tree_has_every_class_once_and_is_open_as_far_as_the_dogs(kept: Nesting) -> None:
    html = tree(kept, (DOG,))
    numbers = [int(n) for n in re.findall(r'<li value="(\d+)">', html)]
    assert sorted(numbers) == list(range(1000))
    opened = re.findall(
        r"<details open><summary>(?:.* › )?([^<›]+) <", html.replace("><d", ">\n<d")
    )
    assert opened[0] == "entity"
    assert opened[-3:] == ["carnivore", "canine", "dog"]
    assert html.count("<details") == html.count("</details>")


def test_winners_are_of_all_years_and_the_person_lies_between_2014_and_2015() -> None:
    assert [w.year for w in WINNERS] == list(range(2010, 2018))
    errors = [w.top_5_error for w in WINNERS]
    assert errors == [28.2, 25.8, 16.4, 11.7, 6.7, 3.57, 2.99, 2.25]
    assert errors[4] > HUMAN_TOP_5_ERROR == 5.1 > errors[5]


def test_the_lesson_names_them_all(kept: Nesting) -> None:
    html = page.lesson(kept).html
    for i in CATS + DOGS:
        name = kept.nodes[kept.classes[i]].name
        assert f'<span class="number">{i}</span> {name}' in html
    for winner in WINNERS:
        assert escape(winner.source) in html
        assert f'<th scope="row">{winner.year}</th>' in html
