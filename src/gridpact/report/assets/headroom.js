"use strict";
// Draws the sums and the maps of both sides.
(() => {
  const states = JSON.parse(document.getElementById("states").textContent);
  const config = { responsive: true, displayModeBar: false, displaylogo: false, plotlyServerURL: "" };
  const PRINT_WIDTH = { sums: 660, map: 320 };
  const last = states.shades.length - 1;
  const colours = states.shades.flatMap((shade, place) => [
    [place / states.shades.length, shade],
    [(place + 1) / states.shades.length, shade],
  ]);

  const cellText = (map, which, row, period) => {
    const cap = map.cap[row][period];
    const lines = [`<b>${map.names[row]}</b>, ${states.labels[period]}`];
    if (!cap) return [...lines, "nothing to trade"].join("<br>");
    lines.push(`Alone: ${map.alone[row][period]} kW`, `All together: ${map.together[row][period]} kW`, `Of ${cap} kW`);
    const reason = map.reason[row][period];
    if (which === "alone" && reason >= 0) lines.push(`Stopped by ${map.reasons[reason]}`);
    return lines.join("<br>");
  };

  const mapTrace = (map, which) => ({
    type: "heatmap",
    z: map[`${which}Shade`].map((row) => [...row].map((letter) => (letter === "." ? null : Number(letter)))),
    zmin: -0.5,
    zmax: last + 0.5,
    colorscale: colours,
    showscale: false,
    xgap: states.labels.length > 48 ? 0 : 1,
    ygap: 1,
    hoverongaps: true,
    hoverinfo: "text",
    text: map.names.map((_, row) => states.labels.map((_, period) => cellText(map, which, row, period))),
  });

  const drawn = [];
  for (const [side, parts] of Object.entries(states.sides)) {
    if (!parts.sums.data.length) continue;
    drawn.push([`${side}-sums`, PRINT_WIDTH.sums]);
    Plotly.newPlot(`${side}-sums`, parts.sums.data, parts.sums.layout, config);
    for (const which of ["alone", "together"]) {
      drawn.push([`${side}-${which}`, PRINT_WIDTH.map]);
      Plotly.newPlot(`${side}-${which}`, [mapTrace(parts.map, which)], structuredClone(parts.layout), config);
    }
  }
  addEventListener("beforeprint", () => {
    for (const [id, width] of drawn) Plotly.relayout(id, { width });
  });
  addEventListener("afterprint", () => {
    for (const [id] of drawn) Plotly.relayout(id, { width: null, autosize: true });
  });
})();
