// The page: pictures come in, answers go out.

import { add, askAgain, prepare } from "./answers.js";
import { intake } from "./intake.js";
import { onKey } from "./key.js";
import { showModel } from "./model.js";
import { hide } from "./notice.js";
import { openPanel } from "./panel.js";

const hint = document.querySelector("#hint");

// The notices lie over the page's end: that can be scrolled up from under them.
new ResizeObserver(([{ target }]) => {
  document.documentElement.style.setProperty("--covered", `${target.offsetHeight}px`);
}).observe(document.querySelector(".notices"));

function showHint(text) {
  hint.querySelector("p").textContent = text;
  hint.hidden = false;
}

hint.querySelector("button").addEventListener("click", () => hide(hint));

prepare();
intake((files) => {
  hide(hint);
  if (files.length) add(files, openPanel);
}, showHint);
onKey(() => {
  askAgain("locked");
  showModel();
});
showModel();
