"""The best top-5 error of each year's challenge, 2010 to 2017.

An answer is right if one of its five names is. The figures are errors on the challenge's test
pictures, of entries that used nothing but the challenge's own training pictures.

The challenge's own results pages, image-net.org/challenges/LSVRC/YEAR/results, have them all;
`source` is the paper that tells of it. Read in the source itself or on that page: 2012,
2015, 2017. Found alike in several places that quote them, though not read there: the others.
"""

from typing import NamedTuple


class Winner(NamedTuple):
    """top_5_error: percent. network: if it was a convolutional one; what it is known as."""

    year: int
    team: str
    network: str
    top_5_error: float
    source: str


RUSSAKOVSKY = "Russakovsky et al., 2015, arXiv 1409.0575"
HUMAN_TOP_5_ERROR = 5.1  # percent: A. Karpathy on 1,500 pictures; RUSSAKOVSKY, section 6.4
HUMAN_PICTURES = 1_500

WINNERS = (
    Winner(2010, "NEC-UIUC", "", 28.2, RUSSAKOVSKY),
    Winner(2011, "XRCE", "", 25.8, RUSSAKOVSKY),
    Winner(2012, "SuperVision", "AlexNet", 16.4, "Krizhevsky, Sutskever and Hinton, 2012"),
    Winner(2013, "Clarifai", "after ZFNet", 11.7, RUSSAKOVSKY),
    Winner(2014, "GoogLeNet", "Inception", 6.7, "Szegedy et al., 2014, arXiv 1409.4842"),
    Winner(2015, "MSRA", "ResNet", 3.57, "He et al., 2015, arXiv 1512.03385"),
    Winner(2016, "Trimps-Soushen", "an ensemble", 2.99, "the challenge's results page"),
    Winner(2017, "WMW", "SENet", 2.25, "Hu et al., 2017, arXiv 1709.01507"),
)
