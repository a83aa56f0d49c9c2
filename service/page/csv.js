// All answers as a file for spreadsheets: RFC 4180, and no cell that is a formula.

const COLUMNS = ["name", "label", "confidence", "p_cat", "p_dog", "novelty", "model", "error"];
const BYTE_ORDER_MARK = "\ufeff"; // without it Excel takes UTF-8 for something else

/** The file's text, one line a picture in the order given. */
export function csv(pictures) {
  const lines = [COLUMNS, ...pictures.map(row)];
  return BYTE_ORDER_MARK + lines.map((cells) => cells.map(cell).join(",") + "\r\n").join("");
}

/** Hands a text to the browser as a file to be saved. */
export function save(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function row({ name, answer, problem }) {
  if (!answer) return [name, "", "", "", "", "", "", problem?.detail ?? "not asked yet"];
  const { label, confidence, probabilities, novelty, model } = answer;
  return [name, label, confidence, probabilities.cat, probabilities.dog, novelty, model, ""];
}

function cell(value) {
  let text = String(value);
  // Spreadsheets run what begins so (OWASP, "CSV Injection"); with an apostrophe it is text to them.
  if (typeof value === "string" && /^[=+\-@＝＋－＠\t\r\n]/.test(text)) text = `'${text}`;
  // Where the comma is the decimal sign, Excel parts cells at semicolons.
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
