"use strict";
// A kernel with a single 1, which one places, slid over a photograph as often as one likes.
{
  const SIDE = 5;
  const MIDDLE = 2;
  let photograph;
  let [row, column] = [1, 3];

  const times = element("input", { type: "range", min: 1, max: 20, value: 5, oninput: draw });
  const said = element("output");
  const cells = Array.from({ length: SIDE }, (_, r) =>
    element("tr", {}, ...Array.from({ length: SIDE }, (_, c) => element("td", {}, place(r, c)))),
  );
  document.getElementById("mover").append(
    element(
      "fieldset",
      {},
      element("legend", {}, "Where is the 1?"),
      element("table", { class: "matrix", role: "presentation" }, element("tbody", {}, ...cells)),
    ),
    element("p", { class: "knobs" }, element("label", {}, "How often is it slid? ", times)),
    element("p", {}, said),
  );
  document.getElementById("mover").hidden = false;

  function place(r, c) {
    return element("input", {
      type: "radio",
      name: "place",
      "aria-label": `row ${r}, column ${c}`,
      checked: r === row && c === column,
      onchange: () => {
        [row, column] = [r, c];
        draw();
      },
    });
  }

  function draw() {
    const n = times.valueAsNumber;
    const ways = [way(MIDDLE - row, "down", "up"), way(column - MIDDLE, "left", "right")];
    const where = ways.filter(Boolean).join(" and ") || "nowhere";
    said.textContent = `Slid ${n === 1 ? "once" : `${n} times`}: the picture moves ${where}.`;
    if (!photograph) return;
    const kernel = plane(SIDE, SIDE);
    kernel.data[row * SIDE + column] = 1;
    let moved = photograph;
    for (let i = 0; i < n; i++) {
      moved = moved.map((channel) => correlate(padded(channel, MIDDLE), kernel));
    }
    show(named("moved"), moved);
  }

  function way(each, positive, negative) {
    const pixels = Math.abs(each) * times.valueAsNumber;
    return pixels && `${pixels} pixel${pixels > 1 ? "s" : ""} ${each > 0 ? positive : negative}`;
  }

  onPhotograph((planes) => {
    photograph = planes;
    show(named("original"), planes);
    draw();
  });
  draw();
}
