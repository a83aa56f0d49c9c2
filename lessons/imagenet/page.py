"""What the lesson on ImageNet shows."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from lessons import plot
from lessons.imagenet.nesting import ANIMAL, CAT, DOG, Nesting
from lessons.imagenet.tree import tree
from lessons.imagenet.winners import HUMAN_PICTURES, HUMAN_TOP_5_ERROR, WINNERS
from lessons.lesson import Lesson
from lessons.markup import figure
from lessons.table import table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAMMAL, CARNIVORE, CANINE, FELINE = "n01861778", "n02075296", "n02083346", "n02120997"


def lesson(nesting: Nesting) -> Lesson:
    """From what is kept of WordNet."""
    counts = nesting.counts()
    cats, dogs = nesting.under(CAT), nesting.under(DOG)
    places = figure(
        _places(nesting),
        "Every class has its number, and relatives have numbers near each other, as they are in "
        "the order of WordNet’s file. A bar is where the classes of a kind are.",
    )
    errors = figure(
        _errors(),
        f"The best entry of each year. The line is a person who practised, on {HUMAN_PICTURES:,} "
        "of the pictures; another, who practised less, erred on 12 %.",
    )
    return Lesson(
        "imagenet",
        "ImageNet: a thousand names, and how often they are missed",
        f"""
<p>ImageNet is a collection of photographs named by the nouns of WordNet, a dictionary in which each
word hangs under a more general one: a beagle is a hound, a hound a hunting dog, that a dog, a dog a
canine. The challenge that made convolutional networks famous took {len(nesting.classes):,} of these
nouns as its classes, and 1.2 million photographs of them to learn from. The network that tells cats
from dogs here learned to see on those.</p>
<h3>Where its cats and dogs are</h3>
<p>{counts[ANIMAL]} of the classes are animals, {counts[MAMMAL]} of them mammals, and more than half
of those dogs: {len(dogs)}, numbered {dogs[0]} to {dogs[-1]}. Of cats there are {len(cats)},
numbered {cats[0]} to {cats[-1]}. So a network trained on ImageNet tells a Norfolk terrier from a
Norwich terrier, and has five names for all cats.</p>
{places}
<p><strong>The cats:</strong> {_named(nesting, cats)}.</p>
<details><summary><strong>The dogs:</strong> all {len(dogs)}</summary>
<p>{_named(nesting, dogs)}.</p></details>
<p>Not among them: {counts[CANINE] - len(dogs)} other canines (wolves, foxes, wild dogs and, as
WordNet has it, the hyena) and {counts[FELINE] - len(cats)} wild cats, from the cougar to the
cheetah.</p>
<h3>How its classes nest</h3>
<p>Open what you like. Behind each name is how many classes are under it; before each class, its
number.</p>
{tree(nesting, (DOG, FELINE))}
<p class="note">A word can hang under several others: for WordNet a dog is a canine and a domestic
animal, and {nesting.elsewhere} of the classes have such a second way up. The tree shows the first.
Classes are tied to WordNet 3.0 by ImageNet’s own numbers, none by hand or by its name. WordNet 3.0,
Princeton University, 2006; its licence is kept beside what is copied of it.</p>
<h3>Top-5 error, 2010 to 2017</h3>
<p>In the challenge an answer is five names, and it is wrong if the right one is not among them. At
first, experts designed by hand what to look for. In 2012, AlexNet learned it, and took the error
from {WINNERS[1].top_5_error:g} to {WINNERS[2].top_5_error:g} %.</p>
{errors}
{_table()}
<p class="note">All without other pictures than the challenge’s own. With them, SuperVision came to
15.3 % in 2012 and Clarifai to 11.2 % in 2013. Clarifai is the company of Zeiler, the Z of ZFNet,
to which that year is often given. VGG came second in 2014 with 7.3 %. Most entries are several
networks that vote. The figures of 2012, 2015 and 2017 were read in their papers or on the
challenge’s pages; those of 2010, 2011, 2013, 2014 and 2016, and the person’s, only where others
quote them, all alike.</p>
""",
    )


def _named(nesting: Nesting, numbers: Sequence[int]) -> str:
    """`281 tabby, 282 tiger cat`."""
    names = (nesting.nodes[nesting.classes[i]].name for i in numbers)
    return ", ".join(
        f'<span class="number">{i}</span> {escape(name)}'
        for i, name in zip(numbers, names, strict=True)
    )


def _places(nesting: Nesting) -> str:
    """Bars over the classes' numbers, from animals down to cats and dogs."""
    rows = {
        "animals": (ANIMAL, plot.FAINT),
        "mammals": (MAMMAL, plot.FAINT),
        "carnivores": (CARNIVORE, plot.FAINT),
        "canines": (CANINE, plot.FAINT),
        "dogs": (DOG, plot.COLOUR["dog"]),
        "felines": (FELINE, plot.FAINT),
        "cats": (CAT, plot.COLOUR["cat"]),
    }
    found = {name: nesting.under(wnid) for name, (wnid, _) in rows.items()}

    def draw(axes: "Axes") -> None:
        for row, (name, numbers) in enumerate(found.items()):
            bars = [(first, last - first + 1) for first, last in _runs(numbers)]
            axes.broken_barh(bars, (row - 0.36, 0.72), color=rows[name][1])
            axes.text(numbers[-1] + 15, row, str(len(numbers)), va="center")
        axes.set_yticks(range(len(found)), list(found))
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlim(0, len(nesting.classes))
        axes.set_xlabel("number of the class")
        axes.grid(visible=False, axis="y")

    said = ", ".join(f"{len(numbers)} {name}" for name, numbers in found.items())
    return plot.draw("imagenet-places", f"Where ImageNet's classes are: {said}.", draw, (5.6, 2.6))


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers without a gap, of numbers that ascend."""
    present = set(numbers)
    starts = [n for n in numbers if n - 1 not in present]
    ends = [n for n in numbers if n + 1 not in present]
    return list(zip(starts, ends, strict=True))


def _errors() -> str:
    """Bars of the winners, grey where no network was, and the person's level."""

    def draw(axes: "Axes") -> None:
        for at, winner in enumerate(WINNERS):
            colour = plot.COLOUR["cat"] if winner.network else plot.FAINT
            axes.bar(at, winner.top_5_error, 0.72, color=colour)
            inside = winner.top_5_error < HUMAN_TOP_5_ERROR  # clear of that line
            axes.text(
                at,
                winner.top_5_error + (-0.4 if inside else 0.5),
                f"{winner.top_5_error:g}",
                ha="center",
                va="top" if inside else "bottom",
                color="white" if inside else plot.INK,
            )
        axes.axhline(HUMAN_TOP_5_ERROR, color=plot.COLOUR["dog"], linestyle="--")
        said = f"a person: {HUMAN_TOP_5_ERROR:g}"
        axes.text(len(WINNERS) - 0.5, HUMAN_TOP_5_ERROR + 1.4, said, ha="right", color=plot.INK)
        axes.set_xticks(range(len(WINNERS)), [f"{w.year}" for w in WINNERS])
        axes.set(ylabel="top-5 error (%)", ylim=(0, 31))
        axes.grid(visible=False, axis="x")

    said = ", ".join(f"{w.year} {w.top_5_error:g} %" for w in WINNERS)
    meaning = f"Top-5 error of each year's best: {said}; a person {HUMAN_TOP_5_ERROR:g} %."
    return plot.draw("imagenet-errors", meaning, draw, (5.6, 3.0))


def _table() -> str:
    rows = [
        (f"{w.year}", w.team, w.network or "none", w.source, f"{w.top_5_error:g}") for w in WINNERS
    ]
    headings = ("year", "team", "network", "told in", "top-5 error, %")
    return table("The best entry of each year", headings, rows, words=4)
