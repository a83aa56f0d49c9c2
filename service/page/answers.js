// The list of all pictures: their cards, the summary, and what a screen reader is told.

import { card } from "./card.js";
import { csv, save } from "./csv.js";
import { want } from "./key.js";
import { hide } from "./notice.js";
import { Picture } from "./picture.js";
import { redraw, sortable, sorted } from "./table.js";
import { sentence, summary } from "./words.js";

const SAY_AFTER_MS = 700; // answers that come together are told together
const SAY_APART_MS = 5000; // while others are to come: whoever listens wants to do other things too

const list = document.querySelector("#cards");
const gone = document.querySelector("#gone");
const said = document.querySelector("#said");
const cards = new Map(); // picture -> card, in the order they came
let untold = new Set();
let timer = null;
let saidAtMs = -Infinity;

const pictures = () => [...cards.keys()];

/** Takes files, and asks for each. `onExplain` is called for a picture whose button was pressed. */
export function add(files, onExplain) {
  const added = files.map((file) => new Picture(file));
  for (const picture of added) {
    const made = card(picture, { onAgain: ask, onExplain });
    cards.set(picture, made);
    list.append(made.element);
    ask(picture);
  }
  cards.get(added[0]).element.scrollIntoView({ block: "nearest" });
}

/** Asks again for all pictures of which `state` has become. */
export function askAgain(state) {
  pictures().filter((picture) => picture.state === state).forEach(ask);
}

/** Sets up the buttons beside the list. */
export function prepare() {
  gone.querySelector("button").addEventListener("click", () => askAgain("gone"));
  document.querySelector("#save").addEventListener("click", () => {
    save(csv(sorted(pictures())), "cats-and-dogs.csv");
  });
  document.querySelector("#clear").addEventListener("click", () => {
    for (const picture of pictures()) picture.abandon();
    cards.clear();
    list.replaceChildren();
    changed();
    document.querySelector("#choose").focus(); // the button that had it is gone
  });
  sortable(changed);
}

function ask(picture) {
  picture.ask(() => {
    cards.get(picture).update();
    if (picture.state === "locked") want(picture.problem.key);
    if (hasNews(picture)) tell(picture);
    changed();
  });
}

function changed() {
  const all = pictures();
  document.querySelector("#summary").textContent = all.length ? summary(all) : "None yet";
  document.querySelector("#tools").classList.toggle("unused", all.length === 0);
  if (all.some(({ state }) => state === "gone")) gone.hidden = false;
  else hide(gone);
  redraw(pictures);
}

const hasNews = ({ isSettled, state }) => isSettled || state === "gone";

const isOpen = (picture) => !hasNews(picture) && picture.state !== "locked";

function tell(picture) {
  untold.add(picture);
  const areMoreToCome = pictures().some(isOpen);
  if (timer && areMoreToCome) return;
  clearTimeout(timer);
  const apartMs = areMoreToCome ? saidAtMs + SAY_APART_MS - performance.now() : 0;
  timer = setTimeout(say, Math.max(SAY_AFTER_MS, apartMs));
}

function say() {
  // Some may have been cleared or asked again by now: then there is no news of them.
  const news = [...untold].filter((one) => cards.has(one) && hasNews(one));
  untold = new Set();
  timer = null;
  if (!news.length) return;
  said.textContent = news.length > 1 ? `${summary(pictures())}.` : sentence(news[0]);
  saidAtMs = performance.now();
}
