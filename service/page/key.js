// The API key, where the service wants one: in this tab's memory, and in no other place.

const NAME = "catdog-api-key";
const form = document.querySelector("#key");
const field = document.querySelector("#key-field");

/** Headers that bear the key; none where there is no key. */
export function authorization() {
  const key = sessionStorage.getItem(NAME);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Shows the field. `problem` is the service's 401. */
export function want(problem) {
  const wasWrong = sessionStorage.getItem(NAME) !== null;
  sessionStorage.removeItem(NAME);
  if (!form.hidden) return;
  const detail = wasWrong ? "It does not know the one that was sent." : problem.title + ".";
  document.querySelector("#key-detail").textContent = detail;
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
