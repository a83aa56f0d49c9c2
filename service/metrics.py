"""Prometheus metrics. docs/monitoring.md lists them.

Both processes write theirs into files of one folder, PROMETHEUS_MULTIPROC_DIR, which BentoML
sets (and into which it writes its own of the network); /metrics is the sum over those.
prometheus_client reads that variable when it is first imported: hence the imports inside
functions. Nothing is registered in a process's own registry, which /metrics never reads.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from service import expectation, problems
from service.artifact import ALL_LABELS, Card
from service.record import Record

if TYPE_CHECKING:
    from prometheus_client import Gauge, Histogram

LATENCIES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PICTURES = (1, 2, 4, 8, 12, 16, 32, 64)
CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)
NOVELTIES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)


class Metrics:
    """Those of the process that speaks HTTP."""

    def __init__(self, tag: str, card: Card) -> None:
        from prometheus_client import Counter, Gauge

        self._requests = Counter(
            "catdog_requests_total", "Requests answered.", ["route", "status"], registry=None
        )
        self._request_s = _histogram(
            "catdog_request_seconds", "From a request to its answer's end.", LATENCIES_S, ["route"]
        )
        self._decode_s = _histogram(
            "catdog_decode_seconds", "Decoding all pictures of a request.", LATENCIES_S
        )
        self._queue_s = _histogram(
            "catdog_queue_seconds", "A request's wait for the network.", LATENCIES_S
        )
        self._model_s = _histogram(
            "catdog_model_seconds", "The network's work for a request.", LATENCIES_S
        )
        self._predictions = Counter(
            "catdog_predictions_total", "Pictures answered.", ["label"], registry=None
        )
        self._rejections = Counter(
            "catdog_rejections_total", "Requests and pictures refused.", ["reason"], registry=None
        )
        self._confidence = _histogram(
            "catdog_confidence_ratio", "Confidence of the answers.", CONFIDENCES, ["label"]
        )
        self._novelty = _histogram(
            "catdog_novelty_ratio", "Novelty of the pictures answered.", NOVELTIES
        )
        self._in_flight = _gauge(
            "catdog_requests_in_flight",
            "Requests being answered, those for health and metrics aside.",
        )
        self._n_in_flight = 0
        self._in_flight.set(0)
        self._pictures_in_flight = _gauge(
            "catdog_pictures_in_flight",
            "Pictures being worked on, as they count against CATDOG_MAX_IN_FLIGHT.",
        )
        self.work_on(0)
        info = Gauge(
            "catdog_model_info",
            "The model that answers: 1.",
            ["tag", "precision"],
            registry=None,
            multiprocess_mode="max",
        )
        info.labels(tag, card.precision).set(1)
        if expected := expectation.of(card.metrics):
            _gauge(
                "catdog_expected_confidence_ratio",
                "Mean confidence of cats and dogs that the model's test pictures promise.",
            ).set(expected.confidence)
            shares = _gauge(
                "catdog_expected_label_ratio",
                "Share of a label among the answers to the model's test pictures.",
                ["label"],
            )
            for label, share in expected.shares.items():
                shares.labels(label).set(share)
        started("http")
        # From 0 on, so that the first of each is seen as an increase.
        for label in ALL_LABELS:
            self._predictions.labels(label)
        for kind in problems.KINDS:
            self._rejections.labels(kind.slug)

    def begin(self) -> None:
        """A request is being answered."""
        self._n_in_flight += 1
        self._in_flight.set(self._n_in_flight)

    def work_on(self, pictures: int) -> None:
        """So many pictures are being worked on."""
        self._pictures_in_flight.set(pictures)

    def end(self, record: Record) -> None:
        """It has been."""
        self._n_in_flight -= 1
        self._in_flight.set(self._n_in_flight)
        self._request_s.labels(record.route).observe(record.duration_s)
        if record.decode.has_run:
            self._decode_s.observe(record.decode.seconds)
        if record.score.has_run:
            self._queue_s.observe(record.queue_s)
            self._model_s.observe(record.model_s)
        for answer in record.answers if record.status else ():
            self._predictions.labels(answer.label).inc()
            self._confidence.labels(answer.label).observe(answer.confidence)
            self._novelty.observe(answer.novelty)
        for reason in (*record.refusals, *([record.problem] if record.problem else [])):
            self._rejections.labels(reason).inc()

    def count(self, record: Record) -> None:
        """A request of any route has been answered, or given up."""
        self._requests.labels(record.route, record.status or "none").inc()


def exposition() -> tuple[bytes, str]:
    """What all processes have counted, in Prometheus's text format, and its media type."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST


def take_space() -> None:
    """For a process that serves, first of all: have what it counts in take its disk space."""
    from service import metric_files

    metric_files.install()


def started(process: str) -> None:
    """Note that a process of ours begins: each change of the time is a restart.

    Args:
        process: `http` or `network`.
    """
    name, about = "catdog_process_start_time_seconds", "When it began, in seconds since 1970."
    _gauge(name, about, ["process"]).labels(process).set(time.time())


def batch_pictures() -> "Histogram":
    """Pictures the network is given at once; of the process that holds it."""
    return _histogram("catdog_batch_pictures", "Pictures the network was given at once.", PICTURES)


def _histogram(
    name: str, about: str, buckets: Sequence[float], labels: Sequence[str] = ()
) -> "Histogram":
    from prometheus_client import Histogram

    return Histogram(name, about, labels, buckets=buckets, registry=None)


def _gauge(name: str, about: str, labels: Sequence[str] = ()) -> "Gauge":
    """One process sets it. Should that be killed, its successor's word counts, not the sum."""
    from prometheus_client import Gauge

    return Gauge(name, about, labels, registry=None, multiprocess_mode="mostrecent")
