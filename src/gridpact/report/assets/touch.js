"use strict";
// Says what a picture shows where it is touched, pointed at, or stepped through by the arrow keys.
const touch = (() => {
  const ENTITIES = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&" };
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const AWAY_PX = 14;
  const SVG = "http://www.w3.org/2000/svg";
  const stored = document.getElementById("said");
  const said = stored ? JSON.parse(stored.textContent) : {};
  const box = document.createElement("div");
  box.className = "said-here";
  box.setAttribute("role", "status");
  box.hidden = true;
  document.body.append(box);

  // The lines of a text whose names are escaped, as they are read.
  const plain = (text) =>
    text.split("<br>").map((line) => line.replace(/<\/?b>/g, "").replace(/&(?:lt|gt|quot|amp|#x27);/g, (name) => ENTITIES[name]));

  const show = (lines, x, y) => {
    box.replaceChildren(
      ...lines.map((line, place) => {
        const element = document.createElement(place ? "div" : "strong");
        element.textContent = line;
        return element;
      }),
    );
    box.hidden = false;
    const { width, height } = box.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const left = x + AWAY_PX + width <= room ? x + AWAY_PX : Math.max(0, x - AWAY_PX - width);
    const above = y - AWAY_PX - height;
    box.style.left = `${Math.min(left, Math.max(0, room - width))}px`;
    box.style.top = `${above >= 0 ? above : y + AWAY_PX}px`;
  };
  const hide = () => {
    box.hidden = true;
    document.querySelectorAll(".cursor").forEach((cursor) => cursor.remove());
  };

  // What is said of each cell of a map, by the id of its picture; other scripts fill it.
  const maps = {};

  const marked = (svg, x, y, width, height) => {
    document.querySelectorAll(".cursor").forEach((cursor) => cursor.remove());
    const cursor = document.createElementNS(SVG, "rect");
    cursor.setAttribute("class", "cursor");
    for (const [name, value] of Object.entries({ x, y, width, height })) cursor.setAttribute(name, value);
    svg.append(cursor);
  };

  const within = (value, count) => Math.max(0, Math.min(count - 1, value));

  // Shows a place of a picture: a period, a row, or both.
  const at = (picture, svg, period, row, x, y) => {
    const { touch: kind, periods, rows, height, first } = svg.dataset;
    const text = kind === "map" ? maps[picture.id]?.(row, period) : said[picture.id]?.[kind === "rows" ? row + Number(first) : period];
    if (!text) return;
    const rowPx = height / (rows || 1);
    if (kind === "time") marked(svg, `${(100 * period) / periods}%`, 0, `${100 / periods}%`, height);
    else if (kind === "rows") marked(svg, 0, row * rowPx, "100%", rowPx);
    else marked(svg, `${(100 * period) / periods}%`, row * rowPx, `${100 / periods}%`, rowPx);
    show(plain(text), x, y);
  };

  for (const svg of document.querySelectorAll("svg[data-touch]")) {
    const picture = svg.closest(".picture");
    const plot = svg.closest(".plot");
    const { touch: kind, periods, rows, height } = svg.dataset;
    let chosen = [-1, -1];
    const pointed = (event) => {
      const area = svg.getBoundingClientRect();
      const down = event.clientY - area.top;
      if (down < 0 || down > Number(height) + AWAY_PX) return hide();
      chosen = [
        within(Math.floor(((event.clientX - area.left) / area.width) * periods), periods),
        within(Math.floor((down / height) * rows), rows),
      ];
      at(picture, svg, ...chosen, event.clientX, event.clientY);
    };
    plot.addEventListener("pointermove", pointed);
    plot.addEventListener("pointerdown", pointed);
    plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
    plot.addEventListener("blur", () => svg.querySelector(".cursor") && hide());
    if (kind === "time") {
      plot.addEventListener("click", () => {
        if (chosen[0] >= 0) dispatchEvent(new CustomEvent("period", { detail: chosen[0] }));
      });
    }
    plot.tabIndex = 0;
    plot.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      if (!(event.key in STEPS) || event.altKey || event.ctrlKey || event.metaKey) return;
      const across = kind === "time" || (kind === "map" && event.key.match(/Left|Right/));
      const place = across ? 0 : 1;
      chosen = chosen.map((each, axis) => (each < 0 && axis !== place ? 0 : each));
      chosen[place] = within(chosen[place] + STEPS[event.key], across ? periods : rows);
      event.preventDefault();
      const area = svg.getBoundingClientRect();
      const x = area.left + (kind === "rows" ? 0.5 : (chosen[0] + 0.5) / periods) * area.width;
      const y = area.top + (kind === "time" ? 0.5 : (chosen[1] + 0.5) / rows) * height;
      at(picture, svg, ...chosen, x, y);
    });
  }
  addEventListener("scroll", hide, { passive: true });
  return { show, hide, plain, maps };
})();
