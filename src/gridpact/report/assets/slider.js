"use strict";
// Draws the pictures of the page, and colours the network for the period that the slider stands at.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const pictures = read("pictures");
  const states = read("states");
  phases.start(states); // phases
  const { nodes, branches, participants } = states;
  const drawing = document.getElementById("network");
  const slider = document.getElementById("period");
  const config = { responsive: true, displayModeBar: false, displaylogo: false, plotlyServerURL: "" };
  const UNKNOWN = "#ffffff";
  const UNRATED = "#6b7680";
  const INK = "#1f2933";
  const CHARACTER_PX = 8.5;
  const ROW_PX = { leaf: 24, between: 44 };
  const LABEL_PLACE = { root: "middle left", leaf: "bottom center", between: "top center" };
  const SHOWN_MAX = 8;
  const PRINT_WIDTH = 660;
  const PRINT_HEIGHT_MAX = 690;

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
    return sells ? "triangle-up" : buys ? "triangle-down" : "circle";
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

  // One trace of lines per colour, width and dash, so that a hundred branches stay a dozen traces.
  const branchTraces = (period) => {
    const groups = new Map();
    branches.x.forEach((x, branch) => {
      const value = loading(branch, period);
      const width = value === null ? 2 : 2.5 + step(value, states.loadingScale);
      const line = { color: value === null ? UNRATED : colour(value, states.loadingScale), width, dash: branches.loop[branch] ? "dot" : "solid" };
      const key = Object.values(line).join();
      if (!groups.has(key)) groups.set(key, { mode: "lines", x: [], y: [], line, hoverinfo: "skip" });
      groups.get(key).x.push(...x, null);
      groups.get(key).y.push(...branches.y[branch], null);
    });
    return [...groups.keys()].sort().map((key) => groups.get(key));
  };

  const handle = (branch) =>
    branches.loop[branch]
      ? [branches.x[branch][1], branches.y[branch][1]]
      : [(branches.x[branch][1] + branches.x[branch][2]) / 2, branches.y[branch][2]];

  // The middle of each branch, to hover over; seen only at transformers.
  const handleTrace = (period) => {
    const places = branches.x.map((_, branch) => handle(branch));
    return {
      mode: "markers",
      x: places.map((place) => place[0]),
      y: places.map((place) => place[1]),
      hovertext: branches.x.map((_, branch) => branchText(branch, period)),
      hoverinfo: "text",
      marker: {
        symbol: "circle-cross",
        size: 13,
        opacity: branches.transformer,
        color: "#ffffff",
        line: { width: 1.5, color: INK },
      },
    };
  };

  const beyondTrace = (period, nodesOf, elementsOf, symbol, color) => {
    const elements = new Set(elementsOf[period]);
    const places = nodesOf[period].map((node) => [nodes.x[node], nodes.y[node]]);
    branches.element.forEach((element, branch) => elements.has(element) && places.push(handle(branch)));
    return {
      mode: "markers",
      x: places.map((place) => place[0]),
      y: places.map((place) => place[1]),
      hoverinfo: "skip",
      cliponaxis: false,
      marker: { symbol, size: 19, color, line: { width: 3 } },
    };
  };

  // Labels of supplies, and of the other nodes as many as have room beside their neighbours in the row.
  const shownLabels = (width, height) => {
    const { margin, xaxis, yaxis } = pictures.network.layout;
    const columnPx = (width - margin.l - margin.r) / (xaxis.range[1] - xaxis.range[0]);
    const rowPx = (height - margin.t - margin.b) / (yaxis.range[0] - yaxis.range[1]);
    const shown = nodes.label.map(() => "");
    const taken = new Map();
    const order = [...nodes.x.keys()].sort((one, other) => nodes.x[one] - nodes.x[other]);
    for (const node of order) {
      const side = nodes.side[node];
      const half = (Math.max(...nodes.label[node].split("<br>").map((line) => line.length)) * CHARACTER_PX) / 2;
      const place = `${side} ${nodes.y[node]}`;
      const middle = nodes.x[node] * columnPx;
      const free = rowPx >= ROW_PX[side] && middle - half >= (taken.has(place) ? taken.get(place) : -Infinity);
      if (side !== "root" && !free) continue;
      shown[node] = nodes.label[node];
      taken.set(place, middle + half);
    }
    return shown;
  };

  const nodeTrace = (period) => ({
    mode: "markers",
    x: nodes.x,
    y: nodes.y,
    hovertext: nodes.x.map((_, node) => nodeText(node, period)),
    hoverinfo: "text",
    cliponaxis: false,
    marker: {
      symbol: nodes.x.map((_, node) => role(node, period)),
      size: nodes.x.map((_, node) => (present[node].length || nodes.supply[node] ? 14 : 8)),
      color: nodes.x.map((_, node) => colour(states.voltage[period][node], states.voltageScale)),
      line: { width: 1.2, color: INK },
    },
  });

  // Apart from the buses, so that all labels keep clear of the ring around a bus outside its limits.
  const labelTrace = (width, height) => ({
    mode: "markers+text",
    x: nodes.x,
    y: nodes.y,
    text: shownLabels(width, height),
    textposition: nodes.side.map((side) => LABEL_PLACE[side]),
    hoverinfo: "skip",
    cliponaxis: false,
    marker: { opacity: 0, size: 18 },
  });

  const draw = (size) => {
    const period = Number(slider.value);
    const width = size ? size.width : drawing.clientWidth;
    const height = size ? size.height : pictures.network.layout.height;
    const layout = { ...pictures.network.layout, ...size };
    const traces = [
      ...branchTraces(period),
      handleTrace(period),
      labelTrace(width, height),
      nodeTrace(period),
      beyondTrace(period, states.beforeNodes, states.beforeElements, "square-open", states.beforeColour),
      beyondTrace(period, states.outsideNodes, states.outsideElements, "circle-open", states.brokenColour),
    ];
    Plotly.react(drawing, traces.map((trace) => ({ type: "scatter", ...trace })), layout, config);
    document.getElementById("period-label").textContent = states.labels[period];
    document.getElementById("period-facts").textContent = states.facts[period];
    slider.setAttribute("aria-valuetext", states.labels[period]);
  };

  const move = (period) => {
    slider.value = period;
    draw();
  };

  const timePictures = Object.keys(pictures).filter((id) => id !== "network" && pictures[id].data.length);
  for (const id of timePictures) {
    const picture = document.getElementById(id);
    Plotly.newPlot(picture, pictures[id].data, pictures[id].layout, config);
    picture.on("plotly_click", (event) => move(event.points[0].x));
  }

  slider.addEventListener("input", () => draw());
  document.getElementById("earlier").addEventListener("click", () => move(Number(slider.value) - 1));
  document.getElementById("later").addEventListener("click", () => move(Number(slider.value) + 1));
  phases.onSwitch(draw); // phases
  addEventListener("resize", () => draw());
  addEventListener("beforeprint", () => {
    for (const id of timePictures) Plotly.relayout(id, { width: PRINT_WIDTH });
    draw({ width: PRINT_WIDTH, height: Math.min(PRINT_HEIGHT_MAX, pictures.network.layout.height) });
  });
  addEventListener("afterprint", () => {
    for (const id of timePictures) Plotly.relayout(id, { width: null, autosize: true });
    draw();
  });
  draw();
})();
