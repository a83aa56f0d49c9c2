// The API key, where the service wants one: in this tab's memory, and in no other place.

import { hide, isWhereItWasLeft } from "./notice.js";

const NAME = "catdog-api-key";
const form = document.querySelector("#key");
const field = document.querySelector("#key-field");
const said = document.querySelector("#key-said");

/** The key that is kept; null for none. */
export function keptKey() {
  return sessionStorage.getItem(NAME);
}

/** Headers that bear a key, in UTF-8, of which a header takes a character a byte; none for null. */
export function bearing(key) {
  if (!key) return {};
  const bytes = String.fromCharCode(...new TextEncoder().encode(key));
  return { Authorization: `Bearer ${bytes}` };
}

/** Shows the field: the service answered 401 to who came with this key, or with null. */
export function want(key) {
  if (keptKey() === key) sessionStorage.removeItem(NAME);
  if (!form.hidden) return;
  document.querySelector("#key-detail").textContent =
    key === null ? "Who runs it can give you one." : "It does not know the one that was sent.";
  form.hidden = false;
  if (isWhereItWasLeft()) field.focus();
  said.textContent = document.querySelector("#key-title").textContent;
}

/** Calls `use` when a key was given. */
export function onKey(use) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(NAME, field.value.trim());
    field.value = "";
    hide(form);
    said.textContent = "";
    use();
  });
}
