"""The charts of the page, each drawn from figures of report.json and nothing else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from training.canvas import ALARM, FAINT, INK, draw
from training.report.confidence import Bin, Confidence, Curve, Histogram
from training.report.learning import Learning, Point
from training.report.slices import Slice, Sliced

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_DOUBT = 1e-6  # drawn as such, however much surer an answer is
# What histograms count. Confidence is of all cats and dogs, those turned away included, for whom
# the service gives their novelty instead.
AXES = {
    "confidence": "calibrated probability of the likelier of cat and dog",
    "novelty": "novelty, as the service gives it",
}
WIDE_ENOUGH = 0.02  # a corner of a ROC that reaches less far from its ideal is shown enlarged


def loss(learning: Learning) -> Markup:
    """Training and validation loss of stage two, and stage one's level."""

    def plot(axes: "Axes") -> None:
        _line(axes, learning.train_loss, FAINT, "training, smoothed labels, augmented", width=1)
        _line(axes, learning.val_log_loss, INK, "validation", marker="o")
        axes.set_xlim(left=0)
        if learning.stage_one_log_loss is not None:
            level = learning.stage_one_log_loss
            axes.axhline(level, color=ALARM, linestyle="--", label="stage one, validation")
        axes.set(xlabel="steps of stage two", ylabel="log loss (nats a picture)")
        axes.set_ylim(bottom=0)
        _legend_above(axes)

    last = learning.val_log_loss[-1:]
    ends = f" Validation ends at {last[0].value:.4f}." if last else ""
    return draw("loss", f"Log loss by step of stage two.{ends}", plot)


def accuracy(learning: Learning) -> Markup:
    """Validation accuracy of stage two, and stage one's level."""

    def plot(axes: "Axes") -> None:
        points = [p.model_copy(update={"value": 100 * p.value}) for p in learning.val_accuracy]
        _line(axes, points, INK, "validation", marker="o")
        for candidate in learning.candidates:
            if candidate.name == "stage one" and candidate.accuracy is not None:
                level = 100 * candidate.accuracy
                axes.axhline(level, color=ALARM, linestyle="--", label="stage one, validation")
        axes.set(xlabel="steps of stage two", ylabel="accuracy (%)")
        axes.set_xlim(left=0)
        low, high = axes.get_ylim()
        axes.set_ylim(max(0, low - 1), min(100, high + 1))
        _legend_above(axes)

    last = learning.val_accuracy[-1:]
    ends = f" It ends at {last[0].value:.2%}." if last else ""
    return draw("accuracy", f"Validation accuracy by step of stage two.{ends}", plot)


def roc(name: str, curve: Curve, low: str, high: str) -> Markup:
    """A ROC; where it hugs the corner, the corner once more, enlarged.

    Args:
        low, high: what should be under and over the threshold, in the plural.
    """
    x, y = 100 * np.array(curve.false_positive), 100 * np.array(curve.true_positive)

    def plot(axes: "Axes") -> None:
        axes.plot(x, y, color=INK, clip_on=False)
        axes.set(xlabel=f"{low} over the threshold (%)", ylabel=f"{high} over the threshold (%)")
        axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
        if 1 - curve.auroc < WIDE_ENOUGH:
            inset = axes.inset_axes((0.36, 0.14, 0.58, 0.58), xlim=(0, 5), ylim=(95, 100))
            inset.plot(x, y, color=INK, clip_on=True, linewidth=2.2)
            inset.set_title("the corner, enlarged", fontsize=8)
            inset.tick_params(labelsize=7)
        else:
            axes.plot([0, 100], [0, 100], color=FAINT, linestyle=":", linewidth=1)

    meaning = f"ROC of {high} against {low}: the area under it is {curve.auroc:.4f}."
    return draw(name, meaning, plot, (3.4, 3.2))


def reliability(confidence: Confidence) -> Markup:
    """Accuracy by confidence, before and after scaling, with intervals.

    Confidence is drawn by its number of nines, as most answers of a good model are within
    a hundredth of certainty.
    """

    def plot(axes: "Axes") -> None:
        honest = 1 - np.geomspace(0.5, LEAST_DOUBT, 200)
        label = "as right as sure"
        axes.plot(nines(honest), 100 * honest, color=FAINT, linestyle=":", label=label)
        for bins, colour, marker, label in (
            (confidence.before.bins, ALARM, "s", "before scaling"),
            (confidence.after.bins, INK, "o", "after scaling"),
        ):
            axes.errorbar(
                nines([b.confidence for b in bins]),
                [100 * b.accuracy.value for b in bins],
                yerr=_whiskers(bins),
                fmt=marker,
                color=colour,
                label=label,
                markersize=4.5,
                elinewidth=0.8,
                alpha=0.9,
                clip_on=False,
            )
        every = (*confidence.before.bins, *confidence.after.bins)
        surest = max(b.confidence for b in every)
        ticks = [t for t in (0.5, *(1 - 0.1**k for k in range(1, 7))) if t < surest]
        axes.set_xticks(nines(ticks), [f"{100 * t:.6g}" for t in ticks])
        left, right = nines([0.5, surest])
        axes.set_xlim(left, right + 0.2)
        axes.set_ylim(100 * min(0.9, *(b.accuracy.low for b in every)), 100)
        axes.set(xlabel="mean confidence of the bin (%)", ylabel="right (%)")
        _legend_above(axes)

    meaning = (
        f"Reliability diagram: the calibration error is {confidence.before.error:.2%} before "
        f"scaling and {confidence.after.error:.2%} after."
    )
    return draw("reliability", meaning, plot)


def nines(share: Sequence[float] | np.ndarray) -> np.ndarray:
    """(N,) shares, 0 to 1, by how near to 1 they are: 0.9 is 1, 0.99 is 2; six at most."""
    count: np.ndarray = -np.log10(np.maximum(1 - np.asarray(share, np.float64), LEAST_DOUBT))
    return count


def histogram(
    name: str, found: Histogram, colours: dict[str, str], threshold: float | None = None
) -> Markup:
    """Counts on a logarithmic axis, as the few are what one looks for.

    Args:
        name: of the chart, and of what is counted: one of `AXES`.
        colours: kind -> colour, of the kinds to show.
        threshold: drawn as a line if given.
    """

    def plot(axes: "Axes") -> None:
        for kind, colour in colours.items():
            counts, label = found.counts[kind], f"{kind} ({sum(found.counts[kind]):,})"
            axes.stairs(counts, found.edges, baseline=0.5, fill=True, color=colour, alpha=0.3)
            axes.stairs(counts, found.edges, baseline=0.5, color=colour, lw=1.6, label=label)
        if threshold is not None:
            label = f"threshold ({threshold:.3f})"
            axes.axvline(threshold, color=INK, linestyle="--", linewidth=1.2, label=label)
        axes.set_yscale("log")
        axes.set_ylim(0.5, 2 * max(10, *(max(found.counts[kind]) for kind in colours)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda _, __: "")
        axes.set(xlabel=AXES[name], ylabel="pictures")
        axes.set_xlim(found.edges[0], found.edges[-1])
        _legend_above(axes)

    total = ", ".join(f"{kind}: {sum(found.counts[kind])}" for kind in colours)
    return draw(name, f"Histogram of {name}. Pictures: {total}.", plot)


def sliced(found: Sliced, lowest: float) -> Markup:
    """Accuracy of each slice with its interval.

    Args:
        lowest: where the axis begins, 0 to 1; the same for all that stand side by side.
    """
    names = [
        f"{s.low:.{found.digits}f}–{s.high:.{found.digits}f}"
        if s.low != s.high
        else f"{s.low:.{found.digits}f}"
        for s in found.slices
    ]

    def plot(axes: "Axes") -> None:
        y = [100 * s.accuracy.value for s in found.slices]
        axes.errorbar(
            range(len(y)),
            y,
            yerr=_whiskers(found.slices),
            fmt="o",
            color=INK,
            capsize=3,
            markersize=5,
            clip_on=False,
        )
        axes.set_xticks(range(len(y)), names, rotation=25, ha="right", rotation_mode="anchor")
        axes.set(ylim=(100 * lowest, 100), xlim=(-0.5, len(y) - 0.5))
        axes.set(xlabel=f"{found.name} ({found.unit})", ylabel="right (%)")

    parts = zip(names, found.slices, strict=True)
    figures = ", ".join(f"{name}: {s.accuracy.value:.2%}" for name, s in parts)
    return draw(found.name, f"Accuracy by {found.name}: {figures}.", plot, (3.4, 2.6))


def _line(
    axes: "Axes", points: list[Point], colour: str, label: str, marker: str = "", width: float = 1.6
) -> None:
    x, y = [p.step for p in points], [p.value for p in points]
    axes.plot(x, y, color=colour, marker=marker, markersize=4, label=label, linewidth=width)


def _legend_above(axes: "Axes") -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.2)


def _whiskers(of: Sequence[Bin] | Sequence[Slice]) -> np.ndarray:
    """(2, N) percent: how far each Wilson interval reaches below and above."""
    intervals = [part.accuracy for part in of]
    return 100 * np.array(
        [[i.value - i.low for i in intervals], [i.high - i.value for i in intervals]]
    ).clip(0)
