// All answers as a table, sorted by the column whose heading was pressed last.

import { percent, SHORT } from "./words.js";

const VALUES = {
  name: ({ name }) => name,
  label: ({ answer }) => answer?.label,
  confidence: ({ answer }) => answer?.confidence,
  p_cat: ({ answer }) => answer?.probabilities.cat,
  p_dog: ({ answer }) => answer?.probabilities.dog,
  novelty: ({ answer }) => answer?.novelty,
};
const NAMES = new Intl.Collator(undefined, { numeric: true }); // 2.jpg before 10.jpg

const section = document.querySelector("#table");
const body = section.querySelector("tbody");
const headings = [...section.querySelectorAll("th")];
let order = { key: null, sign: 1 }; // no key: as they came
const drawn = new WeakMap(); // picture -> its line, and what that shows
let isStale = false;

/** Has the table drawn anew, once for all changes of a moment. `pictures` says which there are. */
export function redraw(pictures) {
  if (isStale) return;
  isStale = true;
  requestAnimationFrame(() => {
    isStale = false;
    const rows = sorted(pictures());
    section.hidden = rows.length === 0;
    arrange(rows.map(lineOf));
    mark(); // with the rows, not before: whoever is told "ascending" finds them so
  });
}

/** Puts the lines in this order, and moves none that is in its place: there may be thousands. */
function arrange(lines) {
  let next = body.firstElementChild;
  for (const line of lines) {
    if (line === next) next = next.nextElementSibling;
    else body.insertBefore(line, next);
  }
  while (next) {
    const left = next;
    next = next.nextElementSibling;
    left.remove();
  }
}

function lineOf(picture) {
  const { answer, problem } = picture;
  const known = drawn.get(picture);
  if (known?.answer === answer && known.problem === problem) return known.line;
  const line = row(picture);
  known?.line.replaceWith(line);
  drawn.set(picture, { line, answer, problem });
  return line;
}

function mark() {
  const direction = order.sign > 0 ? "ascending" : "descending";
  for (const heading of headings) {
    heading.ariaSort = heading.dataset.key === order.key ? direction : "none";
  }
}

/** The pictures in the table's order; those without a value come last, whichever way. */
export function sorted(pictures) {
  const { key, sign } = order;
  if (!key) return [...pictures];
  const value = VALUES[key];
  const compare = (a, b) => {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (typeof a === "string" ? NAMES.compare(a, b) : a - b);
  };
  return [...pictures].sort((a, b) => compare(value(a), value(b)));
}

/** Calls `onSort` when a heading was pressed; pressed again, it turns the order round. */
export function sortable(onSort) {
  for (const heading of headings) {
    heading.querySelector("button").addEventListener("click", () => {
      const { key } = heading.dataset;
      order = { key, sign: order.key === key ? -order.sign : 1 };
      onSort();
    });
  }
}

function row(picture) {
  const { name, answer, problem } = picture;
  const line = document.createElement("tr");
  const numbers = answer
    ? [answer.confidence, answer.probabilities.cat, answer.probabilities.dog, answer.novelty]
    : [null, null, null, null];
  line.append(
    cell("th", name, "file"),
    cell("td", answer ? SHORT[answer.label] : (problem?.title ?? "…"), answer?.label ?? "none"),
    ...numbers.map((n, i) => cell("td", n === null ? "–" : percent(n), i ? "number wide" : "number")),
  );
  line.firstChild.scope = "row";
  return line;
}

function cell(tag, text, kind) {
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = text;
  return element;
}
