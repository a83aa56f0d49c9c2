"""Runs whose artifact is the known network, and test pictures of one colour for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from data.manifest import Manifest
from data.picture import TEST, Row
from service import artifact
from service.openvino_engine import OpenVinoEngine, core
from tests import known_network, pictures
from training import export, seen
from training.run import Run

COLOURS = {"cat": pictures.RED, "dog": pictures.BLUE, "neither": pictures.GREEN}


def row(
    folder: Path,
    label: str,
    i: int,
    rgb: tuple[int, int, int],
    split: str = TEST,
    name: str = "plain",
) -> Row:
    """A picture of one colour; `name` and `i` tell its file from others of that colour."""
    path = folder / f"{name}-{label}-{i}.png"
    path.write_bytes(pictures.plain(rgb, size=(40 + i, 40 + len(name))))
    return Row(path, label, split, artifact.sha256_of(path), "", 40 + i, 40 + len(name))


def pets(folder: Path, name: str = "plain", of_each: int = 12) -> tuple[Row, ...]:
    """As many of each label, all for testing, which the known network gets right."""
    both = ("cat", "dog")
    return tuple(
        row(folder, label, i, COLOURS[label], name=name) for label in both for i in range(of_each)
    )


def turned(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same pictures with cats called dogs, and dogs cats."""
    other = {"cat": "dog", "dog": "cat"}
    return tuple(replace(row, label=other[row.label]) for row in rows)


def make_run(
    folder: Path,
    rows: tuple[Row, ...],
    *,
    is_right: bool = True,
    is_heavy: bool = False,
    trained_on: list[str] | None = None,
) -> Run:
    """A run with the known network for an artifact, right or all wrong, judged on its rows.

    Args:
        is_heavy: whether its graph is large and slow for nothing.
        trained_on: sha256 of what it has seen; by default the rows that aren't for testing.
    """
    run = Run(folder)
    card = known_network.write_artifact(run.artifact, is_right=is_right)
    if is_heavy:
        _add_ballast(run.artifact)
    manifest = Manifest(rows)
    manifest.save(run.manifest)
    if trained_on is None:
        seen.write(run.artifact, [r for r in rows if r.split != TEST])
    else:
        (run.artifact / seen.TRAINED_ON).write_text("\n".join(trained_on))
    figures = export.judge_test_part(OpenVinoEngine(run.artifact), manifest, card.calibration)
    artifact.write_card(run.artifact, card.model_copy(update={"metrics": figures}))
    run.record(state="trained", source="colours")
    return run


def _add_ballast(folder: Path) -> None:
    """Slow the graph that serves by millions of weights that change no answer."""
    graph = core().read_model(folder / artifact.ONNX)
    flat = ops.reshape(ops.convert(graph.input(0), "f32"), ops.constant([-1, 224 * 224 * 3]), False)
    weights = np.full((224 * 224 * 3, 16), 1e-30, np.float32)
    nothing = ops.reduce_sum(ops.matmul(flat, ops.constant(weights), False, False), ops.constant(1))
    logits, novelty = (
        graph.output(name).get_node().input_value(0) for name in ("logits", "novelty")
    )
    heavy = ops.add(novelty, nothing)
    heavy.output(0).tensor.set_names({"novelty"})
    novelty.tensor.set_names({"light novelty"})
    model = ov.Model([logits.get_node(), heavy], graph.get_parameters(), "heavy")
    ov.save_model(model, folder / artifact.OPENVINO, compress_to_fp16=False)
