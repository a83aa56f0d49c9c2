"""What the page says of the model."""

from playwright.sync_api import Page, expect

from service.artifact import Calibration, Card, Dataset, Interval, Metrics, Recipe
from tests.live_server import Server

CARD = Card(
    calibration=Calibration(temperature=1, novelty_threshold=0.9),
    metrics=Metrics(
        part="test",
        accuracy=Interval(value=0.88, low=0.8445, high=0.9083, n=400),
        log_loss=0.26,
        calibration_error=0.0298,
        confusion={},
        turned_away=Interval(value=0, low=0, high=0.01, n=400),
        neither_rejected=Interval(value=0.9, low=0.857, high=0.931, n=250),
    ),
    dataset=Dataset(
        name="/data/pets", digest="0" * 64, counts={"train": {"cat": 1000, "dog": 346}}
    ),
    recipe=Recipe(backbone="resnet50", weights="none", config="", seed=0, stage="none"),
    created="2026-01-01T00:00:00Z",
)


def test_accuracy_is_said_with_its_interval_and_count(page: Page) -> None:
    body = {"tag": "catdog:abc", **CARD.model_dump(mode="json")}
    page.route("**/model", lambda route: route.fulfill(json=body))
    page.reload()
    figures = page.locator("#model-figures")
    expect(figures).to_contain_text("88.0 %of 400 test pictures; 95 % interval 84.5 to 90.8 %")
    expect(figures).to_contain_text("90.0 %of 250 pictures of other things")
    expect(figures).to_contain_text("1,346 pictures of pets")
    expect(figures).to_contain_text("ResNet-50")
    expect(figures).to_contain_text("catdog:abc")


def test_model_without_figures_says_so(page: Page, server: Server) -> None:
    figures = page.locator("#model-figures")
    expect(figures).to_contain_text("its card has no figures")
    expect(figures).to_contain_text(server.tag)
