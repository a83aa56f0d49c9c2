"""Sliding a kernel: the lecture's example, step by step.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning
(arXiv 1603.07285), its first figures.
"""

import json

import numpy as np

from lessons.convolution import correlate
from lessons.lesson import Lesson
from lessons.markup import code, figure, figures, matrix

PICTURE = np.array(
    [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
)
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])


def lesson() -> Lesson:
    """The example, the rule, and a playground (scripts/sliding.js)."""
    result = correlate(PICTURE, KERNEL)
    window = [(r, c) for r in range(3) for c in range(3)]
    first = " + ".join(
        f"{x}·{w}" for x, w in zip(PICTURE[:3, :3].flat, KERNEL.flat, strict=True) if w
    )
    example = json.dumps({"picture": PICTURE.tolist(), "kernel": KERNEL.tolist()})
    return Lesson(
        "sliding",
        "Sliding a kernel over a picture",
        f"""
<p>One weighted sum looks at one place. To look everywhere, slide the same few weights over the
picture and write down the sum at each place. The result is a picture again: of where the kernel
found what it looks for. That is convolution.</p>
{
            figures(
                figure(matrix(PICTURE, "the picture", window), "a picture, 5 by 5"),
                figure(matrix(KERNEL, "the kernel"), "the kernel, 3 by 3"),
                figure(matrix(result, "the result", [(0, 0)]), "the result, 3 by 3"),
            )
        }
<p>The first number, less what is multiplied by 0: {first} = <strong>{result[0, 0]:g}</strong></p>
<div id="playground" hidden></div>
<script type="application/json" id="example">{example}</script>
<h3>Three knobs</h3>
<ul>
<li><strong>Stride</strong>: how far the kernel moves from one place to the next. A stride of 2
halves the picture's sides: the network sees less detail and has less to do.</li>
<li><strong>Padding</strong>: rings of zeros around the picture. One ring lets a 3 by 3 kernel give
a result as large as the picture.</li>
<li><strong>Dilation</strong>: a kernel with holes. The same nine weights see a wider piece.</li>
</ul>
<p>Along each side, n pixels and k weights give
<span class="formula">⌊(n + 2 padding − dilation (k − 1) − 1) / stride⌋ + 1</span> numbers.</p>
{code(correlate)}
<p class="note">Example: Dumoulin and Visin, A guide to convolution arithmetic for deep learning,
arXiv 1603.07285.</p>
""",
    )
