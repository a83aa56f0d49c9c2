// Answers and problems as people say them.

/** 0 to 1 as per cent. Never a certainty that the number does not have. */
export function percent(share) {
  if (share > 0.999) return "over 99.9 %";
  if (share < 0.001) return "under 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** What the picture shows, in a word or two. */
export const VERDICTS = { cat: "Cat", dog: "Dog", neither: "Neither cat nor dog" };

/** The same where there is less room. */
export const SHORT = { ...VERDICTS, neither: "Neither" };

/** How sure the answer is, in words. */
export function sureness({ label, confidence }) {
  const meaning = label === "neither" ? "unlike either" : "sure";
  return `${percent(confidence)} ${meaning}`;
}

/** A whole sentence about a picture, for who hears it. */
export function sentence({ name, state, answer, problem }) {
  if (state === "answered") return `${name}: ${VERDICTS[answer.label]}, ${sureness(answer)}.`;
  return `${name}: no answer. ${problem.detail}`;
}

/** "3 cats", "1 dog". */
function count(n, singular, plural = `${singular}s`) {
  return `${n} ${n === 1 ? singular : plural}`;
}

/** What has come of all pictures so far. */
export function summary(pictures) {
  const settled = pictures.filter((picture) => picture.isSettled);
  const answers = settled.filter((picture) => picture.answer);
  const having = (label) => answers.filter(({ answer }) => answer.label === label).length;
  const neither = having("neither");
  const refused = settled.length - answers.length;
  const parts = [
    having("cat") && count(having("cat"), "cat"),
    having("dog") && count(having("dog"), "dog"),
    neither && `${neither} neither`,
    refused && `${refused} without an answer`,
  ].filter(Boolean);
  const open = pictures.length - settled.length;
  const progress = open ? `${settled.length} of ${pictures.length} done` : "";
  return [progress, parts.join(", ")].filter(Boolean).join(": ");
}
