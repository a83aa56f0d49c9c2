"""The tables of docs/scale.md: what all rates amount to."""

import math
from collections.abc import Callable
from typing import NamedTuple

import yaml

from benchmarks.markdown import table
from benchmarks.scale.numerals import money, number, short
from benchmarks.scale.rates import Rates
from benchmarks.training_speed import CONFIG
from training.stage_one import EVERY, MOST

BILLION = 1e9
GPUS = 8  # of a machine
LAYER4_PARAMETERS = 14_942_208  # ResNet-50's convolutions of its last stage, which are tuned
HEAD_PARAMETERS = 2_048  # so is the head
HEAD_SOLVED_ON = MOST * (1 + 1 / EVERY)
# Of an object store, as counted at moto's S3: scoring/place.py asks for a picture's size (HEAD),
# then for its bytes (GET); scoring/tar.py reads a tar a MiB at a time to list it; and for each
# shard of 256 pictures scoring/table.py asks for a table's size, its footer and two row groups.
REQUESTS_A_PICTURE = 2
TAR_AHEAD_BYTES = 2**20
REQUESTS_A_ROW = 4 / 256
REQUESTS = 100_000  # a second
HOUR_S = 3600


class Recipe(NamedTuple):
    """What `make train` does. batch: pictures of all processes together."""

    epochs: int
    batch: int


def _recipe() -> Recipe:
    settings = yaml.safe_load(CONFIG.read_text())
    return Recipe(settings["trainer"]["max_epochs"], settings["data"]["batch_size"])


def rates(found: Rates) -> str:
    """All that the other tables are computed from."""
    rows = [
        (f"`{name}`", f"{short(rate.value)} {rate.unit}", rate.source)
        for name, rate in found.items()
    ]
    return table(("", "value", "from"), rows)


def scoring(found: Rates) -> str:
    """A billion pictures through a model, once."""
    r = _values(found)
    core_hours = BILLION / r["score"] / HOUR_S
    gpu_hours = BILLION / r["gpu_score"] / HOUR_S
    feeding = BILLION / r["decode"] / HOUR_S
    machine = GPUS * r["gpu_score"]
    fed = r["gpu_machine_cores"] * r["decode"]
    fed_hours = BILLION / min(fed, machine) / HOUR_S * GPUS
    total_tb = BILLION * r["bytes"] / 1e12
    one_by_one = BILLION * REQUESTS_A_PICTURE
    listing = BILLION * r["bytes"] / TAR_AHEAD_BYTES
    in_groups = BILLION * REQUESTS_A_ROW

    def price(requests: float) -> str:
        return money(requests / 1e6 * r["get_million"])

    rows = [
        ("core-hours, on CPUs alone", number(core_hours), f"10⁹ / {number(r['score'])} / 3600"),
        ("  their price", money(core_hours * r["core_hour"]), f"× {r['core_hour']} $"),
        ("  on 1,000 cores", f"{number(core_hours / 1000)} hours", "/ 1000"),
        ("GPU-hours, if GPUs never wait", number(gpu_hours), f"10⁹ / {r['gpu_score']:,.0f} / 3600"),
        ("  their price", money(gpu_hours * r["gpu_hour"]), f"× {r['gpu_hour']} $"),
        (
            "  cores that decode for one GPU",
            number(r["gpu_score"] / r["decode"]),
            f"{r['gpu_score']:,.0f} / {number(r['decode'])}; its machine has "
            f"{number(r['gpu_machine_cores'] / GPUS)}",
        ),
        ("  core-hours of decoding", number(feeding), f"10⁹ / {number(r['decode'])} / 3600"),
        (
            "GPU-hours, as its cores feed them",
            number(fed_hours),
            f"GPUs busy {min(1, fed / machine):.0%} of the time",
        ),
        ("  their price", money(fed_hours * r["gpu_hour"]), f"× {r['gpu_hour']} $"),
        ("bytes read", f"{number(total_tb)} TB", f"10⁹ × {r['bytes']:,.0f}"),
        (
            "  requests, a file each",
            price(one_by_one),
            f"{REQUESTS_A_PICTURE} × 10⁹ / 10⁶ × {r['get_million']} $: its size, then its bytes",
        ),
        (
            "  requests, out of tars",
            price(one_by_one + listing),
            f"as many, and {listing / 1e6:,.1f} million that list the tars; "
            f"{number(2 * total_tb)} TB are read",
        ),
        (
            "  requests, out of Parquet",
            price(in_groups),
            f"{in_groups / 1e6:,.1f} million: 4 for 256 pictures in row groups of 128",
        ),
        (
            "  kept for a month",
            money(total_tb * r["storage_month"]),
            f"× {r['storage_month']:g} $ a TB",
        ),
        (
            "  if they leave their region",
            money(total_tb * r["out_tb"]),
            f"× {r['out_tb']:g} $ a TB: take the cores to the pictures",
        ),
        (
            "answers written",
            f"{number(BILLION * r['answer_bytes'] / 1e12)} TB",
            f"10⁹ × {r['answer_bytes']:g}",
        ),
    ]
    return table(("a billion pictures, scored once", "", "how"), rows)


def training(found: Rates) -> str:
    """Epochs of stage two over a billion pictures, on CPUs and on GPUs."""
    r = _values(found)
    epochs = _recipe().epochs
    shown = epochs * BILLION
    core_hours = shown / r["stage_two"] / HOUR_S
    gpu_hours = shown / r["gpu_stage_two"] / HOUR_S
    machine = GPUS * r["gpu_stage_two"]
    fed = r["gpu_machine_cores"] * r["load"]
    fed_hours = shown / min(fed, machine) / HOUR_S * GPUS
    first = HEAD_SOLVED_ON / r["stage_one"] / HOUR_S
    rows = [
        (
            "before it, stage one",
            f"{number(first)} core-hours",
            f"{HEAD_SOLVED_ON:,.0f} / {number(r['stage_one'])} / 3600, by the first process",
        ),
        ("pictures shown", f"{number(shown)}", f"{epochs} epochs"),
        ("core-hours, without a GPU", number(core_hours), f"/ {number(r['stage_two'])} / 3600"),
        ("  their price", money(core_hours * r["core_hour"]), f"× {r['core_hour']} $"),
        (
            "GPU-hours, if GPUs never wait",
            number(gpu_hours),
            f"/ {r['gpu_stage_two']:,.0f} / 3600",
        ),
        ("  their price", money(gpu_hours * r["gpu_hour"]), f"× {r['gpu_hour']} $"),
        (
            f"what {GPUS} GPUs take",
            f"{number(machine)} a second",
            f"{GPUS} × {r['gpu_stage_two']:,.0f}",
        ),
        (
            "  what their machine's cores give",
            f"{number(fed)} a second",
            f"{r['gpu_machine_cores']:g} cores × {number(r['load'])}",
        ),
        (
            "GPU-hours, as its cores feed them",
            number(fed_hours),
            f"GPUs busy {min(1, fed / machine):.0%} of the time",
        ),
        ("  their price", money(fed_hours * r["gpu_hour"]), f"× {r['gpu_hour']} $"),
        (
            "bytes read",
            f"{number(shown * r['bytes'] / 1e12)} TB",
            f"{epochs} × 10⁹ × {r['bytes']:,.0f}; nothing stays on a machine",
        ),
        (
            "  requests, if shards lie in an object store",
            money(shown / 1e6 * r["get_million"]),
            f"{epochs} × 10⁹ / 10⁶ × {r['get_million']} $: a picture each, the mount's own besides",
        ),
    ]
    return table(("a billion pictures, fine-tuned on", "", "how"), rows)


def machines(found: Rates) -> str:
    """Where the bottleneck is, by the number of GPU machines and the global batch."""
    r = _values(found)
    gradient = 4.0 * (LAYER4_PARAMETERS + HEAD_PARAMETERS)
    wire = r["gpu_machine_network"] * 1e9
    rows = []
    for count in (1, 2, 8, 32):
        gpus = count * GPUS
        # A ring sends each machine's share twice, but for its own.
        exchange_ms = 1e3 * 2 * (count - 1) / count * gradient / wire
        for batch in (_recipe().batch, 32 * gpus):
            if batch < gpus:
                rows.append((str(count), str(gpus), str(batch), "", "", "", "fewer than GPUs"))
                continue
            step_ms = 1e3 * math.ceil(batch / gpus) / r["gpu_stage_two"]
            fed_ms = 1e3 * batch / (count * r["gpu_machine_cores"] * r["load"])
            longest = {"GPU": step_ms, "decoding": fed_ms, "gradients": exchange_ms}
            rows.append(
                (
                    str(count),
                    str(gpus),
                    f"{batch:,}",
                    f"{step_ms:.1f}",
                    f"{fed_ms:.1f}",
                    f"{exchange_ms:.1f}",
                    max(longest, key=longest.__getitem__),
                )
            )
    head = ("machines", "GPUs", "batch", "GPU, ms", "decoding, ms", "gradients, ms", "waits for")
    return table(head, rows)


def serving(found: Rates) -> str:
    """So many requests a second, by the share that has been answered before."""
    r = _values(found)
    replica = r["serve"] * r["replica_cores"] * r["utilization"]
    rows = []
    for repeated in (0.0, 0.5, 0.9):
        fresh = REQUESTS * (1 - repeated)
        replicas = math.ceil(fresh / replica)
        per_hour = replicas * r["replica_cores"] * r["core_hour"]
        rows.append(
            (
                f"{repeated:.0%}",
                f"{fresh:,.0f}",
                f"{replicas:,}",
                f"{replicas * r['replica_cores']:,.0f}",
                f"{money(per_hour)} an hour",
                money(per_hour / (REQUESTS * HOUR_S) * 1e6),
            )
        )
    head = ("asked before", "for the network, a second", "replicas", "cores", "price", "a million")
    return table(head, rows)


def around(found: Rates) -> str:
    """What else so many requests a second need."""
    r = _values(found)
    into = REQUESTS * r["bytes"]
    replica = r["serve"] * r["replica_cores"] * r["utilization"]
    rows = [
        ("into the service", f"{into * 8 / 1e9:.0f} Gbit/s", f"10⁵ × {r['bytes']:,.0f} bytes"),
        (
            "out of it",
            f"{REQUESTS * r['answer_bytes'] * 8 / 1e9:.1f} Gbit/s",
            f"10⁵ × {r['answer_bytes']:g} bytes",
        ),
        (
            "one replica",
            f"{number(replica)} a second",
            f"{r['replica_cores']:g} cores × {number(r['serve'])} × {r['utilization']:g}",
        ),
        (
            "cache servers",
            f"{math.ceil(REQUESTS / r['cache_per_s'])} by look-ups",
            f"10⁵ / {r['cache_per_s']:,.0f}; twice as many, so that one may go",
        ),
        (
            "  memory for a day of different pictures",
            f"{number(REQUESTS * 86400 * r['answer_bytes'] / 1e12)} TB",
            "10⁵ × 86,400 × the same: keep the last hour, not the day",
        ),
        (
            "  memory for an hour",
            f"{number(REQUESTS * HOUR_S * r['answer_bytes'] / 1e9)} GB",
            f"10⁵ × 3,600 × {r['answer_bytes']:g}",
        ),
    ]
    return table(("at 100,000 requests a second", "", "how"), rows)


TABLES: dict[str, Callable[[Rates], str]] = {
    "rates": rates,
    "scoring": scoring,
    "training": training,
    "machines": machines,
    "serving": serving,
    "around": around,
}


def _values(found: Rates) -> dict[str, float]:
    return {name: rate.value for name, rate in found.items()}
