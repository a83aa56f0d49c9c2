// What the model's card says of it, in words.

import { get, Problem } from "./ask.js";
import { want } from "./key.js";

const figures = document.querySelector("#model-figures");
const whole = document.querySelector("#model-card");

/** Asks for the card and shows it. */
export async function showModel() {
  try {
    const response = await get("/model");
    const card = await response.json();
    whole.textContent = JSON.stringify(card, null, 2);
    show(card);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) want(error.key);
    const detail = error instanceof Problem ? error.detail : "The service cannot be reached.";
    whole.textContent = detail;
    figures.replaceChildren(entry("Its card", "not to be had", detail));
  }
}

function show({ tag, metrics, dataset, recipe, calibration, precision }) {
  const { cat = 0, dog = 0 } = dataset.counts.train ?? {}; // `neither` is measured with only
  const trained = cat + dog;
  const none = "its card has no figures";
  figures.replaceChildren(
    metrics
      ? entry("Right answers", short(metrics.accuracy.value), rangeOf(metrics.accuracy, "test pictures"))
      : entry("Right answers", "unknown", none),
    metrics
      ? entry("Calibration error", short(metrics.calibration_error), "how far, on average, its confidence is from how often it is right")
      : entry("Calibration error", "unknown", none),
    entry("Other things turned away", ...neither(metrics, calibration)),
    entry("Made from", backbone(recipe.backbone), `${trained.toLocaleString("en")} pictures of ${nameOf(dataset.name)}; runs in ${precision}; ${tag}`),
  );
}

function neither(metrics, { novelty_threshold }) {
  const rejected = metrics?.neither_rejected;
  const threshold = `past a novelty of ${(100 * novelty_threshold).toFixed(1)} %`;
  if (!rejected) return ["not measured", `the answer is neither ${threshold}`];
  return [short(rejected.value), `${rangeOf(rejected, "pictures of other things")}; ${threshold}`];
}

function rangeOf({ low, high, n }, what) {
  return `of ${n.toLocaleString("en")} ${what}; 95 % interval ${(100 * low).toFixed(1)} to ${short(high)}`;
}

const short = (share) => `${(100 * share).toFixed(1)} %`;
const nameOf = (dataset) => (dataset === "starter" ? "the starter set" : dataset.split("/").pop());
const backbone = (name) => name.replace(/^resnet(\d+)$/, "ResNet-$1");

function entry(term, figure, about) {
  const group = document.createElement("div");
  for (const [tag, kind, text] of [["dt", "", term], ["dd", "figure", figure], ["dd", "muted", about]]) {
    const element = document.createElement(tag);
    element.className = kind;
    element.textContent = text;
    group.append(element);
  }
  return group;
}
