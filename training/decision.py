"""The rule by which a challenger replaces the champion. docs/decision.md argues for it.

Promoted is who is clearly better: right on more of the same pictures, by more than luck
explains. Or who may not be worse by more than the margin, is not clearly worse, and is
faster or smaller. Never who turns away clearly fewer pictures of neither, nor on too few
pictures. A first model must beat guessing.
"""

from dataclasses import dataclass

from training import pairs
from training.comparison import Figures

CLEAR = 0.05  # a difference is clear where equals would show it at most this often
MARGIN = 0.01  # accuracy that a faster or smaller model may cost at most, so far as is known
# None lost of so many bounds what is lost at the margin, with 95 % confidence: the rule of
# three (Hanley and Lippman-Hand, 1983).
ENOUGH_FOR_MARGIN = 300
# Of fewer, all right, the 95 % interval still reaches to one half.
LEAST_FOR_FIRST = 4
LEAST_OF_EACH = 10  # pictures of each label, or nothing is decided
FASTER = 1.2  # times the champion's pictures a second
SMALLER = 0.8  # of the champion's bytes


@dataclass(frozen=True)
class Decision:
    """Whether the challenger may replace the champion, and why in one sentence."""

    is_promoted: bool
    reason: str


def decide(f: Figures) -> Decision:
    """Hold a challenger's figures against a champion's."""
    if f.n == 0:
        return Decision(
            False,
            f"Refused: {f.champion} was trained on every test picture of this run, so that the two "
            "cannot be compared. Train with pictures that are new to both.",
        )
    if is_clear(f.lost, f.won):
        return _refused(f, "being worse", _labels(f))
    if min(f.of_each.values()) < LEAST_OF_EACH:
        return _refused(f, "for want of pictures", _too_few(f))
    if is_clear(f.rejected_lost, f.rejected_won):
        return _refused(f, "turning away fewer pictures of neither", _labels(f))
    if is_clear(f.won, f.lost):
        return Decision(True, f"Promoted, being better: {_labels(f)}.")
    gain = _gain(f)
    if gain is None:
        return _refused(f, "being no better, neither faster nor smaller", _labels(f) + _cost(f))
    if f.n < ENOUGH_FOR_MARGIN or _may_be_worse(f):
        return _refused(f, f"being {gain} but perhaps worse", _labels(f) + _cost(f) + _margin(f))
    return Decision(True, f"Promoted, being no worse and {gain}: {_labels(f)}{_cost(f)}.")


def first_decision(f: Figures) -> Decision:
    """Without a champion, a model must beat a coin, and beat answering always the same."""
    accuracy = f.challenger_accuracy
    if accuracy.n < LEAST_FOR_FIRST:
        have = " and ".join(
            f"{n} {label if n == 1 else f'{label}s'}" for label, n in f.of_each.items()
        )
        return Decision(
            False,
            f"Refused: only {have} are test pictures, which prove nothing whatever was right: some "
            "30 pictures of each label in all are enough.",
        )
    if accuracy.low <= 0.5:
        return Decision(
            False,
            f"Refused: accuracy {accuracy.value:.2%} on {accuracy.n} test pictures "
            f"({accuracy.low:.2%} to {accuracy.high:.2%}) is not clearly better than guessing.",
        )
    right = round(accuracy.value * accuracy.n)  # whole pictures: 29 / 35 * 35 is 29.000000000000004
    rarer, commoner = sorted(f.of_each, key=lambda label: f.of_each[label])
    if right <= f.of_each[commoner]:
        return Decision(
            False,
            f"Refused: always answering {commoner} has {f.of_each[commoner]} of {accuracy.n} test "
            f"pictures right, and this has {right}: add {rarer}s.",
        )
    return Decision(True, f"Promoted: no model was in service before; {accuracy.value:.2%} right.")


def is_clear(more: int, fewer: int) -> bool:
    """Whether luck hardly explains that much more (one-sided exact McNemar test)."""
    return pairs.luck(more, fewer) <= CLEAR


def _may_be_worse(f: Figures) -> bool:
    """Whether the margin may be lost: by the interval that is shown, or where it is too narrow."""
    is_likely = pairs.luck_of_loss(f.won, f.lost, f.n, MARGIN) > CLEAR
    return f.difference_low <= -MARGIN or is_likely


def _gain(f: Figures) -> str | None:
    """What speaks for the challenger besides its answers, unless it costs as much elsewhere."""
    size = f.challenger_bytes / f.champion_bytes
    slowest, fastest = f.speedup_low or 1.0, f.speedup_high or 1.0  # of the middle of the turns
    if slowest >= FASTER and size <= 1 / SMALLER:
        return "faster"
    if size <= SMALLER and fastest > 1 / FASTER:
        return "smaller"
    return None


def _refused(f: Figures, why: str, figures: str) -> Decision:
    return Decision(False, f"Refused, {why}: {figures}; {f.champion} stays in service.")


def _labels(f: Figures) -> str:
    luck = pairs.luck(max(f.won, f.lost), min(f.won, f.lost))
    sentence = (
        f"{f.challenger_accuracy.value:.2%} right against {f.champion_accuracy.value:.2%} of "
        f"{f.champion} on the same {f.n} test pictures, {f.won} that only the new one has right "
        f"against {f.lost} (exact McNemar p = {luck:.2g}, one-sided; difference "
        f"{100 * f.difference:+.2f} points, 95 % interval {100 * f.difference_low:+.2f} to "
        f"{100 * f.difference_high:+.2f})"
    )
    ours, theirs = f.challenger_rejected, f.champion_rejected
    if ours and theirs:
        sentence += (
            f", {round(ours.value * ours.n)} of {ours.n} pictures of neither turned away against "
            f"{round(theirs.value * theirs.n)}"
        )
    return sentence


def _too_few(f: Figures) -> str:
    have = " and ".join(f"{count} of {label}" for label, count in f.of_each.items())
    seen = f" ({f.seen} others it was trained on)" if f.seen else ""
    return (
        f"only {have} among this run's test pictures are new to {f.champion}{seen}, and under "
        f"{LEAST_OF_EACH} of each tell little: add pictures (110 of each label mostly give "
        "enough), or give them a model store of their own (BENTOML_HOME=folder)"
    )


def _cost(f: Figures) -> str:
    sizes = f"{f.challenger_bytes / 1e6:.1f} MB against {f.champion_bytes / 1e6:.1f}"
    if f.champion_pictures_per_s is None or f.challenger_pictures_per_s is None:
        return f", {sizes}"
    ours, theirs = f.challenger_pictures_per_s, f.champion_pictures_per_s
    return f", {ours:.0f} pictures a second against {theirs:.0f}, {sizes}"


def _margin(f: Figures) -> str:
    if f.n < ENOUGH_FOR_MARGIN:
        return f", where fewer than {ENOUGH_FOR_MARGIN} pictures cannot rule out a real loss"
    return f", where a loss of {100 * MARGIN:g} point must be ruled out"
