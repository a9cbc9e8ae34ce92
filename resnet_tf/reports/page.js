// Follows the pointer, a finger or the arrow keys over each chart, and hides lines by their names in the legend.
"use strict";
const SVG = "http://www.w3.org/2000/svg";

for (const figure of document.querySelectorAll("figure.chart")) {
  const lines = JSON.parse(figure.querySelector("script").textContent);
  const svg = figure.querySelector("svg"), tip = figure.querySelector(".tip");
  const { width, height } = svg.viewBox.baseVal;
  const marks = svg.appendChild(document.createElementNS(SVG, "g"));
  const gone = new Set();
  let at = null;  // where across, in the chart's own pixels

  const places = () => [...new Set(
    lines.flatMap((line, i) => (gone.has(i) ? [] : line.points.map((point) => point[0])))
  )].sort((a, b) => a - b);

  function mark(name, fields) {
    const element = marks.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(fields)) element.setAttribute(key, value);
  }

  function said(tag, text, name) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.textContent = text;  // never as markup: names are whatever people typed
    return element;
  }

  function show(x) {
    at = x;
    marks.replaceChildren();
    tip.hidden = x === null;
    if (x === null) return;
    mark("path", { d: `M${x} 8V${height - 24}`, stroke: "var(--quiet)", "stroke-width": 1, "stroke-dasharray": "2 3" });
    const rows = [];
    lines.forEach((line, i) => {
      const point = gone.has(i) ? undefined : line.points.find((each) => each[0] === x);
      if (!point) return;
      mark("circle", { cx: x, cy: point[1], r: 3.5, fill: `var(--hue-${line.hue})`, stroke: "var(--paper)" });
      if (!rows.length) rows.push(said("b", point[2]));
      const row = said("span", "");
      row.append(said("i", "", `hue-${line.hue}`), line.name, said("b", point[3]));
      rows.push(row);
    });
    tip.replaceChildren(...rows);
    const scale = svg.clientWidth / width, room = figure.clientWidth - tip.offsetWidth;
    const beside = x * scale + 12 <= room ? x * scale + 12 : x * scale - tip.offsetWidth - 12;
    tip.style.left = `${Math.min(Math.max(beside, 0), Math.max(room, 0))}px`;
    tip.style.top = `${svg.getBoundingClientRect().top - figure.getBoundingClientRect().top + 8}px`;
  }

  function follow(event) {
    const box = svg.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * width;
    const known = places();
    if (known.length) show(known.reduce((best, each) => (Math.abs(each - x) < Math.abs(best - x) ? each : best)));
  }

  svg.addEventListener("pointermove", follow);
  svg.addEventListener("pointerdown", follow);
  svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(null); });
  figure.addEventListener("blur", () => show(null));
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], known = places();
    if (event.key === "Escape") show(null);
    if (!step || !known.length || event.target !== figure) return;
    event.preventDefault();
    const now = known.indexOf(at), next = now < 0 ? (step > 0 ? 0 : known.length - 1) : now + step;
    show(known[Math.min(Math.max(next, 0), known.length - 1)]);
  });
  for (const button of figure.querySelectorAll(".legend button")) {
    button.addEventListener("click", () => {
      const i = Number(button.dataset.line), hide = !gone.has(i);
      if (hide) gone.add(i); else gone.delete(i);
      button.setAttribute("aria-pressed", String(!hide));
      svg.querySelector(`[data-line="${i}"]`).toggleAttribute("hidden", hide);
      show(null);
    });
  }
}
