"use strict";

// The check page with a script: files can be dropped, failures are told on the page, and the answer
// opens in its place. Without it the form is sent as it is, and the browser shows what comes back.

const MAX_BYTES = 1000000;
const form = document.getElementById("check");
const file = document.getElementById("file");
const text = document.getElementById("text");
const drop = document.getElementById("drop");
const example = document.getElementById("example");
const status = document.getElementById("status");
const problem = document.getElementById("problem");

for (const item of document.querySelectorAll(".js")) item.hidden = false;

function tell(title, detail) {
  problem.querySelector("h2").textContent = title;
  problem.querySelector("p").textContent = detail;
  problem.hidden = false;
  problem.focus();
}

function working(words) {
  status.textContent = words;
  form.setAttribute("aria-busy", String(words !== ""));
  form.querySelector("[type=submit]").disabled = words !== "";
  if (words) problem.hidden = true;
}

// A server that fails otherwise than by a problem document still gets said.
async function refusal(answer) {
  try {
    const { title, detail } = await answer.json();
    return [title, detail || ""];
  } catch {
    return ["The record could not be checked", `The server answered ${answer.status}.`];
  }
}

// The page's policy, which the new document inherits, knows the style of the verdict by its hash.
async function open(answer) {
  const type = answer.headers.get("Content-Type");
  const shown = type.startsWith("text/html") ? type : "text/plain; charset=utf-8";
  location.assign(URL.createObjectURL(new Blob([await answer.text()], { type: shown })));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const size = file.files.length ? file.files[0].size : new Blob([text.value]).size;
  if (!size) return tell("There is no record yet", "Choose a file, drop one, paste its text, or try the example.");
  if (size > MAX_BYTES) return tell("The record is too large", "At most 1 MB is taken here; m816 check reads more.");
  working("Checking …");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    if (answer.ok) await open(answer);
    else tell(...(await refusal(answer)));
  } catch {
    tell("The record could not be checked", "The server cannot be reached.");
  } finally {
    working("");
  }
});

// The last one given counts: the server takes a file or a text, not both.
file.addEventListener("change", () => { if (file.files.length) text.value = ""; });
text.addEventListener("input", () => { if (text.value) file.value = ""; });

for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  drop.addEventListener(kind, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  file.files = event.dataTransfer.files;
  file.dispatchEvent(new Event("change"));
});

example.addEventListener("click", async () => {
  const answer = await fetch(example.dataset.record);
  text.value = await answer.text();
  file.value = "";
  form.requestSubmit();
});
