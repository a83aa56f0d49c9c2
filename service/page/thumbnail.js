// A picture, small: the central square, which is what the network looks at.

import { Turns } from "./turns.js";

const turns = new Turns(2); // a photograph of a phone is 50 MB while it is decoded

/** Draws the file on the canvas. Returns whether this browser can show it. */
export async function draw(file, canvas) {
  return turns.take(async () => {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      return false; // TIFF, HEIC, or no picture
    }
    const { width, height } = bitmap;
    const side = Math.min(width, height);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(
      bitmap,
      (width - side) / 2, (height - side) / 2, side, side,
      0, 0, canvas.width, canvas.height,
    );
    bitmap.close();
    canvas.hidden = false;
    return true;
  });
}

/** What stands where the picture would: its kind, as its name or the browser tells. */
export function kindOf(file) {
  const [, extension] = /\.([a-z0-9]{1,5})$/i.exec(file.name) ?? [];
  return (extension ?? file.type.split("/").pop() ?? "").toUpperCase() || "FILE";
}
