// The API key, where the service wants one: in this tab's memory, and in no other place.

const NAME = "catdog-api-key";
const form = document.querySelector("#key");
const field = document.querySelector("#key-field");

/** Headers that bear the key; none where there is no key. */
export function authorization() {
  const key = sessionStorage.getItem(NAME);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Shows the field: the service answered 401. */
export function want() {
  const wasWrong = sessionStorage.getItem(NAME) !== null;
  sessionStorage.removeItem(NAME);
  if (!form.hidden) return;
  document.querySelector("#key-detail").textContent = wasWrong
    ? "It does not know the one that was sent."
    : "Who runs it can give you one.";
  form.hidden = false;
}

/** Calls `use` when a key was given. */
export function onKey(use) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(NAME, field.value.trim());
    field.value = "";
    form.hidden = true;
    use();
  });
}
