"""VGG-16 with one logistic output: where its parameters are, and why one output is enough.

Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition
(2014, arXiv 1409.1556): 3 x 3 convolutions only, and simply more of them.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torchvision import models

from lessons import logistic, markup
from lessons.counting import Layer, layers
from lessons.lesson import Lesson
from lessons.table import layers_table, table

SIDE = 224  # pixels


def network(outputs: int = 1) -> nn.Module:
    """VGG-16 as shapes only: on the `meta` device, without numbers in it."""
    with torch.device("meta"):
        made: nn.Module = models.vgg16(num_classes=outputs)
    return made


def lesson() -> Lesson:
    """The table of its layers; the same three answers by one output and by two."""
    found = layers(network(), SIDE)
    total = sum(layer.parameters for layer in found)
    dense = sum(layer.parameters for layer in found if layer.kind.startswith("dense"))
    first_dense = next(layer for layer in found if layer.kind.startswith("dense"))
    html = f"""
<p>AlexNet's kernels were 11, 5 and 3 pixels wide. VGG asks: why not 3 everywhere? Two 3 x 3
kernels, one on the other, look at 5 x 5 pixels, three at 7 x 7, with fewer weights than one wide
kernel (3 x 9 = 27 for each pair of channels, against 49) and a ReLU after each. Thirteen of them
and three dense layers make VGG-16.</p>
{layers_table(f"VGG-16 with one output, one picture of {SIDE} x {SIDE}", found)}
<p>Of {total:,} parameters, {100 * dense / total:.0f} % sit in the three dense layers,
{100 * first_dense.parameters / total:.0f} % in the first alone; but
{100 - 100 * _dense_work(found):.1f} % of the work is in the convolutions, which use each weight
again at every place.</p>
<h3>One output or two?</h3>
<p>For a thousand classes a network ends in a thousand outputs and a softmax. For two classes one
output <i>z</i> does: the log-odds that it is a dog, with
p = sigmoid(<i>z</i>) = 1 / (1 + e<sup>-z</sup>). Two outputs <i>a</i> for cat and <i>b</i> for dog
give p = e<sup>b</sup> / (e<sup>a</sup> + e<sup>b</sup>), which is sigmoid(<i>b</i> - <i>a</i>):
only their difference counts, so <i>z</i> = <i>b</i> - <i>a</i> says all of it, and binary
cross-entropy is cross-entropy.</p>
{_same_answers()}
{markup.code(logistic.sigmoid, logistic.binary_cross_entropy)}
{markup.code(logistic.softmax, logistic.cross_entropy)}
<p>They learn alike, too: a gradient step moves <i>b</i>'s weights one way and <i>a</i>'s as far
the other way, so that their difference moves twice as far. Two outputs with a learning rate of
0.1 are, step by step, one output with 0.2. The second output buys nothing but
{found[-1].parameters:,} more parameters.</p>
{markup.code(logistic.train_one, logistic.train_two)}
"""
    return Lesson("vgg", "VGG, and one logistic output", html)


def _dense_work(found: Sequence[Layer]) -> float:
    """The share of the multiply-adds that dense layers do."""
    dense = sum(layer.multiply_adds for layer in found if layer.kind.startswith("dense"))
    return dense / sum(layer.multiply_adds for layer in found)


def _same_answers() -> str:
    outputs = np.array([[0.2, 2.2], [1.5, 0.5], [-3.0, 1.0]])
    dog = np.array([1, 1, 0])
    z = outputs[:, 1] - outputs[:, 0]
    columns = (
        *(outputs[:, 0], outputs[:, 1], logistic.softmax(outputs)[:, 1]),
        *(logistic.cross_entropy(outputs, dog), z, logistic.sigmoid(z)),
        logistic.binary_cross_entropy(z, dog),
    )
    rows = [
        ("dog" if is_dog else "cat", *(f"{column[i]:.4g}" for column in columns))
        for i, is_dog in enumerate(dog)
    ]
    headings = ("truth", "a", "b", "softmax", "its loss", "z = b - a", "sigmoid", "its loss")
    return table("Three pictures, answered by two outputs and by one", headings, rows)
