// Starts YASGUI on our endpoint: no other endpoint offered, nothing asked elsewhere, nothing kept.
"use strict";

const place = document.getElementById("yasgui");
const prefixes = JSON.parse(place.dataset.prefixes);
const pages = JSON.parse(place.dataset.pages);
const endpoint = new URL("/sparql", location.href).href;
const known = Object.entries(prefixes).map(([name, space]) => `${name}: <${space}>`);
const names = { ".autocomplete": "Endpoint", ".CodeMirror textarea": "Query", ".tableSizer": "Rows on a page" };

// its own list of prefixes comes from a web site anybody may write to, and is kept in the browser
Yasgui.Yasqe.forkAutocompleter("prefixes", { name: "ours", get: () => known, persistenceId: null });

new MutationObserver(() => {
  for (const [selector, name] of Object.entries(names)) {
    for (const field of place.querySelectorAll(`${selector}:not([aria-label])`)) field.ariaLabel = name;
  }
  // its button for a further tab is in the list of tabs, which may hold nothing else
  place.querySelector(".addTab")?.setAttribute("role", "tab");
}).observe(place, { childList: true, subtree: true });

new Yasgui(place, {
  requestConfig: { endpoint, method: "POST" },
  endpointCatalogueOptions: { getData: () => [] },
  copyEndpointOnNewTab: false,
  persistenceId: null,
  // a link may carry a query, but never another endpoint to send queries to
  populateFromUrl: (tab) => ({ ...tab, requestConfig: { ...tab.requestConfig, endpoint } }),
  yasqe: {
    value: `PREFIX m816: <${prefixes.m816}>\nPREFIX rdfs: <${prefixes.rdfs}>\n
SELECT ?class ?label WHERE {\n  ?class a <${prefixes.owl}Class> ; rdfs:label ?label .\n} LIMIT 20\n`,
    autocompleters: ["ours", "variables"], // the others ask a service on the web
    persistenceId: null,
  },
  yasr: { prefixes, persistenceId: null },
});

// our own terms have their pages here
place.addEventListener("click", (event) => {
  const link = event.target.closest("a.iri");
  const [space, page] = Object.entries(pages).find(([start]) => link?.href.startsWith(start)) || [];
  if (space) link.href = page + link.href.slice(space.length);
}, true);
