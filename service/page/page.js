// Sends the chosen picture to /predict and says the answer. Without it the form still works.
const form = document.querySelector("form");
const answer = document.querySelector("#answer");
const button = document.querySelector("button");
const preview = document.querySelector("#preview");

const percent = (p) => `${(100 * p).toFixed(1)} %`;

function sentence(body) {
  if (body.label === "neither") {
    return `Neither, it seems: more like something else (novelty ${percent(body.novelty)}).`;
  }
  return `A ${body.label}, ${percent(body.confidence)} sure.`;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = "Looking …";
  button.disabled = true; // answers in the order of the questions
  try {
    const response = await fetch("/predict", { method: "POST", body: new FormData(form) });
    const body = await response.json();
    answer.textContent = response.ok ? sentence(body) : body.detail;
  } catch {
    answer.textContent = "The service cannot be reached. Is it still running?";
  } finally {
    button.disabled = false;
  }
});

form.elements.image.addEventListener("change", (event) => {
  const [file] = event.target.files;
  answer.textContent = "";
  URL.revokeObjectURL(preview.src);
  preview.hidden = !file;
  if (file) preview.src = URL.createObjectURL(file);
});
