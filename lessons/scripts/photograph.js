"use strict";
// One's own photograph: decoded, made small and filtered here, in the browser. Nothing is sent;
// the page's policy forbids it any connection.
{
  const LONGEST_PX = 192;
  const samples = data("samples");
  let choices = 0;

  const outputs = [...document.querySelectorAll(".chooser")].map((chooser) => {
    const said = element("output");
    const input = element("input", {
      type: "file",
      accept: "image/*",
      onclick: () => {
        input.value = ""; // the same file may be chosen again
      },
      onchange: () => input.files[0] && useFile(input.files[0], said),
    });
    chooser.append(
      element("label", {}, "Your own photograph ", input),
      element("span", { class: "note" }, "or drop one anywhere on this page"),
      ...Object.keys(samples).map((name) =>
        element("button", { type: "button", onclick: () => useSample(name, said) }, `The ${name}`),
      ),
      said,
    );
    return said;
  });

  function useFile(file, said) {
    use(() => createImageBitmap(file), file.name, said);
  }

  function useSample(name, said) {
    const decode = async () => {
      const image = new Image();
      image.src = samples[name];
      await image.decode();
      return createImageBitmap(image);
    };
    use(decode, `The ${name}`, said);
  }

  // Large photographs take long: what is no longer the latest choice is dropped.
  async function use(decode, name, said) {
    choices += 1;
    const choice = choices;
    const bitmap = await decode().catch(() => null);
    if (choice === choices) take(bitmap, name, said);
    bitmap?.close();
  }

  function take(bitmap, name, said) {
    if (!bitmap) {
      say(said, `${name} is no picture that this browser can read. Try a JPEG or a PNG.`);
      return;
    }
    const detail = { planes: planes(bitmap) };
    document.dispatchEvent(new CustomEvent("photograph", { detail }));
    const { width, height } = detail.planes[0];
    say(said, `${name}, as ${width} by ${height} pixels. It stays in this browser.`);
  }

  function say(said, text) {
    for (const output of outputs) output.textContent = output === said ? text : "";
  }

  function planes(bitmap) {
    const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(scale * bitmap.width));
    const height = Math.max(1, Math.round(scale * bitmap.height));
    const context = element("canvas", { width, height }).getContext("2d");
    context.fillStyle = "white"; // where the picture is transparent
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height).data;
    return [0, 1, 2].map((channel) => {
      const values = Float64Array.from({ length: width * height }, (_, i) => pixels[4 * i + channel]);
      return plane(width, height, values);
    });
  }

  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) useFile(file, nearest(event.clientY));
  });

  // That whose chooser is nearest to where the photograph fell.
  function nearest(y) {
    const distance = (output) => Math.abs(output.parentElement.getBoundingClientRect().top - y);
    return outputs.reduce((a, b) => (distance(a) <= distance(b) ? a : b));
  }

  // Not before the scripts below this one listen, too.
  document.addEventListener("DOMContentLoaded", () => useSample(Object.keys(samples)[0]));
}
