"use strict";
// What the page can do beyond being read. It asks nobody for anything, and without it no figure is missing.

// The parts of a macro segment stand in the navigation only while it is the one that is read.
const entries = new Map([...document.querySelectorAll("nav > ul > li > a")].map(link => [link.hash.slice(1), link]));
const sheets = [...entries.keys()].map(id => document.getElementById(id));
function here() {
  const line = window.innerHeight / 3;
  const read = sheets.filter(sheet => sheet.getBoundingClientRect().top <= line).pop() || sheets[0];
  for (const [id, link] of entries) {
    const isRead = id === read.id;
    link.toggleAttribute("aria-current", isRead);
    link.parentElement.classList.toggle("here", isRead);
  }
}
document.documentElement.classList.add("js");
document.addEventListener("scroll", () => requestAnimationFrame(here), {passive: true});
here();

// Paper can not be opened.
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach(part => part.open = true);
});
window.addEventListener("afterprint", () => closed.forEach(part => part.open = false));
