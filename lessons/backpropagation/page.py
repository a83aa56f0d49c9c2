"""What the lesson on backpropagation shows."""

from typing import TYPE_CHECKING

import numpy as np

from lessons import plot
from lessons.backpropagation import layers, network, strokes
from lessons.backpropagation.example import PICTURE, RATE, START, there_and_back
from lessons.backpropagation.network import Gradients, Trace
from lessons.backpropagation.strokes import Learning
from lessons.lesson import Lesson
from lessons.markup import code, figure, figures, matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = 300
STARTS = 20  # random ones, to see how often it works
REST = (
    *(layers.rectify, layers.rectify_back, layers.pool, layers.pool_back, layers.weigh),
    *(layers.weigh_back, layers.logistic_loss, layers.logistic_loss_back),
    *(network.forward, network.backward, network.step),
)
RULES = (
    ("the logit", "<em>p − y</em>", "how much too sure of a slash it was; logistic and log cancel"),
    ("the weights", "(<em>p − y</em>) <em>q</em>", "each weight was multiplied by its input"),
    ("<em>q</em>", "(<em>p − y</em>) <em>w</em>", "and each input by its weight"),
    ("<em>r</em>", "to the winner of each 2 by 2", "the others made no difference"),
    ("<em>m</em>", "where <em>m</em> &gt; 0, else 0", "ReLU held the rest back"),
    (
        "the kernel",
        "slide the gradient by <em>m</em> over <em>x</em>",
        "each of its numbers took part at every place, multiplied by the pixel there",
    ),
    ("its bias", "the sum of the gradient by <em>m</em>", "it was added at every place"),
    (
        "the picture",
        "slide the flipped kernel over the gradient by <em>m</em>, padded",
        "a pixel took part in every window that it was in",
    ),
)


def lesson() -> Lesson:
    """Computed in a second or two."""
    trace, gradients = there_and_back()
    learning = strokes.learn(START, STEPS, RATE)
    found = sum(
        strokes.learn(strokes.untrained(1, seed), STEPS, RATE).right == 1 for seed in range(STARTS)
    )
    after = network.step(START, gradients.parameters, RATE)
    p_after = float(network.forward(PICTURE[None, None], after).probabilities[0])
    p, logit = float(trace.probabilities[0]), float(trace.logits[0])
    rules = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in RULES)
    return Lesson(
        "backpropagation",
        "How a network learns: backpropagation by hand",
        f"""
<p>Nobody writes a slash detector into a network: networks find such kernels. They start with any
numbers, see how wrong the answer is, and change every number a little in the direction that makes
it less wrong. That direction is the <em>gradient</em>, and <em>backpropagation</em> computes all of
it in one walk backwards through the network, with nothing but the chain rule.</p>
<h3>Forward</h3>
<p>The smallest network that has everything: one 2 by 2 kernel, ReLU, max pooling, four weights, and
a logistic output, the probability that the picture shows a slash.</p>
{_forward(trace)}
<p>The logit is <em>z</em> = Σ <em>w q</em> = {logit:.2f}, and the probability
<em>p</em> = 1 / (1 + e<sup>−<em>z</em></sup>) = {p:.3f}. The picture does show a slash,
<em>y</em> = 1, so the loss is −log <em>p</em> = {-np.log(p):.3f}.</p>
<h3>Backward</h3>
<p>For each number on the way: by how much does the loss grow if that number grows? Begin at the
end, where it is simple, and hand the answer from layer to layer. By the logit it is
<em>p − y</em> = {float(gradients.logits[0]):.3f}.</p>
<div class="scroll"><table>
<thead><tr><th>gradient by</th><th>rule</th><th>why</th></tr></thead><tbody>{rules}</tbody>
</table></div>
{_backward(gradients)}
<p>The gradient of a convolution is a convolution again, twice. Now one step against the gradient,
at a rate of {RATE:g}: every number minus its gradient. The same picture then gets
<em>p</em> = {p_after:.3f} instead of {p:.3f}.</p>
<h3>In Python</h3>
{code(layers.convolve, layers.convolve_back)}
<details><summary>The other layers, and the walk there and back</summary>{code(*REST)}</details>
<h3>{STEPS} steps later</h3>
<p>Now all 32 pictures of a slash or a backslash, at each of the 16 places, and {STEPS} such steps.
From {learning.losses[0]:.2f}, no better than tossing a coin, the loss falls to
{learning.losses[-1]:.3f}, and {100 * learning.right:.0f} % of the pictures are told right.</p>
{_learned(learning)}
<p>It has found a slash detector: large along the slash, and a bias so low that one pixel alone is
not enough. And it found by itself that the place does not matter: the four weights became
equal.</p>
<p class="note">It does not always end so well. From {STARTS} random starts, {found} of these
smallest of networks come to tell all pictures right; the others get
stuck. A gradient only knows the way down from where one stands. More
kernels make luck matter less.</p>
""",
    )


def _forward(trace: Trace) -> str:
    kernel, bias = START.kernels[0, 0], START.biases[0]
    return figures(
        figure(_shown(PICTURE, "the picture"), "picture <em>x</em>"),
        figure(_shown(kernel, "the kernel"), f"kernel <em>k</em>, bias {bias:g}"),
        figure(
            _shown(trace.maps[0, 0], "the map"), "feature map <em>m</em> = <em>x ∗ k</em> + bias"
        ),
        figure(_shown(trace.rectified[0, 0], "after ReLU"), "<em>r</em> = max(<em>m</em>, 0)"),
        figure(_shown(trace.pooled[0, 0], "pooled"), "<em>q</em>: the largest of each 2 by 2"),
        figure(_shown(START.weights.reshape(2, 2), "the weights"), "weights <em>w</em>"),
    )


def _backward(gradients: Gradients) -> str:
    by = gradients.parameters
    return figures(
        figure(_shown(by.weights.reshape(2, 2), "by the weights"), "by the weights"),
        figure(_shown(gradients.pooled[0, 0], "by q"), "by <em>q</em>"),
        figure(_shown(gradients.maps[0, 0], "by m"), "by <em>m</em>, through pooling and ReLU"),
        figure(
            _shown(by.kernels[0, 0], "by the kernel"),
            f"by the kernel; by its bias {by.biases[0]:.2f}",
        ),
        figure(
            _shown(gradients.pictures[0, 0], "by the picture"),
            "by the picture: under 0 where a brighter pixel would make it surer of a slash",
        ),
    )


def _learned(learning: Learning) -> str:
    p = learning.parameters
    return figures(
        figure(_falling(learning), "Mean loss of the 32 pictures, by step."),
        figure(_shown(START.kernels[0, 0], "the kernel before"), "the kernel before"),
        figure(
            _shown(p.kernels[0, 0], "the kernel after", 1), f"after; its bias {p.biases[0]:.1f}"
        ),
        figure(_shown(p.weights.reshape(2, 2), "the weights after", 1), "the weights after"),
    )


def _shown(numbers: np.ndarray, meaning: str, digits: int = 2) -> str:
    """Rounded, and no -0."""
    rounded = np.round(numbers, digits) + 0.0
    return matrix(rounded, f"{meaning}, {numbers.shape[0]} by {numbers.shape[1]}")


def _falling(learning: Learning) -> str:
    def draw(axes: "Axes") -> None:
        axes.plot(learning.losses, color=plot.COLOUR["cat"])
        axes.set(
            xlabel="step", ylabel="loss (nats)", ylim=(0, None), xlim=(0, len(learning.losses))
        )

    ends = f"from {learning.losses[0]:.2f} to {learning.losses[-1]:.3f}"
    return plot.draw("backpropagation-loss", f"The loss falls {ends}.", draw)
