"""What the page says of AlexNet."""

import torch
from torchvision import models

from lessons import markup
from lessons.alexnet.figures import WHOLE, Figures
from lessons.alexnet.network import SIDE, alexnet
from lessons.counting import layers
from lessons.lesson import Lesson
from lessons.table import layers_table, percent, table

PARTS = (
    (
        "ReLU",
        "does not saturate as tanh does: a small network on CIFAR-10 learned six times as fast",
    ),
    ("dropout", "half of the hidden outputs silenced at random: against learning by heart"),
    ("SGD, momentum 0.9", "steps that remember where the last ones went"),
    ("overlapping pooling", "3 x 3 with stride 2 instead of 2 x 2: 0.4 points less top-1 error"),
    ("crops, mirror images", "without them it learned by heart"),
    ("all five convolutions", "without any one of the middle ones: 2 points more top-1 error"),
)


def lesson(figures: Figures) -> Lesson:
    """The network of the paper, ours, and the table."""
    with torch.device("meta"):
        original, ours = layers(models.alexnet(), 224), layers(alexnet(), SIDE)
    html = f"""
<p>In 2012 Krizhevsky, Sutskever and Hinton won ImageNet's contest with a top-5 error of 15.3 %; the
second best entry had 26.2 %. Most of its parts were known; together they were
enough: five convolutions and three dense layers, on two graphics cards for some six days.</p>
{table("What the paper says of its parts", ("part", "what for"), PARTS, words=2)}
<details><summary>The original, layer by layer</summary>
{layers_table("AlexNet as torchvision has it, one picture of 224 x 224, 1,000 classes", original)}
<p class="note">The paper's own has 96, 256, 384, 384 and 256 channels on two cards; this is the
authors' later one for a single card.</p>
</details>
<p>The starter pictures are 32 pixels wide, so ours has the same layout and an eighth of the
channels, on crops of 28 of 32 pixels as theirs of 224 of 256. Its first kernel strides by 2 instead
of 4, and one logistic output says how likely a dog is.</p>
{layers_table(f"Our AlexNet, one picture of {SIDE} x {SIDE}", ours)}
<p>Then each part in its turn is taken away or replaced, all else the same: {figures.n_train:,}
pictures, {figures.epochs} epochs, {len(figures.seeds)} seeds.</p>
{_table(figures)}
{_says(figures)}
<p>So what won ImageNet with 61 million parameters and 1.2 million photographs need not win
here: after {figures.epochs} epochs the whole network's training loss is still
{figures.rows[0].loss:.2f}, where guessing has 0.69. It is far from knowing its pictures by heart,
and dropout and two more dense layers only slow it down. That a part does not show here does not
mean that it does nothing: {figures.n_test} pictures cannot tell less than four or five points. And
where {len(figures.rows) - 1} comparisons are made at 95 %, one table in three has one beyond noise
by chance.</p>
<p class="note">Right: mean over the seeds, with the 95 % interval (Wilson) that
{figures.n_test} test pictures allow. Against AlexNet: the difference in points on the same
pictures, with its own 95 % interval, other pictures and other seeds both counted; where it holds 0,
the difference may be chance. The first row learns by SGD with rate 0.02, momentum 0.9 and weight
decay 0.0005, batches of {figures.batch}; every rate falls to 0 in a straight line. Seeds
{", ".join(map(str, figures.seeds))}, {figures.run.machine}, torch {figures.run.versions["torch"]},
{figures.run.seconds:.0f} s in all.</p>
{markup.code(alexnet)}
"""
    return Lesson("alexnet", "AlexNet: what each part does", html)


def _table(figures: Figures) -> str:
    rows = []
    for row in figures.rows:
        mean = sum(row.right) / len(row.right)
        against = f"{100 * row.gain:+.1f}\xa0±\xa0{100 * row.half_width:.1f}".replace("-", "−")
        rows.append(
            (
                row.name,
                f"{row.parameters:,}",
                f"{row.loss:.3f}",
                percent(mean, figures.n_test),
                "" if row.name == WHOLE else against,
                f"{row.cpu_s:.0f} s",
            )
        )
    headings = ("network", "parameters", "training loss", f"right of {figures.n_test}")
    rest = ("against AlexNet", "time, one core")
    return table("With and without, on cats and dogs", (*headings, *rest), rows)


def _says(figures: Figures) -> str:
    """Which differences are beyond noise, and that the others are not."""
    others = [row for row in figures.rows if row.name != WHOLE]
    worse = [row.name for row in others if row.is_beyond_noise and row.gain < 0]
    better = [row.name for row in others if row.is_beyond_noise and row.gain > 0]
    rest = [row.name for row in others if not row.is_beyond_noise]
    parts = [
        f"<p>Beyond noise, {direction}: {'; '.join(names)}.</p>"
        for direction, names in (("worse", worse), ("better", better))
        if names
    ]
    if rest:
        parts.append(f"<p>Not beyond noise: {'; '.join(rest)}.</p>")
    return "".join(parts)
