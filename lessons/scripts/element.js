"use strict";
// element("button", {type: "button"}, "Step"): attributes by name, events as onclick: function.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// A number to type; what is no number counts as 0.
function numberInput(label, value, onchange) {
  const attributes = { type: "number", step: "any", value, "aria-label": label, oninput: onchange };
  return element("input", attributes);
}

function numberIn(input) {
  return Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : 0;
}

// As people write it: no more than two decimals, and a true minus sign.
function written(number) {
  return String(Math.round(100 * number) / 100).replace("-", "−");
}

function data(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function named(name) {
  return document.querySelector(`img[data-name="${name}"]`);
}

// Show three planes (red, green, blue) in an img; what is beyond black or white is cut off.
function show(image, [red, green, blue]) {
  const canvas = element("canvas", { width: red.width, height: red.height });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(red.width, red.height);
  pixels.data.fill(255); // opaque
  [red, green, blue].forEach(({ data }, channel) => {
    for (let i = 0; i < data.length; i++) pixels.data[4 * i + channel] = data[i];
  });
  context.putImageData(pixels, 0, 0);
  image.src = canvas.toDataURL();
}

// Calls back with every photograph that is chosen: {planes: [red, green, blue]}, 0 to 255.
function onPhotograph(callback) {
  document.addEventListener("photograph", (event) => callback(event.detail.planes));
}
