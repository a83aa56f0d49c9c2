"use strict";
// The same as lessons/convolution.py, for pictures that never leave the browser.
// A plane is {width, height, data}: numbers, row by row.

function plane(width, height, data = new Float64Array(width * height)) {
  return { width, height, data };
}

function asPlane(rows) {
  return plane(rows[0].length, rows.length, Float64Array.from(rows.flat()));
}

// With rings around it: of zeros, or of what lies at the border.
function padded({ width, height, data }, rings, isRepeated = false) {
  const result = plane(width + 2 * rings, height + 2 * rings);
  for (let r = 0; r < result.height; r++) {
    const row = Math.min(Math.max(r - rings, 0), height - 1);
    if (row !== r - rings && !isRepeated) continue;
    const [from, to] = [row * width, r * result.width];
    result.data.set(data.subarray(from, from + width), to + rings);
    if (isRepeated) {
      result.data.fill(data[from], to, to + rings);
      result.data.fill(data[from + width - 1], to + rings + width, to + result.width);
    }
  }
  return result;
}

// Places along one side; 0 or less where the kernel does not fit in.
function places(size, kernelSize, stride, dilation) {
  return Math.floor((size - dilation * (kernelSize - 1) - 1) / stride) + 1;
}

// One weight after the other over the whole picture, which is faster than one place after the other.
function correlate(picture, kernel, stride = 1, dilation = 1) {
  const width = places(picture.width, kernel.width, stride, dilation);
  const height = places(picture.height, kernel.height, stride, dilation);
  if (width < 1 || height < 1) throw new RangeError("the kernel does not fit in");
  const result = plane(width, height);
  const [values, pixels] = [result.data, picture.data];
  for (let k = 0; k < kernel.data.length; k++) {
    const weight = kernel.data[k];
    if (weight === 0) continue;
    const down = Math.floor(k / kernel.width) * dilation;
    const right = (k % kernel.width) * dilation;
    for (let r = 0; r < height; r++) {
      let from = (r * stride + down) * picture.width + right;
      const end = (r + 1) * width;
      for (let to = r * width; to < end; to++, from += stride) values[to] += weight * pixels[from];
    }
  }
  return result;
}

// As large as the picture; what lies outside is as the pixel at the border.
function filtered(picture, kernel) {
  return correlate(padded(picture, (kernel.width - 1) / 2, true), kernel);
}
