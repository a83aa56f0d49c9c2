"use strict";
// The bank of Gabor filters on a photograph of one's own.
{
  const { gain, kernels } = data("gabors");
  const bank = kernels.map(asPlane);

  onPhotograph(([red, green, blue]) => {
    const brightness = plane(
      red.width,
      red.height,
      red.data.map((value, i) => 0.299 * value + 0.587 * green.data[i] + 0.114 * blue.data[i]),
    );
    bank.forEach((kernel, i) => {
      const answer = filtered(brightness, kernel);
      answer.data = answer.data.map((value) => 128 + gain * value);
      show(named(`gabor-${i}`), [answer, answer, answer]);
    });
  });
}
