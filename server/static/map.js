// Marks what a box of the map is joined to while one points at it or has gone to it by keyboard.
"use strict";

const map = document.getElementById("map");
const boxes = new Map([...map.querySelectorAll(".box")].map((box) => [box.dataset.name, box]));
const ways = [...map.querySelectorAll(".ways path")];

function trace(box) {
  clear();
  const name = box.dataset.name;
  map.classList.add("tracing");
  box.classList.add("on");
  for (const way of ways) {
    const { start, end } = way.dataset;
    if (start === name || end === name) {
      way.classList.add("on");
      boxes.get(start).classList.add("on");
      boxes.get(end).classList.add("on");
    }
  }
}

function clear() {
  map.classList.remove("tracing");
  for (const marked of map.querySelectorAll(".on")) marked.classList.remove("on");
}

for (const box of boxes.values()) {
  box.addEventListener("pointerenter", () => trace(box));
  box.addEventListener("pointerleave", clear);
  box.addEventListener("focus", () => trace(box));
  box.addEventListener("blur", clear);
}
