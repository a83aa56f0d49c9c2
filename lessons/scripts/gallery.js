"use strict";
// The gallery on a photograph of one's own, and with a kernel of one's own.
{
  const SIDE = 5;
  const kernels = data("kernels");
  let photograph;

  const select = element(
    "select",
    { onchange: () => start(kernels[select.selectedIndex]) },
    ...kernels.map((kernel) => element("option", {}, kernel.name)),
  );
  const weights = Array.from({ length: SIDE }, (_, r) =>
    Array.from({ length: SIDE }, (_, c) =>
      numberInput(`weight in row ${r + 1}, column ${c + 1}`, 0, draw),
    ),
  );
  const divisor = element("input", { type: "number", step: "any", value: 1, oninput: draw });
  const sum = element("output");
  const image = element("img", { "data-name": "own", class: "pixels", width: 320 });
  image.alt = "the photograph, filtered by your own kernel";

  document.getElementById("own").append(
    element("h3", {}, "Your own kernel"),
    element(
      "div",
      { class: "figure-row" },
      element(
        "div",
        {},
        element("p", {}, element("label", {}, "Start from ", select)),
        element(
          "table",
          { class: "matrix typed", "aria-label": "the kernel's weights" },
          element("tbody", {}, ...weights.map((row) => element("tr", {}, ...row.map(cell)))),
        ),
        element("p", {}, element("label", {}, "all divided by ", divisor)),
        element("p", { class: "note" }, sum),
      ),
      element("figure", {}, image),
    ),
  );
  document.getElementById("own").hidden = false;

  function cell(input) {
    return element("td", {}, input);
  }

  function start(kernel) {
    const margin = (SIDE - kernel.weights.length) / 2;
    weights.forEach((row, r) =>
      row.forEach((input, c) => {
        input.value = kernel.weights[r - margin]?.[c - margin] ?? 0;
      }),
    );
    divisor.value = kernel.divisor;
    draw();
  }

  function scaled(rows, by) {
    return asPlane(rows.map((row) => row.map((weight) => weight / by)));
  }

  function draw() {
    const numbers = weights.map((row) => row.map(numberIn));
    const by = numberIn(divisor) || 1;
    const total = numbers.flat().reduce((a, b) => a + b, 0) / by;
    sum.textContent =
      `The weights add up to ${written(total)}: ` +
      (total > 0.99 && total < 1.01
        ? "it stays as bright as it was."
        : Math.abs(total) < 0.01
          ? "black wherever nothing changes."
          : total > 1
            ? "brighter than before."
            : "darker than before.");
    if (photograph) show(image, photograph.map((channel) => filtered(channel, scaled(numbers, by))));
  }

  onPhotograph((planes) => {
    photograph = planes;
    kernels.forEach((kernel, i) => {
      const shown = named(`kernel-${i}`);
      const sliding = scaled(kernel.weights, kernel.divisor);
      if (shown) show(shown, planes.map((channel) => filtered(channel, sliding)));
    });
    draw();
  });
  select.selectedIndex = kernels.length - 1;
  start(kernels[select.selectedIndex]);
}
