"use strict";
// One's own photograph: decoded, made small and filtered here, in the browser. Nothing is sent;
// the page's policy forbids it any connection.
{
  const LONGEST_PX = 192;
  const samples = data("samples");

  const outputs = [...document.querySelectorAll(".chooser")].map((chooser) => {
    const said = element("output");
    const input = element("input", {
      type: "file",
      accept: "image/*",
      onchange: () => input.files[0] && use(input.files[0], input.files[0].name, said),
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

  async function use(blob, name, said) {
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob);
    } catch {
      say(said, `${name} is no picture that this browser can read. Try a JPEG or a PNG.`);
      return;
    }
    const detail = { planes: planes(bitmap) };
    document.dispatchEvent(new CustomEvent("photograph", { detail }));
    const { width, height } = detail.planes[0];
    say(said, `${name}, as ${width} by ${height} pixels. It stays in this browser.`);
  }

  async function useSample(name, said) {
    const image = new Image();
    image.src = samples[name];
    await image.decode();
    await use(image, `The ${name}`, said);
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
    if (file) use(file, file.name, nearest(event.clientY));
  });

  // That whose chooser is nearest to where the photograph fell.
  function nearest(y) {
    const distance = (output) => Math.abs(output.parentElement.getBoundingClientRect().top - y);
    return outputs.reduce((a, b) => (distance(a) <= distance(b) ? a : b));
  }

  useSample(Object.keys(samples)[0]);
}
