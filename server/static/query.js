// The query page: sends the query by POST, shows the answer as text. Nothing is kept.
"use strict";

const ROWS = 1000; // shown at most; downloads have all
const CHARACTERS = 200000; // of Turtle shown at most
const TABLES = [
  ["JSON", "application/sparql-results+json", "json"],
  ["CSV", "text/csv", "csv"],
  ["TSV", "text/tab-separated-values", "tsv"],
  ["XML", "application/sparql-results+xml", "xml"],
];
const GRAPHS = [
  ["Turtle", "text/turtle", "ttl"],
  ["N-Triples", "application/n-triples", "nt"],
  ["JSON-LD", "application/ld+json", "jsonld"],
  ["RDF/XML", "application/rdf+xml", "rdf"],
];

const part = (id) => document.getElementById(id);
const form = part("query");
const text = part("text");
const problem = part("problem");
const result = part("result");
const prefixes = JSON.parse(form.dataset.prefixes);
const pages = JSON.parse(form.dataset.pages);
let running = null;

// --- asking

/** The response to a query in the first accepted media type that fits its form. */
async function ask(query, accept, signal) {
  const headers = { Accept: accept, "Content-Type": "application/sparql-query" };
  const response = await fetch(form.action, { method: "POST", body: query, headers, signal });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const failure = new Error(told.detail || "");
  failure.name = told.title || `The server answered ${response.status}`;
  throw failure;
}

async function run() {
  running?.abort();
  const mine = (running = new AbortController());
  const query = text.value;
  say("Running …");
  problem.hidden = true;
  text.removeAttribute("aria-invalid");
  result.setAttribute("aria-busy", "true");
  const start = performance.now();
  try {
    const response = await ask(query, `${TABLES[0][1]}, ${GRAPHS[0][1]}`, mine.signal);
    const body = await response.text();
    if (mine.signal.aborted) return;
    const took = performance.now() - start;
    say(`${show(response.headers.get("Content-Type"), body)}, in ${seconds(took)}.`);
    offer(response.headers.get("Content-Type").startsWith("text/turtle"), query);
    result.hidden = false;
  } catch (failure) {
    if (mine.signal.aborted) return; // a later run has taken over
    result.hidden = true;
    fail(failure);
  } finally {
    if (running === mine) result.removeAttribute("aria-busy");
  }
}

function fill(query) {
  text.value = query;
  text.rows = Math.min(30, Math.max(12, query.split("\n").length));
  part("linked").hidden = true;
}

function say(sentence) {
  part("status").textContent = sentence;
}

function fail(failure) {
  const known = failure instanceof TypeError ? "The server cannot be reached" : failure.name;
  problem.querySelector("h2").textContent = known;
  problem.querySelector("p").textContent = failure instanceof TypeError ? "" : failure.message;
  problem.hidden = false;
  text.setAttribute("aria-invalid", "true");
  say("No result.");
}

function seconds(took) {
  return took < 1000 ? `${Math.round(took)} ms` : `${(took / 1000).toFixed(1)} s`;
}

// --- showing

/** Fill the result; returns what came, as the beginning of a sentence. */
function show(media, body) {
  const shown = part("shown");
  if (media.startsWith("text/turtle")) {
    shown.replaceChildren(turtle(body));
    if (body.length <= CHARACTERS) return `${count(body.length, "character")} of Turtle`;
    return `The first ${CHARACTERS} of ${body.length} characters of Turtle; downloads have all`;
  }
  const answer = JSON.parse(body);
  if ("boolean" in answer) {
    shown.replaceChildren(made("p", answer.boolean ? "Yes" : "No", "lead"));
    return answer.boolean ? "Yes" : "No";
  }
  const rows = answer.results.bindings;
  shown.replaceChildren(table(answer.head.vars, rows.slice(0, ROWS)));
  if (rows.length <= ROWS) return count(rows.length, "row");
  return `The first ${ROWS} of ${rows.length} rows; downloads have all`;
}

function count(number, thing) {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function made(name, content, style) {
  const element = document.createElement(name);
  element.textContent = content;
  if (style) element.className = style;
  return element;
}

function turtle(body) {
  const block = made("pre", body.slice(0, CHARACTERS));
  block.tabIndex = 0;
  block.setAttribute("role", "region");
  block.setAttribute("aria-label", "Result in Turtle");
  return block;
}

function table(names, rows) {
  const grid = document.createElement("table");
  const head = grid.createTHead().insertRow();
  for (const name of names) {
    const cell = made("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = grid.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const name of names) line.insertCell().append(...(row[name] ? term(row[name]) : []));
  }
  const frame = made("div", "", "wide rows");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Result rows");
  frame.append(grid);
  return frame;
}

/** What stands for an RDF term: text nodes, links and tags, never markup from the data. */
function term(value) {
  if (value.type === "uri") return [link(value.value)];
  if (value.type === "bnode") return [`_:${value.value}`];
  if (value.type === "triple") {
    const { subject, predicate, object } = value.value;
    const inside = [subject, predicate, object].flatMap((each) => [...term(each), " "]);
    return ["<<( ", ...inside, ")>>"];
  }
  if (value["xml:lang"]) return [value.value, " ", made("span", `@${value["xml:lang"]}`, "tag")];
  if (value.datatype) return [value.value, " ", made("span", short(value.datatype), "tag")];
  return [value.value];
}

function link(iri) {
  const page = address(iri);
  if (!page) return made("span", iri);
  const anchor = made("a", short(iri));
  anchor.href = page;
  anchor.title = iri;
  anchor.rel = "noreferrer";
  return anchor;
}

/** Where an IRI leads: our own page of it, the web if it is on the web, else nowhere. */
function address(iri) {
  for (const [space, page] of Object.entries(pages)) {
    if (iri.startsWith(space)) {
      return page + iri.slice(space.length).split("/").map(encodeURIComponent).join("/");
    }
  }
  return /^https?:\/\//i.test(iri) && URL.canParse(iri) ? iri : "";
}

function short(iri) {
  const fits = Object.entries(prefixes).filter(([, space]) => iri.startsWith(space));
  const [prefix, space] = fits.sort((a, b) => b[1].length - a[1].length)[0] || ["", ""];
  const local = iri.slice(space.length);
  return prefix && /^[\p{L}\p{N}_][\p{L}\p{N}_./-]*$/u.test(local) ? `${prefix}:${local}` : iri;
}

// --- downloads

function offer(graph, query) {
  const buttons = (graph ? GRAPHS : TABLES).map(([name, media, ending]) => {
    const button = made("button", name);
    button.type = "button";
    button.addEventListener("click", () => download(query, media, ending).catch(fail));
    return button;
  });
  part("downloads").replaceChildren(made("span", "Download", "soft"), ...buttons);
}

async function download(query, media, ending) {
  const response = await ask(query, media);
  const place = URL.createObjectURL(await response.blob());
  const anchor = document.createElement("a");
  anchor.href = place;
  anchor.download = `result.${ending}`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(place), 60000);
  say(`Downloaded as result.${ending}.`);
}

// --- the form

function insertPrefixes() {
  const known = new Set([...text.value.matchAll(/^\s*PREFIX\s+([^\s:]*):/gim)].map((m) => m[1]));
  const missing = Object.entries(prefixes).filter(([name]) => !known.has(name));
  const block = missing.map(([name, space]) => `PREFIX ${name}: <${space}>\n`).join("");
  text.setRangeText(block, 0, 0, "start");
  text.scrollTop = 0;
  say(block ? "The prefixes are inserted." : "All prefixes are there.");
}

function share() {
  part("linked").hidden = false;
  part("link").value = `${location.origin}/sparql#query=${encodeURIComponent(text.value)}`;
  part("link").focus();
  part("link").select();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
text.addEventListener("input", () => (part("linked").hidden = true));
part("question").addEventListener("change", (event) => {
  const chosen = event.target.selectedOptions[0].dataset;
  part("asks").textContent = chosen.asks || "";
  if (chosen.text) fill(chosen.text);
});
part("insert").addEventListener("click", insertPrefixes);
part("share").addEventListener("click", share);

// A link carries its query behind the #, which browsers send to no server.
if (location.hash.startsWith("#query=")) {
  fill(new URLSearchParams(location.hash.slice(1)).get("query"));
}
for (const element of document.querySelectorAll(".js")) element.hidden = false;
