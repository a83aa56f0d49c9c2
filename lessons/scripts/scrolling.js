"use strict";
// What is wider than its box scrolls, and then the keyboard must get there too.
document.addEventListener("DOMContentLoaded", () => {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll(".scroll, pre, figure > table").forEach((box) => observer.observe(box));
});
