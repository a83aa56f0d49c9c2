// The notices over the page's end.

const answers = document.querySelector("#answers");

/** Hides a notice. The focus, if it is in there, goes to the answers: hidden, it would be lost. */
export function hide(notice) {
  if (notice.contains(document.activeElement)) answers.focus({ preventScroll: true });
  notice.hidden = true;
}

/** Whether the focus still is where `hide` left it. */
export function isWhereItWasLeft() {
  return document.activeElement === answers;
}
