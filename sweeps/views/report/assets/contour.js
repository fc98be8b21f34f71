// A mean of the trials near each place, weighted by a normal kernel of their distance (Nadaraya and Watson, 1964) in the
// units of the axes; choices are near themselves alone.
const CELLS = 44;

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
  const points = {
    type: "scatter", mode: "markers", x: there.map((place) => spread(first, place, 7919)), y: there.map((place) => spread(second, place, 104729)),
    text: there.map((place) => plain(`${T.id[place]}: ${number(values[place])}, ${valueText(first, place)}, ${valueText(second, place)}`)), hoverinfo: "text",
    marker: { size: there.map((place) => (place === data.winner ? 12 : there.length > 300 ? 4 : 7)), symbol: there.map((place) => (place === data.winner ? "diamond" : "circle")),
      color: there.map((place) => (place === data.winner ? css("--winner") : paint(values[place]))), line: { width: 1, color: css("--page") } },
  };
  const title = (param) => ({ title: { text: plain(P[param].name) } });
  return {
    traces: seen.length ? [surface, points] : [points],
    layout: { xaxis: { ...axisOf(P[first]), ...title(first), showgrid: false }, yaxis: { ...axisOf(P[second]), ...title(second), showgrid: false } },
  };
});
