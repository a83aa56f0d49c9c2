"""The network of the lesson, small enough to be followed with pencil and paper."""

import numpy as np

from lessons.backpropagation.network import Gradients, Parameters, Trace, backward, forward
from lessons.backpropagation.strokes import SLASH

PICTURE = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]
)
START = Parameters(
    kernels=np.array([[[[0.5, 0.3], [0.2, -0.4]]]]),
    biases=np.array([-0.1]),
    weights=np.array([0.5, -0.5, 1.0, 0.25]),
    bias=0.0,
)
RATE = 1.0


def there_and_back() -> tuple[Trace, Gradients]:
    """Of this one picture, which shows a slash."""
    trace = forward(PICTURE[None, None], START)
    return trace, backward(trace, np.array([float(SLASH)]), START)
