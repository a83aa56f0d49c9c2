"""What the dashboard shows: each panel's question to Prometheus, and what its answer means.

`deploy.dashboard` spells it as Grafana wants it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 24  # columns of Grafana's grid
RATE = "[$__rate_interval]"
# Clients' requests; probes and scrapes would hide what clients see.
CLIENTS = 'job="$job",route!~"/livez|/healthz|/readyz|/metrics"'
PREDICT = 'job="$job",route=~"/predict.*"'
JOB = 'job="$job"'


@dataclass(frozen=True)
class Panel:
    """One picture.

    queries: (PromQL, legend); several make several lines.
    unit: Grafana's name of it.
    kind: Grafana's name of the panel's type.
    width: columns of `WIDTH`.
    is_stacked: each line stands on the one before.
    most: the end of the vertical axis, where it is known.
    """

    title: str
    about: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    is_stacked: bool = False
    most: float | None = None


def quantiles(metric: str, where: str = JOB) -> list[tuple[str, str]]:
    """Median, 95th and 99th percentile of a histogram."""
    buckets = f"sum by (le) (rate({metric}_bucket{{{where}}}{RATE}))"
    return [(f"histogram_quantile({q}, {buckets})", f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)]


def mean(metric: str, where: str = JOB) -> str:
    """The mean of a histogram."""
    total, count = (f"sum(rate({metric}_{part}{{{where}}}{RATE}))" for part in ("sum", "count"))
    return f"{total} / {count}"


def share(metric: str, label: str) -> str:
    """Of a counter's increase, what each value of a label has."""
    increase = f"rate({metric}{{{JOB}}}{RATE})"
    return f"sum by ({label}) ({increase}) / scalar(sum({increase}))"


ROWS: dict[str, Sequence[Panel]] = {
    "At a glance": (
        Panel(
            "Requests a second",
            "Clients' requests, whatever they were answered.",
            [(f"sum(rate(catdog_requests_total{{{CLIENTS}}}{RATE}))", "")],
            "reqps",
            kind="stat",
            width=4,
        ),
        Panel(
            "Failures",
            "Share of requests answered 5xx, over 5 minutes. Alert: CatDogFailures.",
            [(f"job:catdog_failures:ratio_rate5m{{{JOB}}}", "")],
            "percentunit",
            kind="stat",
            width=4,
        ),
        Panel(
            "Slowest in twenty",
            "95th percentile of /predict and /predict/batch, over 5 minutes. Alert: CatDogSlow.",
            [(f"job:catdog_predict_seconds:p95_5m{{{JOB}}}", "")],
            "s",
            kind="stat",
            width=4,
        ),
        Panel(
            "Instances up",
            "Those that Prometheus reaches. Alerts: CatDogDown, CatDogGone.",
            [(f"sum(up{{{JOB}}})", "")],
            kind="stat",
            width=4,
        ),
        Panel(
            "Model",
            "Instances that answer with each model. More than one for longer than a rollout: "
            "CatDogTwoModels.",
            [(f"count by (tag, precision) (catdog_model_info{{{JOB}}})", "{{tag}} {{precision}}")],
            kind="bargauge",
        ),
    ),
    "Traffic and errors": (
        Panel(
            "Requests by route",
            "Paths that are none of ours are one route, unknown.",
            [(f"sum by (route) (rate(catdog_requests_total{{{CLIENTS}}}{RATE}))", "{{route}}")],
            "reqps",
            is_stacked=True,
        ),
        Panel(
            "Requests by status",
            "none: the client went away before its answer.",
            [(f"sum by (status) (rate(catdog_requests_total{{{CLIENTS}}}{RATE}))", "{{status}}")],
            "reqps",
            is_stacked=True,
        ),
        Panel(
            "Rejections a second",
            "Requests and pictures of batches refused, by the reason that the client was told.",
            [
                (
                    f"sum by (reason) (rate(catdog_rejections_total{{{JOB}}}{RATE})) > 0",
                    "{{reason}}",
                )
            ],
        ),
    ),
    "Latency": (
        Panel(
            "Answers",
            "/predict and /predict/batch, from a request's head to the last byte of its answer: "
            "the client's upload is part of it.",
            quantiles("catdog_request_seconds", PREDICT),
            "s",
        ),
        Panel(
            "Stages, 95th percentile",
            "decode: waiting for a decoder, and decoding. queue: waiting for the network. model: "
            "the network's work for the batches that the request was in.",
            [
                (quantiles(f"catdog_{stage}_seconds")[1][0], stage)
                for stage in ("decode", "queue", "model")
            ],
            "s",
        ),
        Panel(
            "Stages, mean",
            "On top of one another: where a request's time goes on the average.",
            [(mean(f"catdog_{stage}_seconds"), stage) for stage in ("decode", "queue", "model")],
            "s",
            is_stacked=True,
        ),
        Panel(
            "In flight",
            "By instance. pictures: being worked on; the autoscaler goes by them, and past their "
            "bound there is 429. requests: being answered, those that still arrive too.",
            [
                (f"catdog_{what}_in_flight{{{JOB}}}", f"{what} {{{{instance}}}}")
                for what in ("pictures", "requests")
            ],
            width=12,
        ),
        Panel(
            "Pictures a batch",
            "That the network was given at once; 16 at most. Larger batches under load are a good "
            "sign, 16 all the time says that pictures wait.",
            [
                (mean("catdog_batch_pictures"), "mean"),
                (quantiles("catdog_batch_pictures")[1][0], "p95"),
            ],
            width=12,
        ),
    ),
    "Answers": (
        Panel(
            "Labels",
            "Share of each label among the pictures answered.",
            [(share("catdog_predictions_total", "label"), "{{label}}")],
            "percentunit",
            is_stacked=True,
            most=1,
        ),
        Panel(
            "Confidence of cats and dogs",
            "Its mean, beside that which the model's test pictures promise. Below it by 0.1 for "
            "hours: CatDogConfidenceDrift.",
            [
                (mean("catdog_confidence_ratio", f'{JOB},label=~"cat|dog"'), "mean"),
                (f"avg(catdog_expected_confidence_ratio{{{JOB}}})", "expected"),
                (f"job:catdog_confidence:mean_6h{{{JOB}}}", "mean of 6 hours"),
            ],
            "percentunit",
            most=1,
        ),
        Panel(
            "Novelty",
            "How much the pictures look like something else than a cat or a dog; past the model's "
            "threshold the label is neither.",
            [
                *quantiles("catdog_novelty_ratio"),
                (mean("catdog_novelty_ratio"), "mean"),
            ],
            "percentunit",
            most=1,
        ),
        Panel(
            "Labels beside the test pictures, 6 hours",
            "How far each share is from that on the model's test pictures. Over 0.2 for an hour: "
            "CatDogLabelDrift.",
            [(f"job_label:catdog_predictions:drift_6h{{{JOB}}}", "{{label}}")],
            "percentunit",
            width=12,
        ),
        Panel(
            "Pictures a second",
            "Answered, by label.",
            [(f"sum by (label) (rate(catdog_predictions_total{{{JOB}}}{RATE}))", "{{label}}")],
            width=12,
            is_stacked=True,
        ),
    ),
    "Operation": (
        Panel(
            "Model in service",
            "Instances that answer with each model: a rollout is where the lines cross.",
            [(f"count by (tag) (catdog_model_info{{{JOB}}})", "{{tag}}")],
            width=8,
        ),
        Panel(
            "Not ready",
            "Probes of /readyz answered 503, or too late, by instance. Alert: CatDogNotReady.",
            [
                (
                    "sum by (instance) (rate(catdog_requests_total"
                    f'{{{JOB},route="/readyz",status=~"503|none"}}{RATE}))',
                    "{{instance}}",
                )
            ],
            "reqps",
        ),
        Panel(
            "Uptime",
            "Seconds since each process began. It falls to 0 when one is started anew. Alert: "
            "CatDogRestarts.",
            [
                (
                    f"time() - catdog_process_start_time_seconds{{{JOB}}}",
                    "{{process}} {{instance}}",
                )
            ],
            "s",
        ),
    ),
}
