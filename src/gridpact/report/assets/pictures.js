"use strict";
// Draws every picture of the page.
(() => {
  const pictures = JSON.parse(document.getElementById("pictures").textContent);
  const config = { responsive: true, displayModeBar: false, displaylogo: false, plotlyServerURL: "" };
  const PRINT_WIDTH = { whole: 660, half: 320 };
  const drawn = Object.keys(pictures).filter((id) => pictures[id].data.length);
  const printed = (id) => (document.getElementById(id).closest(".pair") ? PRINT_WIDTH.half : PRINT_WIDTH.whole);
  for (const id of drawn) Plotly.newPlot(id, pictures[id].data, pictures[id].layout, config);
  addEventListener("beforeprint", () => {
    for (const id of drawn) Plotly.relayout(id, { width: printed(id) });
  });
  addEventListener("afterprint", () => {
    for (const id of drawn) Plotly.relayout(id, { width: null, autosize: true });
  });
})();
