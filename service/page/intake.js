// Ways in which pictures arrive: dropped, pasted, chosen, photographed, or one of the examples.

/** Calls `onFiles` with the files, whichever way they came, and `onHint` with what to do better. */
export function intake(onFiles, onHint) {
  for (const input of document.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      onFiles([...input.files]);
      input.value = ""; // the same file may be chosen again
    });
  }
  for (const button of document.querySelectorAll(".example")) {
    button.addEventListener("click", async () => {
      const response = await fetch(`/page/examples/${button.dataset.name}`).catch(() => null);
      if (!response?.ok) return onHint("The example cannot be had: the service does not answer.");
      onFiles([new File([await response.blob()], button.dataset.name, { type: "image/png" })]);
    });
  }
  document.addEventListener("paste", (event) => {
    if (event.target.matches("input:not([type=file])")) return;
    take([...event.clipboardData.files], "pasted", onFiles, onHint);
  });
  dropAnywhere(onFiles, onHint);
}

function dropAnywhere(onFiles, onHint) {
  const page = document.documentElement;
  let depth = 0; // every element that the pointer crosses says that it is entered and left
  const over = (change) => {
    depth = change ? depth + change : 0;
    page.classList.toggle("dragging", depth > 0);
  };
  document.addEventListener("dragenter", (event) => {
    event.preventDefault();
    over(1);
  });
  document.addEventListener("dragleave", () => over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    over(0);
    const folders = foldersOf(event.dataTransfer);
    const found = folders.length ? await below(folders) : [...event.dataTransfer.files];
    const files = found.filter(Boolean);
    const lost = found.length - files.length;
    if (files.length || !(lost || folders.length)) take(files, "dropped", onFiles, onHint);
    if (lost) onHint(unreadable(lost));
    else if (folders.length && !files.length) onHint("There is no picture in what was dropped.");
  });
}

function take(files, how, onFiles, onHint) {
  if (files.length) onFiles(files);
  else onHint(`What was ${how} is no file. This service fetches no links: save the picture first.`);
}

function unreadable(n) {
  const what = n === 1 ? "1 file or folder" : `${n} files or folders`;
  return `${what} could not be read. Look whether you may open all that you dropped.`;
}

/** Folders, and the files beside them; nothing where there is no folder. */
function foldersOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some((entry) => entry.isDirectory) ? entries : [];
}

/** All files, those of folders too; null for each file and folder that cannot be read. */
async function below(entries) {
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry) {
  if (entry.isFile) return [await new Promise((done) => entry.file(done, () => done(null)))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // 100 at most
    const some = await new Promise((done) => reader.readEntries(done, () => done(null)));
    if (!some) return [...(await below(found)), null];
    if (!some.length) return below(found);
    found.push(...some.filter(({ name }) => !name.startsWith("."))); // .DS_Store is no picture
  }
}
