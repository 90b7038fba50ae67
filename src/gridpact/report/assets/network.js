// Draws the network, and colours it for the period that the slider stands at.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const layout = read("network-layout");
  const states = read("states");
  phases.start(states); // phases
  const { nodes, branches, participants } = states;
  const drawing = document.getElementById("network");
  const slider = document.getElementById("period");
  const UNKNOWN = "var(--paper)";
  const UNRATED = "var(--unrated)";
  const CHARACTER_PX = 8;
  const LINE_PX = 16;
  const ROW_PX = { leaf: 24, between: 44 };
  const SHOWN_MAX = 8;
  const COLUMN_PX_MIN = 22;
  const PRINT_WIDTH = 640;
  const PRINT_HEIGHT_MAX = 690;
  const SHAPES = {
    square: "M-7-7h14v14h-14z",
    diamond: "M0-9L9 0L0 9L-9 0z",
    "triangle-up": "M0-8.5L8.5 6.5h-17z",
    "triangle-down": "M0 8.5L8.5-6.5h-17z",
    circle: "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0z",
    dot: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    transformer: "M-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0zM-6.5 0h13M0-6.5v13",
    ring: "M-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0z",
    frame: "M-10.5-10.5h21v21h-21z",
    finger: "M-12 0a12 12 0 1 0 24 0a12 12 0 1 0-24 0z",
  };

  const at = (series, period) => (series ? series[period] : 0);
  const step = (value, scale) => {
    const share = (value - scale.low) / (scale.high - scale.low);
    const last = scale.colours.length - 1;
    return Math.min(last, Math.max(0, Math.floor(share * scale.colours.length)));
  };
  const colour = (value, scale) => (value === null ? UNKNOWN : scale.colours[step(value, scale)]);
  const loading = (branch, period) =>
    branches.element[branch] < 0 ? null : states.loading[period][branches.element[branch]];

  const present = nodes.x.map(() => []);
  participants.node.forEach((node, participant) => present[node].push(participant));

  const role = (node, period) => {
    const sells = present[node].some((one) => at(participants.sold[one], period) > 0);
    const buys = present[node].some((one) => at(participants.bought[one], period) > 0);
    if (nodes.supply[node]) return "square";
    if (sells && buys) return "diamond";
    if (sells || buys) return sells ? "triangle-up" : "triangle-down";
    return present[node].length ? "circle" : "dot";
  };

  const nodeText = (node, period) => {
    const voltage = states.voltage[period][node];
    const lines = [`<b>${nodes.title[node]}</b>` + (nodes.supply[node] ? ", supply" : "")];
    lines.push(voltage === null ? "voltage unknown" : `${voltage.toFixed(4)} pu`);
    lines.splice(1, 1, ...phases.nodeLines(node, period)); // phases
    for (const one of present[node].slice(0, SHOWN_MAX)) {
      const said = ["load", "generation", "sold", "bought"]
        .map((name) => [name, at(participants[name][one], period)])
        .filter(([, kw]) => kw > 0)
        .map(([name, kw]) => `${name} ${kw} kW`);
      lines.push(`${participants.name[one]}: ${said.join(", ") || "nothing"}`);
    }
    if (present[node].length > SHOWN_MAX) lines.push(`… and ${present[node].length - SHOWN_MAX} more`);
    return lines.join("<br>");
  };

  const branchText = (branch, period) => {
    const percent = loading(branch, period);
    const rated = branches.element[branch] >= 0;
    const said = percent === null ? (rated ? "loading unknown" : "") : `${percent} % loaded`;
    if (rated) return phases.branchLines(branch, period).join("<br>"); // phases
    return [`<b>${branches.title[branch]}</b>`, said, branches.loop[branch] ? "closes a loop" : ""]
      .filter(Boolean)
      .join("<br>");
  };

  // Places are shares of the width and of the height, so that the drawing stretches with its page.
  const [left, right] = layout.xaxis.range;
  const [bottom, top] = layout.yaxis.range;
  const across = (x) => `${(100 * (x - left)) / (right - left)}%`;
  const down = (y) => `${(100 * (y - top)) / (bottom - top)}%`;
  const element = (name, attributes, parent) => {
    const made = document.createElementNS(SVG, name);
    for (const [each, value] of Object.entries(attributes)) made.setAttribute(each, value);
    parent.append(made);
    return made;
  };
  const mark = (x, y, parent, attributes = {}) =>
    element("path", attributes, element("svg", { x: across(x), y: down(y), overflow: "visible" }, parent));

  const place = document.createElement("div");
  place.className = "plot tree";
  place.tabIndex = 0; // where it is too wide it is moved by keys, too
  for (const name of ["role", "aria-label"]) {
    if (!drawing.hasAttribute(name)) continue;
    place.setAttribute(name, drawing.getAttribute(name));
    drawing.removeAttribute(name);
  }
  drawing.append(place);
  place.style.padding = `0 ${layout.margin.r}px 0 ${layout.margin.l}px`; // labels of supplies stand at the left
  const svg = element("svg", { width: "100%", height: layout.height }, place);
  svg.style.minWidth = `${COLUMN_PX_MIN * (right - left)}px`; // a phone moves it sideways
  const inner = element("svg", { width: "100%", y: layout.margin.t, overflow: "visible" }, svg);
  const lines = element("svg", { width: "100%", height: "100%", preserveAspectRatio: "none", overflow: "visible" }, inner);
  lines.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);

  const handle = (branch) =>
    branches.loop[branch]
      ? [branches.x[branch][1], branches.y[branch][1]]
      : [(branches.x[branch][1] + branches.x[branch][2]) / 2, branches.y[branch][2]];

  const paths = branches.x.map((x, branch) => {
    const points = x.map((each, point) => `${each} ${branches.y[branch][point]}`).join("L");
    return element("path", { class: branches.loop[branch] ? "branch loop" : "branch", d: `M${points}`, fill: "none" }, lines);
  });
  const middles = branches.x.map((_, branch) => {
    const [x, y] = handle(branch);
    if (branches.transformer[branch]) mark(x, y, inner, { class: "outlined", d: SHAPES.transformer });
    return mark(x, y, inner, { class: "finger", d: SHAPES.finger });
  });
  const rings = element("g", {}, inner);
  const labels = nodes.x.map((x, node) => {
    const label = element("text", { x: across(x), y: down(nodes.y[node]) }, inner);
    const texts = nodes.label[node].split("<br>");
    const root = nodes.side[node] === "root";
    const first = root ? 4.5 - ((texts.length - 1) * LINE_PX) / 2 : nodes.side[node] === "leaf" ? 24 : -14 - (texts.length - 1) * LINE_PX;
    label.setAttribute("class", root ? "end" : "middle");
    texts.forEach((text, line) => {
      const part = element("tspan", { x: across(x), dy: line ? LINE_PX : first }, label);
      if (root) part.setAttribute("dx", -14);
      part.textContent = text;
    });
    return label;
  });
  const buses = nodes.x.map((x, node) => mark(x, nodes.y[node], inner, { class: "node outlined" }));

  // Labels of supplies, and of the other nodes as many as have room beside their neighbours in the row.
  const shownLabels = (width, height) => {
    const columnPx = width / (right - left);
    const rowPx = height / (bottom - top);
    const taken = new Map();
    const order = [...nodes.x.keys()].sort((one, other) => nodes.x[one] - nodes.x[other]);
    for (const node of order) {
      const side = nodes.side[node];
      const half = (Math.max(...nodes.label[node].split("<br>").map((line) => line.length)) * CHARACTER_PX) / 2;
      const row = `${side} ${nodes.y[node]}`;
      const middle = (nodes.x[node] - left) * columnPx;
      const fits = middle - half >= -layout.margin.l && middle + half <= width + layout.margin.r;
      const free = rowPx >= ROW_PX[side] && fits && middle - half >= (taken.has(row) ? taken.get(row) : -Infinity);
      const shown = side === "root" || free;
      labels[node].setAttribute("visibility", shown ? "visible" : "hidden");
      if (shown) taken.set(row, middle + half);
    }
  };

  const fit = (width, height) => {
    const room = [width, height - layout.margin.t - layout.margin.b];
    svg.setAttribute("height", height);
    inner.setAttribute("height", room[1]);
    shownLabels(...room);
  };

  const beyond = (period, nodesOf, elementsOf, shape, colour) => {
    const elements = new Set(elementsOf[period]);
    const places = nodesOf[period].map((node) => [nodes.x[node], nodes.y[node]]);
    branches.element.forEach((each, branch) => elements.has(each) && places.push(handle(branch)));
    for (const [x, y] of places) mark(x, y, rings, { class: "beyond", d: SHAPES[shape], stroke: colour, fill: "none" });
  };

  const draw = () => {
    const period = Number(slider.value);
    paths.forEach((path, branch) => {
      const value = loading(branch, period);
      path.setAttribute("stroke", value === null ? UNRATED : colour(value, states.loadingScale));
      path.setAttribute("stroke-width", value === null ? 2 : 2.5 + step(value, states.loadingScale));
      middles[branch].setAttribute("data-text", branchText(branch, period));
    });
    buses.forEach((bus, node) => {
      bus.setAttribute("d", SHAPES[role(node, period)]);
      bus.setAttribute("fill", colour(states.voltage[period][node], states.voltageScale));
      bus.setAttribute("data-text", nodeText(node, period));
    });
    rings.replaceChildren();
    beyond(period, states.beforeNodes, states.beforeElements, "frame", states.beforeColour);
    beyond(period, states.outsideNodes, states.outsideElements, "ring", states.brokenColour);
    document.getElementById("period-label").textContent = states.labels[period];
    document.getElementById("period-facts").textContent = states.facts[period];
    slider.setAttribute("aria-valuetext", states.labels[period]);
  };

  const move = (period) => {
    slider.value = period;
    draw();
  };

  const said = (event) => {
    const found = event.target.closest("[data-text]");
    touch.hide();
    if (found) touch.show(touch.plain(found.dataset.text), event.clientX, event.clientY);
  };
  place.addEventListener("pointermove", said);
  place.addEventListener("pointerdown", said);
  place.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && touch.hide());

  slider.addEventListener("input", draw);
  document.getElementById("earlier").addEventListener("click", () => move(Number(slider.value) - 1));
  document.getElementById("later").addEventListener("click", () => move(Number(slider.value) + 1));
  addEventListener("period", (event) => move(event.detail));
  phases.onSwitch(draw); // phases
  const onScreen = () => fit(svg.getBoundingClientRect().width, layout.height);
  addEventListener("resize", onScreen);
  addEventListener("beforeprint", () => fit(PRINT_WIDTH, Math.min(PRINT_HEIGHT_MAX, layout.height)));
  addEventListener("afterprint", onScreen);
  onScreen();
  draw();
})();
