"use strict";
// Filters and the table of customers. The script sends no requests; without it, all other figures are still readable.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
document.documentElement.classList.add("js");

function makeElement(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// The navigation lists the parts of a section only while the reader is in it.
const entries = new Map(all("nav > ul > li > a").map(link => [link.hash.slice(1), link]));
function markCurrent() {
  const sheets = [...entries.keys()].map(byId).filter(sheet => !sheet.hidden);
  const current = sheets.filter(sheet => sheet.getBoundingClientRect().top <= window.innerHeight / 3).pop() || sheets[0];
  for (const [id, link] of entries) {
    if (id === current.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.parentElement.classList.toggle("here", id === current.id);
    link.parentElement.hidden = byId(id).hidden;
  }
}
document.addEventListener("scroll", () => requestAnimationFrame(markCurrent), {passive: true});

// Print what is folded, too.
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = all("details:not([open])");
  closed.forEach(part => part.open = true);
});
window.addEventListener("afterprint", () => closed.forEach(part => part.open = false));

// Filters: a segment with its macro segment and customers; the sizes and moves of an earlier run.
const segment = byId("segment"), period = byId("period");
function applyFilters() {
  const key = segment.value, run = data.runs[period.value], isPast = period.value !== "0";
  for (const sheet of all("main > section:not(#customers, #run)")) {
    sheet.hidden = key !== "" && !sheet.querySelector(`.card[data-key="${key}"]`);
  }
  for (const part of all(".card, table:not([data-whole]) th[data-key]")) {
    (part.closest("tr") || part).hidden = key !== "" && part.dataset.key !== key;
  }
  for (const card of all(".card")) {
    const figures = run.segments[card.dataset.key] || {customers: "–", share: "", change: "did not exist yet"};
    for (const place of all("[data-figure]", card)) place.textContent = figures[place.dataset.figure];
    card.querySelector(".bar").hidden = isPast;
  }
  for (const note of all("[data-past]")) {
    note.hidden = !isPast;
    note.textContent = `Sizes, changes and moves are from ${run.day}; everything else is from ${data.runs[0].day}.`;
  }
  for (const now of all(".now")) now.hidden = isPast;
  for (const then of all(".then")) showMoves(then, isPast, run);
  const name = key && segment.selectedOptions[0].textContent;
  byId("shown").textContent = [name && `Only “${name}”.`, isPast && `Sizes and moves from ${run.day}.`].filter(Boolean).join(" ");
  markCurrent();
  showCustomers();
}

function showMoves(then, isShown, run) {
  const moves = run.moves[then.dataset.macro];
  then.hidden = !isShown;
  then.replaceChildren(makeElement("p", moves ? `${run.day}: ${moves.summary}` : `${run.day} was the first run.`));
  if (!moves || !moves.rows.length) return;
  const table = makeElement("table", "");
  const head = table.createTHead().insertRow();
  for (const title of ["From", "To", "Customers", "Reasons"]) head.append(makeElement("th", title, {scope: "col"}));
  const body = table.createTBody();
  for (const [from, ...cells] of moves.rows) {
    const row = body.insertRow();
    row.append(makeElement("th", from, {scope: "row"}), ...cells.map(text => makeElement("td", text)));
  }
  const scroll = makeElement("div", "", {class: "scroll", role: "region", tabindex: "0", "aria-label": `${then.dataset.macro}: moves up to ${run.day}`});
  scroll.append(table);
  then.append(scroll);
}

// The table of customers.
const PAGE = 25;
let sorted = {column: 0, isFalling: false}, first = 0;
const find = byId("find"), columns = byId("columns");

function listColumns() {
  const macro = data.macros[columns.value];
  return [
    {title: "Customer", value: customer => customer[0]},
    {title: macro.label, value: customer => data.segments[customer[1][columns.value]].name},
    ...macro.kpis.map(ordinal => ({kpi: data.kpis[ordinal], title: data.kpis[ordinal].label, value: c => c[2][ordinal]})),
  ];
}

function findCustomers() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const column = listColumns()[sorted.column];
  const text = customer => [customer[0], ...customer[1].map(ordinal => data.segments[ordinal].name)].join(" ").toLowerCase();
  const matches = data.customers.filter(customer =>
    (!segment.value || customer[1].some(ordinal => data.segments[ordinal].key === segment.value)) &&
    words.every(word => text(customer).includes(word)));
  return matches.sort((a, b) => compare(column.value(a), column.value(b)));
}

function compare(a, b) {  // undefined values come last, whatever the order
  if (a === null || b === null) return (a === null) - (b === null);
  return (a < b ? -1 : a > b ? 1 : 0) * (sorted.isFalling ? -1 : 1);
}

function showCustomers() {
  if (!columns) return;
  const matches = findCustomers(), shown = listColumns();
  first = Math.min(first, Math.max(0, PAGE * Math.floor((matches.length - 1) / PAGE)));
  showHeads(shown);
  byId("list").tBodies[0].replaceChildren(...matches.slice(first, first + PAGE).map(customer => {
    const row = makeElement("tr", "");
    row.append(...shown.map((column, place) => makeCell(column, customer, place)));
    return row;
  }));
  const last = Math.min(first + PAGE, matches.length);
  byId("found").textContent = matches.length ? `${first + 1} to ${last} of ${matches.length}` : "No customers match.";
  byId("earlier").disabled = first === 0;
  byId("later").disabled = last >= matches.length;
}

function showHeads(shown) {
  const row = byId("list").tHead.rows[0] || byId("list").tHead.insertRow();
  if (row.dataset.columns !== columns.value) {
    row.dataset.columns = columns.value;
    row.replaceChildren(...shown.map((column, place) => {
      const head = makeElement("th", "", {scope: "col", ...(column.kpi ? {class: "num"} : {})});
      const button = makeElement("button", column.title, {type: "button"});
      button.addEventListener("click", () => sortBy(place));
      head.append(button, ...(column.kpi ? [makeElement("small", column.kpi.unit)] : []));
      return head;
    }));
  }
  [...row.cells].forEach((head, place) => head.setAttribute(
    "aria-sort", place !== sorted.column ? "none" : sorted.isFalling ? "descending" : "ascending"));
}

function makeCell(column, customer, place) {
  const value = column.value(customer);
  if (!column.kpi) return makeElement(place ? "td" : "th", value, place ? {} : {scope: "row"});
  const digits = column.kpi.decimals, form = {minimumFractionDigits: digits, maximumFractionDigits: digits};
  return makeElement("td", value === null ? "–" : value.toLocaleString("en", form), {class: "num"});
}

function sortBy(place) {
  sorted = {column: place, isFalling: sorted.column === place && !sorted.isFalling};
  first = 0;
  showCustomers();
}

function downloadCsv() {
  // Spreadsheets run a text that begins like a formula; a quote in front keeps it a text.
  const field = value => typeof value !== "string" ? value ?? "" :
    `"${(/^[=+\-@\t\r]/.test(value) ? "'" : "") + value.replaceAll('"', '""')}"`;
  const head = ["customer", ...data.macros.map(macro => macro.name), ...data.kpis.map(kpi => kpi.name)];
  const rows = findCustomers().map(([pseudonym, segments, values]) =>
    [pseudonym, ...segments.map(ordinal => data.segments[ordinal].name), ...values]);
  const text = [head, ...rows].map(row => row.map(field).join(",")).join("\r\n") + "\r\n";
  const link = makeElement("a", "", {download: "customers.csv"});
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], {type: "text/csv"}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function turnPage(step) {
  first += step * PAGE;
  showCustomers();
}

if (columns) {
  columns.append(...data.macros.map((macro, place) => makeElement("option", macro.label, {value: place})));
  columns.addEventListener("change", () => { sorted = {column: 0, isFalling: false}; showCustomers(); });
  find.addEventListener("input", () => { first = 0; showCustomers(); });
  byId("finder").addEventListener("submit", event => event.preventDefault());
  byId("earlier").addEventListener("click", () => turnPage(-1));
  byId("later").addEventListener("click", () => turnPage(1));
  byId("csv").addEventListener("click", downloadCsv);
  byId("people-table").hidden = false;
}
byId("filters").hidden = false;
byId("filters").addEventListener("change", applyFilters);
byId("filters").addEventListener("submit", event => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(applyFilters));
applyFilters();
