"""What the page says of depth and shortcuts."""

from math import log
from typing import TYPE_CHECKING

from lessons import markup, plot
from lessons.lesson import Lesson
from lessons.shortcuts.figures import DEPTHS, Curve, Figures, name
from lessons.shortcuts.network import Block
from lessons.table import millions, percent, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lesson(figures: Figures) -> Lesson:
    """Curves, gradients, and what they say."""
    deep, shallow = DEPTHS[-1], DEPTHS[1]
    plain, short = figures.of(deep, False), figures.of(deep, True)
    html = f"""
<p>If AlexNet's 8 layers are good and VGG's 16 better, why not 44? A deeper network could always do
as well as a shallower one: its extra layers would only have to pass on what they get. He and
colleagues (2015) found that training does not get there: a plain network of 56 layers was worse
than one of 20 <em>on the pictures that it was trained on</em>, so this is not overfitting. Their
remedy is a way around every two layers: the block puts out <i>F(x) + x</i> instead of
<i>F(x)</i>. To pass on what it gets it has to learn nothing but <i>F = 0</i>, and so the network
decides how deep it needs to be.</p>
{markup.code(Block.forward, Block.around)}
<p>Here is their experiment in small: networks of {", ".join(map(str, DEPTHS[:-1]))} and {deep}
layers on the {figures.n_train:,} starter pictures, {figures.epochs} epochs, each plain and with
shortcuts. The way around has no weights, so that both have the same parameters.</p>
{markup.figures(_losses(figures, False), _losses(figures, True))}
{_table(figures)}
<p>{_says(figures, deep, shallow)}</p>
<h3>Before the first step</h3>
{markup.figure(_gradients(figures), _gradient_caption(plain, short))}
<p>He and colleagues found that their plain networks' gradients did not vanish, thanks to the batch
norms; here, at the start, they do the opposite. No one learning rate suits both ends of the plain
network, and the {deep} layers with shortcuts are nearly level.</p>
<p class="note">Seed {figures.seed}, {figures.run.machine}, torch {figures.run.versions["torch"]},
{figures.run.seconds:.0f} s in all. A loss of {log(2):.3f} is that of answering one half to
everything. The networks are those of section 4.2 of the paper with half the channels
(8, 16, 32) and half the side; the paper has 20 to 110 layers, and 1,202 in one trial.</p>
"""
    return Lesson("shortcuts", "ResNet: let the network decide how deep it needs to be", html)


def _losses(figures: Figures, shortcuts: bool) -> str:
    styles = dict(zip(DEPTHS, (":", "--", "-"), strict=True))

    def curves(axes: "Axes") -> None:
        epochs = range(1, figures.epochs + 1)
        colour = plot.COLOUR["cat" if shortcuts else "dog"]
        for depth in DEPTHS:
            losses = figures.of(depth, shortcuts).losses
            axes.plot(epochs, losses, styles[depth], color=colour, label=f"{depth} layers")
        everything = [loss for curve in figures.curves for loss in curve.losses]
        axes.set_ylim(min(everything) - 0.02, max(everything) + 0.02)  # the same for both
        axes.set(xlabel="epoch", ylabel="training loss")
        axes.legend(loc="lower left")

    last = ", ".join(f"{d} layers {figures.of(d, shortcuts).losses[-1]:.3f}" for d in DEPTHS)
    meaning = f"Training loss by epoch, {name(shortcuts)}; after the last: {last}."
    return markup.figure(
        plot.draw(f"losses-{int(shortcuts)}", meaning, curves), f"{name(shortcuts).capitalize()}."
    )


def _table(figures: Figures) -> str:
    rows = [
        (
            f"{depth}, {name(shortcuts)}",
            f"{(curve := figures.of(depth, shortcuts)).parameters:,}",
            millions(curve.multiply_adds),
            f"{curve.losses[-1]:.3f}",
            percent(curve.right, figures.n_test),
            f"{curve.cpu_s:.0f} s",
        )
        for depth in DEPTHS
        for shortcuts in (False, True)
    ]
    headings = ("layers", "parameters", "multiply-adds", "training loss")
    judged = (f"right of {figures.n_test} others", "time, one core")
    return table("After the last epoch", (*headings, *judged), rows)


def _says(figures: Figures, deep: int, shallow: int) -> str:
    """What the figures claim; tests/lessons/test_shortcuts.py holds the kept ones against it."""
    plain, short = figures.of(deep, False), figures.of(deep, True)
    return (
        f"Plain, {deep} layers learn their own training pictures worse than {shallow} do "
        f"({plain.losses[-1]:.3f} against {figures.of(shallow, False).losses[-1]:.3f}). With "
        f"shortcuts they learn them better ({short.losses[-1]:.3f}) than any plain network here. "
        f"How many of {figures.n_test} other pictures come out right says less: with so few to "
        "learn from, a lower training loss is not yet a better guess, and two networks that "
        "differ by less than 7 points may do so by chance."
    )


def _gradients(figures: Figures) -> str:
    def norms(axes: "Axes") -> None:
        for shortcuts, colour in ((False, "dog"), (True, "cat")):
            values = figures.of(DEPTHS[-1], shortcuts).gradients
            axes.semilogy(
                range(1, len(values) + 1),
                values,
                "o-" if shortcuts else "s--",
                markersize=3,
                color=plot.COLOUR[colour],
                label=name(shortcuts),
            )
        axes.set(xlabel="convolution, from the first", ylabel="gradient norm")
        axes.legend()

    plain, short = (figures.of(DEPTHS[-1], s).gradients for s in (False, True))
    meaning = (
        f"Gradient norm at each convolution of {DEPTHS[-1]} layers: plain from {plain[0]:.2g} at "
        f"the first to {plain[-1]:.2g} at the last, with shortcuts from {short[0]:.2g} to "
        f"{short[-1]:.2g}."
    )
    return plot.draw("gradients", meaning, norms)


def _gradient_caption(plain: Curve, short: Curve) -> str:
    return (
        f"How strongly the loss of the first batch pulls at each convolution of the "
        f"{plain.depth} layers before anything is learned. From the last to the first it grows "
        f"{plain.gradients[0] / plain.gradients[-1]:.0f}-fold in the plain network and "
        f"{short.gradients[0] / short.gradients[-1]:.0f}-fold with shortcuts."
    )
