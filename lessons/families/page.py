"""What the page says of AlexNet, VGG and ResNet side by side."""

from lessons.families import description, scratch
from lessons.families.figures import NAMES, PUBLISHED_SIDE, Figures
from lessons.lesson import Lesson
from lessons.table import millions, percent, table


def lesson(figures: Figures) -> Lesson:
    """Both tables, and how they were made."""
    seen = [network.scratch.seen for network in figures.networks]
    html = f"""
<p>Papers give a network's size in two numbers. <em>Parameters</em> are what it has to learn and
to store. <em>Multiply-adds</em> (MACs) are its work for one picture: every output of a layer is a
sum of products, one multiplication and one addition each. People who count both say FLOPs and get
twice as many; people who write FLOPs often mean multiply-adds.</p>
{_size_table(figures)}
<p>AlexNet and VGG keep most of their parameters in dense layers. ResNet takes the mean of each
last map instead, has one small dense layer, and puts its parameters where the pictures are
looked at: ResNet-50 is deeper than VGG-16, at a quarter of the work and a sixth of the
parameters.</p>
<h3>From scratch, with the same arithmetic for each</h3>
<p>Each network may spend {figures.budget / 1e9:,.0f} billion multiply-adds (forward; going back
costs twice as many again) on the starter pictures, so that one that costs more sees fewer.</p>
{_scratch_table(figures)}
<p>Half is what guessing gets. AlexNet and VGG-16 have not yet left it; the ResNets, which
normalize each layer's outputs over the batch, have. With so little to spend none comes far:
millions of parameters, and {min(seen):,} to {max(seen):,} looks at a small picture.</p>
<h3>Pretrained</h3>
<p>The same networks with weights that learned ImageNet's thousand classes from 1.2 million
photographs. Nothing in them is trained further: each describes {description.COUNT} of the training
pictures, enlarged to {description.SIDE} pixels, by the means of its last maps, and a logistic
regression is fitted to that.</p>
{_pretrained_table(figures)}
<p>That is what the service does, too: it starts from a network that has seen the world.</p>
<p class="note">Right of {figures.n_test} test pictures, with 95 % intervals (Wilson). SGD, rate
{scratch.RATE}, momentum 0.9, weight decay 0.0005, batches of {scratch.BATCH}, half of the pictures
mirrored. For AlexNet they are enlarged to {scratch.SIDES["alexnet"]} pixels: of 32 it would leave
nothing. Seed {figures.seed}, {figures.run.machine}, torch {figures.run.versions["torch"]},
{figures.run.seconds:.0f} s in all.</p>
"""
    return Lesson("families", "AlexNet, VGG and ResNet side by side", html)


def _size_table(figures: Figures) -> str:
    rows = [
        (
            NAMES[network.name],
            f"{network.parameters:,}",
            f"{network.multiply_adds / 1e9:.2f} G",
            f"{2 * network.multiply_adds / 1e9:.2f} G",
        )
        for network in figures.networks
    ]
    caption = f"With one output, one picture of {PUBLISHED_SIDE} x {PUBLISHED_SIDE}"
    return table(caption, ("network", "parameters", "multiply-adds", "FLOPs"), rows)


def _scratch_table(figures: Figures) -> str:
    rows = [
        (
            NAMES[network.name],
            f"{(one := network.scratch).side} x {one.side}",
            millions(one.multiply_adds),
            f"{one.seen:,}",
            percent(one.right, figures.n_test),
            f"{one.cpu_s:.0f} s",
        )
        for network in figures.networks
    ]
    headings = ("network", "pictures of", "multiply-adds", "pictures seen", "right")
    return table("Trained from scratch", (*headings, "time, one core"), rows)


def _pretrained_table(figures: Figures) -> str:
    rows = []
    for network in figures.networks:
        known = network.pretrained
        if isinstance(known, str):
            row = (NAMES[network.name], "weights not in reach", "", "")
        else:
            right = percent(known.right, figures.n_test)
            row = (NAMES[network.name], known.origin, right, f"{known.cpu_s:.0f} s")
        rows.append(row)
    headings = ("network", "weights", "right", "time, one core")
    return table("Pretrained, with a logistic regression", headings, rows, words=2)
