"""Four layers and a loss, each with its way back.

The chain rule, layer by layer: a layer is given the gradient of the loss by its output, and
gives the gradient by its input (for the layer before it) and by its own parameters (for the
step). Source: Rumelhart, Hinton and Williams, 1986.

All arrays are float64; N pictures at once, C channels, F kernels.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lessons.logistic import sigmoid


def convolve(x: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Slide each kernel: out[n, f, y, x] is the weighted sum of one window, plus a bias.

    Args:
        x: (N, C, H, W).
        kernels: (F, C, K, K).
        biases: (F,).
    Returns:
        (N, F, H - K + 1, W - K + 1): no padding.
    """
    windows = sliding_window_view(x, kernels.shape[2:], axis=(2, 3))  # N C H' W' K K
    maps: np.ndarray = np.einsum("ncyxij,fcij->nfyx", windows, kernels) + biases[:, None, None]
    return maps


def convolve_back(
    gradient: np.ndarray, x: np.ndarray, kernels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both gradients of a convolution are convolutions.

    A weight took part at every place, there multiplied by a pixel: its gradient slides the
    incoming gradient over the picture. A pixel took part in every window that held it, there
    multiplied by a weight: its gradient slides the flipped kernel over the padded gradient.

    Args:
        gradient: of the loss by the output, (N, F, H', W').
        x, kernels: what `convolve` was given.
    Returns:
        gradients by x, by the kernels, by the biases.
    """
    windows = sliding_window_view(x, kernels.shape[2:], axis=(2, 3))
    by_kernels = np.einsum("ncyxij,nfyx->fcij", windows, gradient)
    by_biases = gradient.sum((0, 2, 3))

    rim = kernels.shape[2] - 1
    padded = np.pad(gradient, ((0, 0), (0, 0), (rim, rim), (rim, rim)))
    flipped = kernels[:, :, ::-1, ::-1].swapaxes(0, 1)  # C F K K
    by_x = convolve(padded, flipped, np.zeros(len(flipped)))
    return by_x, by_kernels, by_biases


def rectify(x: np.ndarray) -> np.ndarray:
    """ReLU: what is below 0 becomes 0."""
    rectified: np.ndarray = np.maximum(x, 0)
    return rectified


def rectify_back(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient passes where x did."""
    return gradient * (x > 0)


def pool(x: np.ndarray) -> np.ndarray:
    """The largest of each 2 x 2 square: (N, F, H, W), H and W even, to (N, F, H/2, W/2)."""
    largest: np.ndarray = _squares(x).max(-1)
    return largest


def pool_back(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient goes to the one that was largest (the first, if several were)."""
    squares = _squares(x)  # N F H/2 W/2 4
    winners = squares.argmax(-1)[..., None]
    spread = np.zeros_like(squares)
    np.put_along_axis(spread, winners, gradient[..., None], -1)
    n, f, h, w, _ = spread.shape
    rows = spread.reshape(n, f, h, w, 2, 2).swapaxes(3, 4)  # N F H/2 2 W/2 2
    return rows.reshape(x.shape)


def _squares(x: np.ndarray) -> np.ndarray:
    """(N, F, H, W) to (N, F, H/2, W/2, 4)."""
    n, f, h, w = x.shape
    return x.reshape(n, f, h // 2, 2, w // 2, 2).swapaxes(3, 4).reshape(n, f, h // 2, w // 2, 4)


def weigh(x: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    """A dense layer with one output: (N, ...) and as many weights, to (N,)."""
    logits: np.ndarray = x.reshape(len(x), -1) @ weights + bias
    return logits


def weigh_back(
    gradient: np.ndarray, x: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Gradients by x, by the weights, by the bias; `gradient` is (N,)."""
    by_x = np.outer(gradient, weights).reshape(x.shape)
    return by_x, gradient @ x.reshape(len(x), -1), float(gradient.sum())


def logistic_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p(right answer), where p(1) is `sigmoid(logit)`; both (N,), labels 0 or 1."""
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))


def logistic_loss_back(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much too sure of 1 it was: (p - label) / N."""
    wrong_by: np.ndarray = sigmoid(logits) - labels
    return wrong_by / len(labels)
