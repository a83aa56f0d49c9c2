// A picture's card: its thumbnail, and under it the answer as it arrives.

import { draw, kindOf } from "./thumbnail.js";
import { sureness, VERDICTS } from "./words.js";

const template = document.querySelector("#card-template");

/** Makes the card of a picture. `onAgain` and `onExplain` are for its buttons. */
export function card(picture, { onAgain, onExplain }) {
  const element = template.content.firstElementChild.cloneNode(true);
  const find = (selector) => element.querySelector(selector);
  find(".name").textContent = picture.name;
  find(".name").title = picture.name;
  find(".again").addEventListener("click", () => onAgain(picture));
  find(".explain").addEventListener("click", () => onExplain(picture));
  for (const button of element.querySelectorAll("button")) {
    button.setAttribute("aria-label", `${button.textContent}: ${picture.name}`);
  }
  draw(picture.file, find("canvas")).then((isShown) => {
    if (!isShown) find(".no-preview").textContent = `${kindOf(picture.file)}: no preview here`;
  });
  return { element, update: () => show(picture, element, find) };
}

function show(picture, element, find) {
  const { state, answer, problem } = picture;
  const isAnswered = state === "answered";
  element.dataset.state = state;
  element.dataset.label = isAnswered ? answer.label : "";
  find(".verdict").textContent = isAnswered ? VERDICTS[answer.label] : waiting(picture);
  find(".sure").textContent = isAnswered ? sureness(answer) : "";
  find(".bar div").style.inlineSize = isAnswered ? `${100 * answer.confidence}%` : "";
  find(".detail").textContent = state === "busy" ? "" : (problem?.detail ?? "");
  find(".explain").hidden = !isAnswered;
  const again = find(".again");
  const isHidden = !problem || ["busy", "locked"].includes(state) || isFinal(problem);
  if (isHidden && again === document.activeElement) element.focus({ preventScroll: true });
  again.hidden = isHidden;
}

/** The same bytes would be refused again, however often: 4xx, but for "too slow" and "too many". */
function isFinal({ status }) {
  return status >= 400 && status < 500 && ![408, 429].includes(status);
}

function waiting({ state, problem, waitS }) {
  if (state === "waiting") return "Waits its turn";
  if (state === "asked") return "Looking …";
  if (state === "busy") return `Busy: tries again in ${waitS} s`;
  if (state === "locked") return "Waits for an API key";
  return problem.title;
}
