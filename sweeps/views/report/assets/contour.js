// A mean of the trials near each place, weighted by a normal kernel of their distance (Nadaraya and Watson, 1964) in the
// units of the axes; choices are near themselves alone.
const CELLS = 44;
const ENOUGH = 6; // trials from which a surface means anything

function positions(param) {
  if (param.choices) return range(param.choices.length);
  const at = (share) => (param.log ? param.low * (param.high / param.low) ** share : param.low + (param.high - param.low) * share);
  return range(CELLS).map((place) => at(place / (CELLS - 1)));
}

function unit(param, value) {
  if (param.choices) return value;
  if (param.high <= param.low) return 0.5;
  return param.log ? Math.log(value / param.low) / Math.log(param.high / param.low) : (value - param.low) / (param.high - param.low);
}

function smoothed(first, second, values) {
  const there = range(N).filter((place) => [values, T.params[first], T.params[second]].every((column) => finite(column[place])) && !T.outside[place]);
  const width = Math.min(0.22, Math.max(0.05, 0.38 * there.length ** (-1 / 6) * 0.6));
  const near = (param, column) => positions(P[param]).map((value) => there.map((place) => {
    const apart = unit(P[param], value) - unit(P[param], column[place]);
    return P[param].choices ? Number(apart === 0) : Math.exp(-0.5 * (apart / width) ** 2);
  }));
  const across = near(first, T.params[first]), along = near(second, T.params[second]);
  const found = there.map((place) => values[place]), robust = ends(found);
  const held = robust ? found.map((value) => Math.min(Math.max(value, robust[0]), robust[1])) : found;
  const grid = along.map((rowWeights) => across.map((weights) => {
    let sum = 0, total = 0, most = 0;
    for (let i = 0; i < held.length; i += 1) {
      const weight = weights[i] * rowWeights[i];
      sum += weight * held[i]; total += weight; most = Math.max(most, weight);
    }
    return most > 0.08 ? sum / total : null;
  }));
  return { there, grid };
}

drawing("contour", () => {
  const first = Number($("contour-x").value), second = Number($("contour-y").value), values = levelValues("contour-at");
  const { there, grid } = smoothed(first, second, values);
  const seen = grid.flat().filter(finite), low = Math.min(...seen), high = Math.max(...seen);
  const scale = { colorscale: up ? SCALE : SCALE.map(([share, paint]) => [1 - share, paint]).reverse(), zmin: low, zmax: high };
  const bar = { title: { text: plain(data.metric), side: "right" }, thickness: 12, outlinewidth: 0, len: 0.9 };
  const paint = (value) => shade(up ? (value - low) / (high - low || 1) : (high - value) / (high - low || 1));
  const discrete = P[first].choices || P[second].choices;
  const surface = {
    type: discrete ? "heatmap" : "contour", x: positions(P[first]), y: positions(P[second]), z: grid, ...scale, colorbar: bar,
    hovertemplate: `${plain(data.metric)} %{z:.4g}<extra></extra>`, connectgaps: false, hoverongaps: false,
    ...(discrete ? {} : { contours: { coloring: "fill", showlines: true }, line: { width: 0.5, color: "rgba(0,0,0,.35)" }, ncontours: 14 }),
  };
  const spread = (param, place, salt) => T.params[param][place] + (P[param].choices ? (((place * salt) % 101) / 101 - 0.5) * 0.5 : 0);
  const x = (place) => spread(first, place, 7919), y = (place) => spread(second, place, 104729);
  const text = (place) => `${T.id[place]}: ${number(values[place])}, ${valueText(first, place)}, ${valueText(second, place)}`;
  const size = there.length > MANY ? 5 : 7, rest = there.filter((place) => place !== data.winner);
  const steps = (place) => paint(low + Math.round(((values[place] - low) / (high - low || 1)) * 8) / 8 * (high - low));
  const won = dots(there.filter((place) => place === data.winner), x, y, text, {}).traces[0];
  const points = together(
    dots(rest, x, y, text, { size: size + 2, color: css("--page"), hoverinfo: "skip" }), // a rim, so that they stand out
    painted(rest, steps, x, y, text, { size }),
    { traces: [{ ...won, marker: { size: 13, symbol: "diamond", color: css("--winner"), line: { width: 1.5, color: css("--page") } } }], shapes: [] },
  );
  const title = (param) => ({ title: { text: plain(P[param].name) } });
  return {
    ...together({ traces: seen.length && there.length >= ENOUGH ? [surface] : [], shapes: [] }, points),
    layout: {
      annotations: there.length < ENOUGH ? [{ text: `${there.length} trials are too few for a surface`, xref: "paper", yref: "paper", x: 0.5, y: 1, showarrow: false, font: { color: css("--muted") } }] : [],
      margin: { l: P[second].choices ? room(P[second].choices) + 20 : 64, r: 90, t: 12, b: 44 }, xaxis: { ...axisOf(P[first], innerWidth < 600 ? 4 : 6), ...title(first), showgrid: false }, yaxis: { ...axisOf(P[second]), ...title(second), showgrid: false },
    },
  };
});
