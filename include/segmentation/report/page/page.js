"use strict";
// What the page can do beyond being read. It asks nobody for anything, and without it no figure of the run is missing.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
document.documentElement.classList.add("js");

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// The parts of a macro segment stand in the navigation only while it is the one that is read.
const entries = new Map(all("nav > ul > li > a").map(link => [link.hash.slice(1), link]));
function here() {
  const sheets = [...entries.keys()].map(byId).filter(sheet => !sheet.hidden);
  const read = sheets.filter(sheet => sheet.getBoundingClientRect().top <= window.innerHeight / 3).pop() || sheets[0];
  for (const [id, link] of entries) {
    if (id === read.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.parentElement.classList.toggle("here", id === read.id);
    link.parentElement.hidden = byId(id).hidden;
  }
}
document.addEventListener("scroll", () => requestAnimationFrame(here), {passive: true});

// Paper can not be opened.
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = all("details:not([open])");
  closed.forEach(part => part.open = true);
});
window.addEventListener("afterprint", () => closed.forEach(part => part.open = false));

// Filters: one segment, its macro segment and its customers; the sizes and moves of an earlier run.
const chosen = byId("segment"), period = byId("period");
function filter() {
  const key = chosen.value, run = data.runs[period.value], isPast = period.value !== "0";
  for (const sheet of all("main > section:not(#customers, #run)")) {
    sheet.hidden = key !== "" && !sheet.querySelector(`.card[data-key="${key}"]`);
  }
  for (const part of all(".card, table:not([data-whole]) th[data-key]")) {
    (part.closest("tr") || part).hidden = key !== "" && part.dataset.key !== key;
  }
  for (const card of all(".card")) {
    const figures = run.segments[card.dataset.key] || {customers: "–", share: "", change: "not a segment then"};
    for (const place of all("[data-figure]", card)) place.textContent = figures[place.dataset.figure];
    card.querySelector(".bar").hidden = isPast;
  }
  for (const note of all("[data-past]")) {
    note.hidden = !isPast;
    note.textContent = `Customers, shares and changes are those of ${run.day}; all else is of ${data.runs[0].day}.`;
  }
  for (const now of all(".now")) now.hidden = isPast;
  for (const then of all(".then")) showMoves(then, isPast, run);
  const name = key && chosen.selectedOptions[0].textContent;
  byId("shown").textContent = [name && `Only “${name}”.`, isPast && `Sizes and moves of ${run.day}.`].filter(Boolean).join(" ");
  here();
  list();
}

function showMoves(then, isShown, run) {
  const moves = run.moves[then.dataset.macro];
  then.hidden = !isShown;
  then.replaceChildren(element("p", moves ? `${run.day}: ${moves.said}` : `${run.day} was the first run.`));
  if (!moves || !moves.rows.length) return;
  const table = element("table", "");
  const head = table.createTHead().insertRow();
  for (const title of ["From", "To", "Customers", "Why"]) head.append(element("th", title, {scope: "col"}));
  const body = table.createTBody();
  for (const [from, ...cells] of moves.rows) {
    const row = body.insertRow();
    row.append(element("th", from, {scope: "row"}), ...cells.map(text => element("td", text)));
  }
  const scroll = element("div", "", {class: "scroll", role: "region", tabindex: "0", "aria-label": `${then.dataset.macro}: moves up to ${run.day}`});
  scroll.append(table);
  then.append(scroll);
}

// The table of customers.
const PAGE = 25;
let sorted = {column: 0, isFalling: false}, first = 0;
const find = byId("find"), columns = byId("columns");

function shownColumns() {
  const macro = data.macros[columns.value];
  return [
    {title: "Customer", value: customer => customer[0]},
    {title: macro.label, value: customer => data.segments[customer[1][columns.value]].name},
    ...macro.kpis.map(ordinal => ({kpi: data.kpis[ordinal], title: data.kpis[ordinal].label, value: c => c[2][ordinal]})),
  ];
}

function matching() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const column = shownColumns()[sorted.column];
  const said = customer => [customer[0], ...customer[1].map(ordinal => data.segments[ordinal].name)].join(" ").toLowerCase();
  const found = data.customers.filter(customer =>
    (!chosen.value || customer[1].some(ordinal => data.segments[ordinal].key === chosen.value)) &&
    words.every(word => said(customer).includes(word)));
  return found.sort((a, b) => compare(column.value(a), column.value(b)));
}

function compare(a, b) {  // undefined is neither large nor small: it comes last
  if (a === null || b === null) return (a === null) - (b === null);
  return (a < b ? -1 : a > b ? 1 : 0) * (sorted.isFalling ? -1 : 1);
}

function list() {
  if (!columns) return;
  const found = matching(), shown = shownColumns();
  first = Math.min(first, Math.max(0, PAGE * Math.floor((found.length - 1) / PAGE)));
  heads(shown);
  byId("list").tBodies[0].replaceChildren(...found.slice(first, first + PAGE).map(customer => {
    const row = element("tr", "");
    row.append(...shown.map((column, place) => cell(column, customer, place)));
    return row;
  }));
  const last = Math.min(first + PAGE, found.length);
  byId("found").textContent = found.length ? `${first + 1} to ${last} of ${found.length}` : "Nobody is found.";
  byId("earlier").disabled = first === 0;
  byId("later").disabled = last >= found.length;
}

function heads(shown) {
  const row = byId("list").tHead.rows[0] || byId("list").tHead.insertRow();
  if (row.dataset.columns !== columns.value) {
    row.dataset.columns = columns.value;
    row.replaceChildren(...shown.map((column, place) => {
      const head = element("th", "", {scope: "col", ...(column.kpi ? {class: "num"} : {})});
      const button = element("button", column.title, {type: "button"});
      button.addEventListener("click", () => sortBy(place));
      head.append(button, ...(column.kpi ? [element("small", column.kpi.unit)] : []));
      return head;
    }));
  }
  [...row.cells].forEach((head, place) => head.setAttribute(
    "aria-sort", place !== sorted.column ? "none" : sorted.isFalling ? "descending" : "ascending"));
}

function cell(column, customer, place) {
  const value = column.value(customer);
  if (!column.kpi) return element(place ? "td" : "th", value, place ? {} : {scope: "row"});
  const digits = column.kpi.decimals, form = {minimumFractionDigits: digits, maximumFractionDigits: digits};
  return element("td", value === null ? "–" : value.toLocaleString("en", form), {class: "num"});
}

function sortBy(place) {
  sorted = {column: place, isFalling: sorted.column === place && !sorted.isFalling};
  first = 0;
  list();
}

function csv() {
  // A text that begins like a formula is one to a spreadsheet; a quote before it makes it a text again.
  const field = value => typeof value !== "string" ? value ?? "" :
    `"${(/^[=+\-@\t\r]/.test(value) ? "'" : "") + value.replaceAll('"', '""')}"`;
  const head = ["customer", ...data.macros.map(macro => macro.name), ...data.kpis.map(kpi => kpi.name)];
  const rows = matching().map(([pseudonym, segments, values]) =>
    [pseudonym, ...segments.map(ordinal => data.segments[ordinal].name), ...values]);
  const text = [head, ...rows].map(row => row.map(field).join(",")).join("\r\n") + "\r\n";
  const link = element("a", "", {download: "customers.csv"});
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], {type: "text/csv"}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function page(step) {
  first += step * PAGE;
  list();
}

if (columns) {
  columns.append(...data.macros.map((macro, place) => element("option", macro.label, {value: place})));
  columns.addEventListener("change", () => { sorted = {column: 0, isFalling: false}; list(); });
  find.addEventListener("input", () => { first = 0; list(); });
  byId("finder").addEventListener("submit", event => event.preventDefault());
  byId("earlier").addEventListener("click", () => page(-1));
  byId("later").addEventListener("click", () => page(1));
  byId("csv").addEventListener("click", csv);
  byId("people-table").hidden = false;
}
byId("filters").hidden = false;
byId("filters").addEventListener("change", filter);
byId("filters").addEventListener("submit", event => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(filter));
filter();
