// What is said of each cell of the maps of both sides.
(() => {
  const states = JSON.parse(document.getElementById("states").textContent);

  const cellText = (map, which, row, period) => {
    const cap = map.cap[row][period];
    const lines = [`<b>${map.names[row]}</b>, ${states.labels[period]}`];
    if (!cap) return [...lines, "nothing to trade"].join("<br>");
    lines.push(`Alone: ${map.alone[row][period]} kW`, `All together: ${map.together[row][period]} kW`, `Of ${cap} kW`);
    const reason = map.reason[row][period];
    if (which === "alone" && reason >= 0) lines.push(`Stopped by ${map.reasons[reason]}`);
    return lines.join("<br>");
  };

  for (const [side, map] of Object.entries(states.sides))
    for (const which of ["alone", "together"])
      touch.maps[`${side}-${which}`] = (row, period) => cellText(map, which, row, period);
})();
