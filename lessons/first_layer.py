"""Gabor filters beside the first layer of a network, and how many of them ImageNet taught it.

Nobody told the network of them; it had only to tell apart a thousand kinds of things.
"""

import base64
import json
import time

import numpy as np
from pydantic import BaseModel

from lessons import kept
from lessons.convolution import correlate
from lessons.gabor import Gabor, balanced, bank, gabor
from lessons.gabor_fit import Fit, first_colour, fit
from lessons.lesson import Lesson
from lessons.markup import code, data_url, figure, picture
from lessons.photograph import as_uint8, grey, photograph

FITS_FROM = 0.9  # correlation
FILTERS, SIDE = 64, 7
SEED = 0
BANK_SIDE = 11
BANK = bank((4.0, 8.0), 6)
GAIN = 4.0  # of what is shown of an answer, mid-grey being 0


class Figures(BaseModel):
    """The filters and what fits them.

    weights: where they come from.
    filters: (64, 3, 7, 7) float32, little-endian, base64; in the order of the network, RGB.
    fits: one a filter.
    colour_shares: of each filter's energy, what its first colour explains.
    noise: correlations of the same fit to 64 filters of noise, normal, of the seed.
    """

    weights: str
    filters: str
    fits: list[Fit]
    colour_shares: list[float]
    noise: list[float]
    seed: int
    run: kept.Run

    @property
    def n_fitted(self) -> int:
        """Filters that one Gabor filter fits, by `FITS_FROM`."""
        return sum(found.correlation > FITS_FROM for found in self.fits)

    def arrays(self) -> np.ndarray:
        """The filters, (64, 3, 7, 7) float32."""
        values = np.frombuffer(base64.b64decode(self.filters), "<f4")
        return values.reshape(FILTERS, 3, SIDE, SIDE)


def train() -> Figures:
    """Fit each filter of the ImageNet ResNet-50, and noise to know what chance would fit."""
    from training import weights  # torch

    began = time.monotonic()
    pretrained = weights.load("resnet50", "npm")
    filters = pretrained.state["conv1.weight"].numpy().astype("<f4")
    patterns = [first_colour(f) for f in filters]
    noise = np.random.default_rng(SEED).standard_normal((FILTERS, SIDE, SIDE))
    fits = [fit(pattern) for pattern, _ in patterns]
    return Figures(
        weights=pretrained.origin,
        filters=base64.b64encode(filters.tobytes()).decode(),
        fits=fits,
        colour_shares=[share for _, share in patterns],
        noise=[fit(pattern).correlation for pattern in noise],
        seed=SEED,
        run=kept.run(time.monotonic() - began, "numpy", "scipy", "torch"),
    )


def answer(brightness: np.ndarray, wave: Gabor) -> np.ndarray:
    """What one filter of the bank says of a picture: mid-grey where it finds nothing.

    Args:
        brightness: (H, W), 0 to 255.
    Returns:
        (H, W) uint8.
    """
    padded = np.pad(brightness, BANK_SIDE // 2, mode="edge")
    return as_uint8(128 + GAIN * correlate(padded, balanced(gabor(BANK_SIDE, wave))))


def lesson(figures_: Figures) -> Lesson:
    """The bank on a photograph (scripts/gabor.js), then the filters and what fits them."""
    n, median = figures_.n_fitted, float(np.median(figures_.noise))
    kernels = json.dumps([np.round(balanced(gabor(BANK_SIDE, w)), 5).tolist() for w in BANK])
    brightness = grey(photograph("cat"))
    answers = "".join(_answer(i, wave, brightness) for i, wave in enumerate(BANK))
    order = np.argsort([-found.correlation for found in figures_.fits])
    tiles = [_tile(figures_, int(i)) for i in order]
    return Lesson(
        "gabor",
        "Gabor filters, and what a network learned by itself",
        f"""
<p>A Gabor filter is a wave of one direction under a bell. It answers where the picture has stripes
or edges of its direction and its width. Cells of the first visual cortex do much the same: Hubel
and Wiesel found them in cats, in 1959.</p>
{code(gabor)}
<h3>Twelve of them on a photograph</h3>
<p>Six directions, waves of 4 and of 8 pixels; grey means no answer.</p>
<div class="chooser"></div>
<div class="bank">{answers}</div>
<script type="application/json" id="gabors">{{"gain": {GAIN:g}, "kernels": {kernels}}}</script>
<h3>The 64 filters of the first layer</h3>
<p>This is the first layer of a ResNet-50 that learned to tell apart the thousand kinds of things
of ImageNet ({figures_.weights}): 64 filters of 7 by 7 pixels. Nobody told it of Gabor. Beside each
filter is its pattern in its main colour (on average
{100 * np.mean(figures_.colour_shares):.0f} % of its energy), and then the Gabor filter nearest to
that, by least squares over wavelength, angle, phase, width and strength.</p>
<p><strong>One Gabor filter fits {n} of the {FILTERS}</strong>, if fitting means a correlation of
over {FITS_FROM:g} between the 49 weights of both. Of {FILTERS} filters of noise it fits
{sum(r > FITS_FROM for r in figures_.noise)}: their correlations are {median:.2f} in the middle and
{max(figures_.noise):.2f} at best. Not all of the {n} are stripes: with one bar under its bell a
Gabor filter is a spot or an edge, and {_waveless(figures_)} have less than one wave there.</p>
<h3>The {n} that one Gabor filter fits</h3>
<ul class="filters">{"".join(tiles[:n])}</ul>
<h3>The {FILTERS - n} that none fits</h3>
<p>Among them are waves that lie beside the middle, crossings, and spots of colour.</p>
<ul class="filters">{"".join(tiles[n:])}</ul>
<details><summary>How the fit is done</summary>{code(first_colour, fit)}</details>
<p class="note">{_made(figures_)}</p>
""",
    )


def _answer(i: int, wave: Gabor, brightness: np.ndarray) -> str:
    degrees = f"{np.degrees(wave.angle):.0f}°, {wave.wavelength:g} px"
    kernel = f'<img class="pixels" src="{data_url(_stretched(gabor(BANK_SIDE, wave)))}" alt="" '
    seen = picture(answer(brightness, wave), "", 160, f"gabor-{i}")
    return figure(f'{seen}{kernel} width="44" height="44">', degrees)


def _tile(figures_: Figures, i: int) -> str:
    filter_rgb, found = figures_.arrays()[i], figures_.fits[i]
    learned = _stretched(np.moveaxis(filter_rgb, 0, 2))
    pattern = _stretched(first_colour(filter_rgb)[0])
    fitted = _stretched(found.amplitude * gabor(SIDE, found.wave))
    drawn = "".join(picture(pixels, "", 56) for pixels in (learned, pattern, fitted))
    said = f'filter {i}: <span class="number">{found.correlation:.2f}</span>'
    return f"<li>{drawn}<span>{said}</span></li>"


def _stretched(weights: np.ndarray) -> np.ndarray:
    """Any weights as a picture: 0 is mid-grey, the largest of either sign white or black."""
    return as_uint8(127.5 + 127.5 * weights / np.abs(weights).max())


def _waveless(figures_: Figures) -> int:
    """Of the filters that are fitted, those less than a wave of which lies within 2 sigma."""
    fitted = [found.wave for found in figures_.fits if found.correlation > FITS_FROM]
    return sum(wave.wavelength > 4 * wave.sigma for wave in fitted)


def _made(figures_: Figures) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in figures_.run.versions.items())
    return (
        f"Fitted in {figures_.run.seconds:.0f} s on {figures_.run.machine}; {versions}; noise of "
        f"seed {figures_.seed}."
    )
