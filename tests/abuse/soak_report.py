"""What is left of a soak: its figures and the curve of memory."""

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from service.cores import usable_cores

if TYPE_CHECKING:
    from tests.abuse.soak import Soak

MB = 1e6


def write(folder: Path, soak: "Soak", *, served: str, most_growth: float) -> None:
    """Print the figures; write them as `soak.json`, and memory over time as `memory.svg`."""
    figures = {
        "served": served,
        "cores": usable_cores(),
        "machine": platform.machine(),
        "seconds": round(soak.samples[-1].at_s),
        "visits": dict(soak.traffic.visits),
        "statuses": {str(s): n for s, n in sorted(soak.traffic.statuses.items())},
        "complaints": soak.traffic.complaints,
        "has_restarted": soak.has_restarted,
        "memory_growth": round(soak.growth, 4),
        "memory_growth_allowed": most_growth,
    }
    print(json.dumps(figures, indent=2))
    samples = [asdict(sample) for sample in soak.samples]
    text = json.dumps(figures | {"samples": samples}, indent=2)
    (folder / "soak.json").write_text(text + "\n")
    _curve(soak).savefig(folder / "memory.svg")


def _curve(soak: "Soak") -> Figure:
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    axes = figure.subplots()
    minutes = [sample.at_s / 60 for sample in soak.samples]
    for name, what in (("rss", "all, resident (RSS)"), ("anonymous", "all, no file behind it")):
        axes.plot(minutes, [getattr(s, name) / MB for s in soak.samples], label=what)
    for role in soak.samples[0].anonymous_of:
        axes.plot(
            minutes,
            [s.anonymous_of[role] / MB for s in soak.samples],
            label=f"of it: {role}",
            linewidth=0.8,
        )
    axes.set(xlabel="minutes", ylabel="MB", ylim=(0, None))
    axes.set_title(f"Memory under mixed traffic: {soak.growth:+.1%} after warm-up")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))  # beside: it would hide the peaks
    return figure
