"use strict";
// The playground of the sliding kernel: every number, stride, padding and dilation can be changed.
{
  const { picture, kernel } = data("example");
  const STEP_MS = 900;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let step = 0;
  let timer;

  const pictureInputs = inputs("picture", picture);
  const kernelInputs = inputs("kernel", kernel);
  const stride = knob("stride", 1, 4, 1);
  const padding = knob("padding", 0, 4, 0);
  const dilation = knob("dilation", 1, 3, 1);
  const [pictureTable, kernelTable, resultTable] = ["the padded picture", "the kernel", "the result"]
    .map((name) => element("table", { class: "matrix typed", "aria-label": name }));
  const said = element("output", { class: "sum" });
  const play = element("button", { type: "button", onclick: playOrPause });
  const size = element("span");

  document.getElementById("playground").append(
    element("h3", {}, "Now you: change any number"),
    element("div", { class: "knobs" }, stride.label, padding.label, dilation.label),
    element(
      "div",
      { class: "knobs" },
      element("button", { type: "button", onclick: () => move(step - 1) }, "Back"),
      element("button", { type: "button", onclick: () => move(step + 1) }, "Step"),
      play,
      element("button", { type: "button", onclick: reset }, "Reset"),
    ),
    element(
      "div",
      { class: "figure-row" },
      figure(pictureTable, "picture and padding; the small numbers are the weights"),
      figure(kernelTable, "kernel"),
      figure(resultTable, "result, ", size),
    ),
    said,
  );
  document.getElementById("playground").hidden = false;

  function inputs(name, rows) {
    return rows.map((row, r) =>
      row.map((value, c) =>
        numberInput(`${name}, row ${r + 1}, column ${c + 1}`, value, () => move(step)),
      ),
    );
  }

  function knob(name, min, max, value) {
    const number = element("b", {}, value);
    const input = element("input", { type: "range", name, min, max, value, oninput: build });
    return { input, number, label: element("label", {}, `${name} `, number, input) };
  }

  function set(knob, value) {
    knob.input.value = value;
  }

  function figure(table, ...caption) {
    const scroll = element("div", { class: "scroll" }, table);
    return element("figure", {}, scroll, element("figcaption", {}, ...caption));
  }

  function reset() {
    picture.forEach((row, r) => row.forEach((value, c) => (pictureInputs[r][c].value = value)));
    kernel.forEach((row, r) => row.forEach((value, c) => (kernelInputs[r][c].value = value)));
    set(stride, 1);
    set(padding, 0);
    set(dilation, 1);
    build();
  }

  // Anew, for other knobs: the first step again.
  function build() {
    for (const { input, number } of [stride, padding, dilation]) number.textContent = input.value;
    const rings = padding.input.valueAsNumber;
    const side = picture.length + 2 * rings;
    fill(pictureTable, side, side, (r, c) => pictureInputs[r - rings]?.[c - rings] ?? "0");
    fill(kernelTable, kernel.length, kernel.length, (r, c) => kernelInputs[r][c]);
    const sides = Math.max(0, places(side, kernel.length, ...strideAndDilation()));
    fill(resultTable, sides, sides, () => "");
    size.textContent = `${sides} by ${sides}`;
    pause();
    move(0);
  }

  function strideAndDilation() {
    return [stride.input.valueAsNumber, dilation.input.valueAsNumber];
  }

  function fill(table, height, width, content) {
    const rows = Array.from({ length: height }, (_, r) => {
      const cells = Array.from({ length: width }, (_, c) => element("td", {}, content(r, c)));
      return element("tr", {}, ...cells);
    });
    table.replaceChildren(element("tbody", {}, ...rows));
  }

  function move(to) {
    const sides = resultTable.rows.length;
    if (sides === 0) {
      mark([]);
      said.textContent = "The kernel does not fit in: pad more, or dilate less.";
      return;
    }
    step = Math.min(Math.max(to, 0), sides ** 2 - 1);
    if (step === sides ** 2 - 1) pause();
    const weights = asPlane(kernelInputs.map((row) => row.map(numberIn)));
    const pixels = asPlane(pictureInputs.map((row) => row.map(numberIn)));
    const around = padded(pixels, padding.input.valueAsNumber);
    const result = correlate(around, weights, ...strideAndDilation());
    const [across, apart] = strideAndDilation();
    const [row, column] = [Math.floor(step / sides), step % sides];
    const seen = Array.from(weights.data, (weight, k) => {
      const r = row * across + Math.floor(k / weights.width) * apart;
      const c = column * across + (k % weights.width) * apart;
      return { cell: pictureTable.rows[r].cells[c], pixel: around.data[r * around.width + c], weight };
    });
    mark(seen);
    [...resultTable.querySelectorAll("td")].forEach((cell, i) => {
      cell.textContent = i <= step ? written(result.data[i]) : "";
      cell.classList.toggle("seen", i === step);
    });
    const terms = seen.map(({ pixel, weight }) => `${written(pixel)}·${written(weight)}`);
    const sum = `${terms.join(" + ")} = ${written(result.data[step])}`;
    said.textContent = `Step ${step + 1} of ${sides ** 2}: ${sum}`;
  }

  function mark(seen) {
    for (const cell of pictureTable.querySelectorAll(".seen")) {
      cell.classList.remove("seen");
      delete cell.dataset.weight;
    }
    for (const { cell, weight } of seen) {
      cell.classList.add("seen");
      cell.dataset.weight = written(weight);
    }
  }

  // Who asked their system for less motion gets the end at once.
  function playOrPause() {
    if (isCalm) {
      move(Infinity);
    } else if (timer) {
      pause();
    } else {
      move(step === resultTable.rows.length ** 2 - 1 ? 0 : step + 1);
      timer = setInterval(() => move(step + 1), STEP_MS);
      said.setAttribute("aria-live", "off"); // or a screen reader never comes to an end
      play.textContent = "Pause";
    }
  }

  function pause() {
    clearInterval(timer);
    timer = undefined;
    said.setAttribute("aria-live", "polite");
    play.textContent = isCalm ? "To the end" : "Play";
  }

  build();
}
