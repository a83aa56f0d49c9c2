"""Convolution: one weighted sum in every place of a picture.

With a kernel of k x k weights, no padding, stride 1:

    result[r, c] = sum over i, j of picture[r + i, c + j] * kernel[i, j]

Mathematicians call this cross-correlation, and convolution what comes out when the kernel is
first turned by 180 degrees: `picture[r - i, c - j]`. Networks learn their kernels, so they
need not turn them, and call it convolution all the same (torch.nn.functional.conv2d too).

- padding: rings of zeros around the picture, so that the result is larger.
- stride: steps of the kernel from one place to the next, so that the result is smaller.
- dilation: the distance of the pixels that meet neighbouring weights, so that a kernel of the
  same few weights sees further.

Source of the words: Dumoulin and Visin, A guide to convolution arithmetic for deep learning
(arXiv 1603.07285).
"""

import numpy as np

from lessons.weighted_sum import weighted_sum


def correlate(
    picture: np.ndarray, kernel: np.ndarray, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> np.ndarray:
    """Slide the kernel over the picture: cross-correlation.

    Args:
        picture: (H, W).
        kernel: (k, l).
        stride, dilation: at least 1.
        padding: at least 0, rings of zeros.
    Returns:
        (H', W') float64, with H' = floor((H + 2 padding - reach) / stride) + 1 and
        reach = dilation (k - 1) + 1; W' likewise.
    Raises:
        ValueError: the kernel does not fit in.
    """
    padded = np.pad(picture, padding)
    reach = dilation * (np.array(kernel.shape) - 1) + 1
    room = np.array(padded.shape) - reach
    if room.min() < 0:
        raise ValueError(
            f"A kernel that reaches over {reach[0]} x {reach[1]} pixels does not fit into a padded "
            f"picture of {padded.shape[0]} x {padded.shape[1]}. Pad more, or dilate less."
        )
    rows, columns = room // stride + 1
    result = np.empty((rows, columns))
    for r in range(rows):
        for c in range(columns):
            top, left = r * stride, c * stride
            seen = padded[top : top + reach[0] : dilation, left : left + reach[1] : dilation]
            result[r, c] = weighted_sum(seen, kernel)
    return result


def convolve(picture: np.ndarray, kernel: np.ndarray, *, padding: int = 0) -> np.ndarray:
    """Convolution as mathematics has it: the kernel turned by 180 degrees, then the same.

    Args, returns and raises: as of `correlate`.
    """
    return correlate(picture, kernel[::-1, ::-1], padding=padding)
