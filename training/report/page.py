"""report.html: findings as one page that needs nothing else."""

from pathlib import Path

from markupsafe import Markup

from service.artifact import ALL_LABELS, LABELS, Interval
from training.canvas import ALARM, COLOUR, FAINT
from training.pages import environment
from training.report import charts, corruption_table, pictures
from training.report.evaluated import Evaluated
from training.report.examination import Examined
from training.report.findings import Findings
from training.report.judgement import Judgement

TEMPLATES = Path(__file__).parent / "templates"
SPACE = "\N{NO-BREAK SPACE}"
# Headings by the templates that stand under them.
JUDGEMENT = {
    "answers": "Right and wrong",
    "confidence": "How sure it is, and how sure it may be",
    "novelty": "Pictures of neither",
    "slices": "Dark and bright, small and large, blurred and sharp",
}
MISTAKES = {"mistakes": "The most confident mistakes"}


def of_run(findings: Findings, examined: Examined) -> str:
    """A run's page, UTF-8, pictures included.

    Raises:
        DataError: a picture is gone or has changed.
    """
    return _render(
        findings,
        examined,
        title=f"Training report {findings.run}",
        header="run_header.html",
        sections={
            "stages": "Both stages side by side",
            **JUDGEMENT,
            "corruptions": "Corrupted pictures",
            **MISTAKES,
            "comparison": "Champion beside challenger",
            "again": "To run it again",
        },
        charts={
            "loss": charts.loss(findings.learning),
            "accuracy": charts.accuracy(findings.learning),
            **draw(findings),
        },
        corruptions=corruption_table.rows(findings.robustness, pictures.examples(examined)),
    )


def of_others(evaluated: Evaluated, examined: Examined) -> str:
    """The page of other pictures than a run's, UTF-8, pictures included.

    Raises:
        DataError: a picture is gone or has changed.
    """
    return _render(
        evaluated,
        examined,
        title=f"{evaluated.model} on {evaluated.source}",
        header="evaluated_header.html",
        sections={**MISTAKES, **JUDGEMENT},
        charts=draw(evaluated),
    )


def _render(findings: Judgement, examined: Examined, **rest: object) -> str:
    templates = environment(TEMPLATES)
    templates.filters |= {f.__name__: f for f in (percent, sure, interval, megabytes)}
    return templates.get_template("page.html").render(
        findings=findings,
        labels=LABELS,
        all_labels=ALL_LABELS,
        colours={**COLOUR, "alarm": ALARM, "faint": FAINT},
        mistakes=pictures.pictured(examined, findings.mistakes.shown),
        doubtful=pictures.pictured(examined, findings.mistakes.doubtful),
        **rest,
    )


def draw(judgement: Judgement) -> dict[str, Markup]:
    """Every chart of a judgement, by its name in the templates."""
    found = judgement.confidence
    lowest = min(s.accuracy.low for sliced in judgement.slices for s in sliced.slices)
    axis_from = max(0.0, min(0.9, lowest - 0.02))
    drawn = {
        "reliability": charts.reliability(found),
        "confidence": charts.histogram(
            "confidence", found.histogram, {"right": FAINT, "wrong": ALARM}
        ),
        **{s.name: charts.sliced(s, axis_from) for s in judgement.slices},
    }
    if found.dog is not None:
        drawn["dog"] = charts.roc("dog", found.dog, "cats", "dogs")
    kinds = {"cats and dogs": FAINT}
    if found.novelty is not None:
        drawn["novelty-roc"] = charts.roc("novelty-roc", found.novelty, "cats and dogs", "others")
        kinds["neither"] = COLOUR["neither"]
    drawn["novelty"] = charts.histogram(
        "novelty", found.novelty_histogram, kinds, found.novelty_threshold
    )
    return drawn


def sure(confidence: float) -> str:
    """A confidence in percent, never as certainty."""
    return f"over 99.9{SPACE}%" if confidence > 0.999 else percent(confidence, 1)


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
