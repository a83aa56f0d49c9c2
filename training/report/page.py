"""report.html: the findings as one page that needs nothing else."""

from pathlib import Path

from markupsafe import Markup

from service.artifact import ALL_LABELS, LABELS, Interval
from training.canvas import ALARM, COLOUR, FAINT
from training.pages import environment
from training.report import charts, corruption_table, pictures
from training.report.examination import Examined
from training.report.findings import Findings

TEMPLATES = Path(__file__).parent / "templates"
SPACE = "\N{NO-BREAK SPACE}"


def render(findings: Findings, examined: Examined) -> str:
    """The page, UTF-8, pictures included.

    Raises:
        DataError: a picture is gone or has changed.
    """
    templates = environment(TEMPLATES)
    templates.filters |= {"percent": percent, "interval": interval, "megabytes": megabytes}
    return templates.get_template("page.html").render(
        findings=findings,
        labels=LABELS,
        all_labels=ALL_LABELS,
        colours={**COLOUR, "alarm": ALARM, "faint": FAINT},
        charts=draw_all(findings),
        corruptions=corruption_table.rows(findings.robustness, pictures.examples(examined)),
        mistakes=pictures.pictured(examined, findings.mistakes.shown),
        doubtful=pictures.pictured(examined, findings.mistakes.doubtful),
    )


def draw_all(findings: Findings) -> dict[str, Markup]:
    """Every chart, by its name in the templates."""
    found, learning = findings.confidence, findings.learning
    lowest = min(s.accuracy.low for sliced in findings.slices for s in sliced.slices)
    axis_from = max(0.0, min(0.9, lowest - 0.02))
    drawn = {
        "loss": charts.loss(learning),
        "accuracy": charts.accuracy(learning),
        "dog": charts.roc("dog", found.dog, "cats", "dogs"),
        "reliability": charts.reliability(found),
        "confidence": charts.histogram(
            "confidence", found.histogram, {"right": FAINT, "wrong": ALARM}
        ),
        **{s.name: charts.sliced(s, axis_from) for s in findings.slices},
    }
    kinds = {"cats and dogs": FAINT}
    if found.novelty is not None:
        drawn["novelty-roc"] = charts.roc("novelty-roc", found.novelty, "cats and dogs", "others")
        kinds["neither"] = COLOUR["neither"]
    drawn["novelty"] = charts.histogram(
        "novelty", found.novelty_histogram, kinds, found.novelty_threshold
    )
    return drawn


def percent(share: float, digits: int = 2) -> str:
    """0.98765 as `98.77 %`."""
    return f"{100 * share:.{digits}f}{SPACE}%"


def interval(found: Interval, digits: int = 2) -> str:
    """The bounds and what they rest on."""
    bounds = f"{100 * found.low:.{digits}f} to {percent(found.high, digits)}"
    return f"{bounds}, n{SPACE}={SPACE}{found.n:,}"


def megabytes(n_bytes: int) -> str:
    """26,214,400 as `26.2 MB`."""
    return f"{n_bytes / 1e6:.1f}{SPACE}MB"
