// What a network of three phases has besides: the values of each phase, and the switch between them.
const phases = (() => {
  const NAMES = ["a", "b", "c"];
  const DIGIT = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].map((letter, digit) => [letter, digit]));
  const UNKNOWN = ".";
  const buttons = [...document.querySelectorAll('input[name="phase"]')];
  let states;

  const value = ({ low, scale, width, rows }, period, column) => {
    const letters = rows[period].slice(column * width, (column + 1) * width);
    if (letters[0] === UNKNOWN) return null;
    return (low + [...letters].reduce((number, letter) => number * DIGIT.size + DIGIT.get(letter), 0)) / scale;
  };
  const several = (table, period, first, count) =>
    Array.from({ length: count }, (_, place) => value(table, period, first + place));

  const voltages = (node, period) => {
    const bus = states.nodes.bus[node];
    return bus < 0 ? [null, null, null] : several(states.byPhase.voltage, period, NAMES.length * bus, NAMES.length);
  };
  const loadings = (element, period) => several(states.byPhase.loading, period, states.byPhase.first[element], NAMES.length);

  // Of three values the one that is greatest by a measure; none where they are not known.
  const greatest = (values, measure) =>
    values.reduce((one, other) => (one === null || (other !== null && measure(other) > measure(one)) ? other : one), null);
  const offMiddle = (voltage) => Math.abs(voltage - states.byPhase.middle);

  const view = () => buttons.find((button) => button.checked).value;

  const show = () => {
    const chosen = NAMES.indexOf(view());
    const of = (values, measure) => (chosen < 0 ? greatest(values, measure) : values[chosen]);
    const periods = [...states.labels.keys()];
    const nodes = [...states.nodes.x.keys()];
    const elements = [...states.byPhase.first.keys()];
    states.voltage = periods.map((period) => nodes.map((node) => of(voltages(node, period), offMiddle)));
    states.loading = periods.map((period) => elements.map((element) => of(loadings(element, period), (percent) => percent)));
    Object.assign(states, states.byPhase.beyond[view()]);
  };

  // The values of each phase in lines, the one that gives the colour in bold.
  const lines = (values, shown, text) =>
    values.map((each, place) => {
      const said = `phase ${NAMES[place]}: ${text(each)}`;
      return each !== null && each === shown ? `<b>${said}</b>` : said;
    });

  const nodeLines = (node, period) => {
    if (states.voltage[period][node] === null) return ["voltages unknown"];
    const said = lines(voltages(node, period), states.voltage[period][node], (voltage) => `${voltage.toFixed(4)} pu`);
    const column = states.nodes.unbalance[node];
    return column < 0 ? said : [...said, `unbalance: ${value(states.byPhase.unbalance, period, column)} %`];
  };

  const branchLines = (branch, period) => {
    const element = states.branches.element[branch];
    const shown = states.loading[period][element];
    const said = [`<b>${states.branches.title[branch]}</b>`];
    if (shown === null) said.push("loadings unknown");
    else said.push(...lines(loadings(element, period), shown, (percent) => `${percent} % loaded`));
    if (shown !== null && states.byPhase.neutral[element])
      said.push(`neutral: ${value(states.byPhase.loading, period, states.byPhase.first[element] + NAMES.length)} % loaded`);
    if (states.branches.loop[branch]) said.push("closes a loop");
    return said;
  };

  const start = (given) => {
    states = given;
    show();
  };

  const onSwitch = (draw) => {
    for (const button of buttons)
      button.addEventListener("change", () => {
        show();
        draw();
      });
  };

  return { start, nodeLines, branchLines, onSwitch };
})();
