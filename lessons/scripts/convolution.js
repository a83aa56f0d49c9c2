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
  const nearest = (i, size) => Math.min(Math.max(i, 0), size - 1);
  for (let r = 0; r < result.height; r++) {
    for (let c = 0; c < result.width; c++) {
      const [row, column] = [nearest(r - rings, height), nearest(c - rings, width)];
      const isInside = row === r - rings && column === c - rings;
      if (isInside || isRepeated) result.data[r * result.width + c] = data[row * width + column];
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
  for (let k = 0; k < kernel.data.length; k++) {
    const weight = kernel.data[k];
    if (weight === 0) continue;
    const down = Math.floor(k / kernel.width) * dilation;
    const right = (k % kernel.width) * dilation;
    for (let r = 0; r < height; r++) {
      const from = (r * stride + down) * picture.width + right;
      for (let c = 0; c < width; c++) {
        result.data[r * width + c] += weight * picture.data[from + c * stride];
      }
    }
  }
  return result;
}

// As large as the picture; what lies outside is as the pixel at the border.
function filtered(picture, kernel) {
  return correlate(padded(picture, (kernel.width - 1) / 2, true), kernel);
}
