// What the network saw in one picture: a dialog over the page.

import { explain, Failed, get, Problem } from "./ask.js";
import { want } from "./key.js";
import { percent, sureness, VERDICTS } from "./words.js";

const dialog = document.querySelector("#panel");
const template = document.querySelector("#panel-template");
const find = (selector) => dialog.querySelector(selector);

/** Opens the panel of a picture that has an answer, and asks for its explanation. */
export async function openPanel(picture) {
  const closed = new AbortController();
  dialog.replaceChildren(template.content.cloneNode(true));
  dialog.addEventListener("close", () => closed.abort(), { once: true });
  find(".name").textContent = picture.name;
  find(".close").addEventListener("click", () => dialog.close());
  dialog.showModal();
  dialog.scrollTop = 0;
  try {
    picture.explanation ??= await explain(picture.file, { signal: closed.signal, onWait });
    await show(picture.explanation, closed.signal);
  } catch (error) {
    if (closed.signal.aborted) return;
    if (error.status === 401) {
      dialog.close(); // the field lies under it
      want(error.key);
    } else find(".panel-status").textContent = reason(error);
  }
}

// Beside it, pressed and let go: who selects text lets go anywhere.
let isPressedBeside = false;
dialog.addEventListener("pointerdown", (event) => {
  isPressedBeside = isBeside(event);
});
dialog.addEventListener("click", (event) => {
  if (isPressedBeside && isBeside(event)) dialog.close();
});

/** The backdrop is the dialog's own, and so are its empty parts. */
function isBeside({ target, clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  const isInside = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  return target === dialog && !isInside;
}

function onWait(left) {
  find(".panel-status").textContent = left
    ? `The service is busy: tries again in ${left} s`
    : "Looking inside the network …";
}

function reason(error) {
  if (error instanceof Problem || error instanceof Failed) return error.detail;
  return "The service cannot be reached. Close this, and try again once it runs.";
}

async function show(explanation, signal) {
  showMap(explanation);
  find(".series").replaceChildren(...series(explanation));
  find(".stages").append(...explanation.stages.map(stage));
  find(".imagenet ol").replaceChildren(...explanation.imagenet.map(guess));
  find(".panel-status").textContent = "";
  find(".panel-body").hidden = false;
  await showFilters(explanation.filters, signal);
}

function showMap({ answer, seen, activation_map }) {
  find(".seen").src = seen;
  find(".heat").src = activation_map.image;
  const verdict = find(".map .verdict");
  verdict.textContent = `${VERDICTS[answer.label]}, ${sureness(answer)}`;
  verdict.dataset.label = answer.label;
  const places = activation_map.values.flat();
  const forDog = places.filter((value) => value > 0).length;
  const mean = places.reduce((sum, value) => sum + value, 0) / places.length;
  find(".map .sentence").textContent =
    `${places.length - forDog} of ${places.length} places speak for cat, ${forDog} for dog; ` +
    `all together for ${mean > 0 ? "dog" : "cat"}.`;
  const slider = find("#opacity");
  const cover = () => {
    find(".heat").style.opacity = slider.value / 100;
    find("output").textContent = `${slider.value} %`;
  };
  slider.addEventListener("input", cover);
  cover();
}

/** The picture whole, then with more and more of it greyed out, each with its answer. */
function series({ answer, seen, greyed_out }) {
  const whole = { ...answer, share: 0, image: seen };
  return [whole, ...greyed_out].map((step) => {
    const item = element("li", "step");
    item.dataset.label = step.label;
    const title = step.share ? `${Math.round(100 * step.share)} % greyed out` : "Whole";
    const bar = element("div", "bar");
    const fill = element("div");
    fill.style.inlineSize = `${100 * step.confidence}%`;
    bar.append(fill);
    item.append(
      picture(step.image, `The picture, ${title.toLowerCase()}`),
      element("p", "muted small", title),
      element("p", "verdict", VERDICTS[step.label]),
      bar,
      element("p", "sure small", sureness(step)),
    );
    return item;
  });
}

function stage({ name, channels, side, strongest }) {
  const block = element("div", "stage");
  const list = element("ul", "maps");
  for (const { channel, response, image } of strongest) {
    const item = element("li");
    item.title = `response ${response.toFixed(2)}`;
    item.append(picture(image, `${name}, channel ${channel}`), element("span", "small", `channel ${channel}`));
    list.append(item);
  }
  const size = `${channels} channels of ${side} × ${side}`;
  const title = element("h4", "", name);
  title.append(element("span", "muted", ` ${size}`));
  block.append(title, list);
  return block;
}

function guess({ name, probability }) {
  const item = element("li");
  item.append(element("span", "", name), element("span", "number", percent(probability)));
  return item;
}

/** As bytes, not as an address: where a key is wanted, an <img> could not send it. */
async function showFilters(path, signal) {
  const image = find(".filters img");
  let response;
  try {
    response = await get(path, signal);
  } catch (error) {
    if (signal.aborted || error.status === 401) throw error;
    image.hidden = true;
    find(".filters .reason").textContent = reason(error);
    return;
  }
  const url = URL.createObjectURL(await response.blob());
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  image.addEventListener("error", () => URL.revokeObjectURL(url), { once: true });
  image.src = url;
}

function picture(source, text) {
  const image = element("img");
  image.src = source;
  image.alt = text;
  return image;
}

function element(tag, kind = "", text = "") {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}
