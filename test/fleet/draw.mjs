// Draws a board without Grafana: what its panels ask of Prometheus, laid out as its JSON says, in shapes of our own. An
// approximation for pictures in the docs, and said to be one on the picture.

const width = 1600;
const [gap, unitHeight] = [8, 34];
const column = (width - gap) / 24;

/** Seconds, shares and so on, as people read them. */
export function written(value, unit) {
  if (!Number.isFinite(value)) return '–';
  const scaled = (steps, base, suffix) => {
    const [factor, prefix] = steps.find(([factor]) => Math.abs(value) >= factor) ?? steps.at(-1);
    return `${Number((value / factor).toPrecision(3))} ${prefix}${suffix}`.trim();
  };
  const large = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, '']]; // prettier-ignore
  if (value === 0) return '0';
  if (unit === 's') return scaled([[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']], 1, ''); // prettier-ignore
  if (unit === 'percentunit') return `${Number((100 * value).toPrecision(3))} %`;
  if (unit === 'bytes') return scaled([[2 ** 40, 'Ti'], [2 ** 30, 'Gi'], [2 ** 20, 'Mi'], [1024, 'Ki'], [1, '']], 1, 'B'); // prettier-ignore
  const suffix = { ops: '/s', Bps: 'B/s', hertz: 'Hz' }[unit] ?? '';
  return Math.abs(value) < 1 ? `${Number(value.toPrecision(3))} ${suffix}`.trim() : scaled(large, 1, suffix);
}

const escape = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Viridis, in nine steps of its own table. */
const viridis = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
];
const shade = (share) => viridis[Math.max(0, Math.min(8, Math.round(share * 8)))];
const inks = ['#7eb26d', '#eab839', '#6ed0e0', '#ef843c', '#e24d42', '#1f78c1', '#ba43a9', '#705da0', '#508642', '#cca300']; // prettier-ignore

const legendOf = (query, metric) =>
  query.legend.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '').trim();

/** Series over time: [{ legend, points: [[time, value]] }]. */
function lines(panel, series, w, h) {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return none(w, h);
  const [low, high] = [Math.min(0, ...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y))];
  const [first, last] = [points[0][0], Math.max(...points.map(([x]) => x))];
  const [left, bottom] = [64, 34];
  const x = (time) => left + ((time - first) / (last - first || 1)) * (w - left - 8);
  const y = (value) => 6 + (1 - (value - low) / (high - low || 1)) * (h - bottom - 12);
  const grid = [0, 0.5, 1].map((share) => {
    const value = low + share * (high - low);
    return `<line x1="${left}" x2="${w - 8}" y1="${y(value)}" y2="${y(value)}" class="grid"/><text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${written(value, panel.unit)}</text>`;
  });
  const drawn = series
    .slice(0, 40)
    .map(
      (one, index) =>
        `<polyline fill="none" stroke="${inks[index % inks.length]}" stroke-width="1.4" points="${one.points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}"/>`,
    );
  const room = Math.floor(w / 150);
  const names = series
    .slice(0, room)
    .map(
      (one, index) =>
        `<rect x="${8 + index * 150}" y="${h - 15}" width="10" height="3" fill="${inks[index % inks.length]}"/><text x="${22 + index * 150}" y="${h - 9}">${escape(one.legend.slice(0, 20))}</text>`,
    );
  return `<svg viewBox="0 0 ${w} ${h}">${[...grid, ...drawn, ...names].join('')}</svg>`;
}

/** A row for each series, a cell for each time. */
function rows(panel, series, w, h) {
  if (series.length === 0) return none(w, h);
  const shown = series.slice(0, 24);
  const values = shown.flatMap((one) => one.points.map(([, value]) => value));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const times = [...new Set(shown.flatMap((one) => one.points.map(([time]) => time)))].toSorted(
    (a, b) => a - b,
  );
  const at = new Map(times.map((time, index) => [time, index]));
  const left = 130;
  const [cw, ch] = [(w - left - 8) / times.length, (h - 24) / shown.length];
  const cells = shown.flatMap((one, row) => [
    `<text x="${left - 6}" y="${4 + row * ch + ch / 2 + 4}" text-anchor="end">${escape(one.legend.slice(0, 20))}</text>`,
    ...one.points.map(
      ([time, value]) =>
        `<rect x="${(left + at.get(time) * cw).toFixed(1)}" y="${(4 + row * ch).toFixed(1)}" width="${(cw + 0.3).toFixed(1)}" height="${(ch - 1).toFixed(1)}" fill="${shade((value - low) / (high - low || 1))}"/>`,
    ),
  ]);
  const unit = panel.type === 'heatmap' ? (panel.cellUnit ?? panel.unit) : panel.unit;
  cells.push(
    `<text x="${left}" y="${h - 6}">${written(low, unit)} (dark) to ${written(high, unit)} (bright)</text>`,
  );
  return `<svg viewBox="0 0 ${w} ${h}">${cells.join('')}</svg>`;
}

function bars(panel, series, w, h) {
  if (series.length === 0) return none(w, h);
  const shown = series
    .slice(0, Math.floor(h / 20))
    .map((one) => ({ legend: one.legend, value: one.points.at(-1)?.[1] ?? 0 }));
  const most = Math.max(...shown.map((one) => one.value), 1e-12);
  const ch = Math.min(24, (h - 6) / shown.length);
  return `<svg viewBox="0 0 ${w} ${h}">${shown
    .map(({ legend, value }, index) => {
      const length = Math.max(1, (value / most) * (w - 330));
      return `<text x="180" y="${index * ch + ch / 2 + 5}" text-anchor="end">${escape(legend.slice(0, 26))}</text><rect x="190" y="${index * ch + 3}" width="${length}" height="${ch - 5}" fill="${shade(value / most)}"/><text x="${196 + length}" y="${index * ch + ch / 2 + 5}">${written(value, panel.unit)}</text>`;
    })
    .join('')}</svg>`;
}

function numbers(panel, series, w, h) {
  if (series.length === 0) return none(w, h);
  const each = w / series.length;
  return `<svg viewBox="0 0 ${w} ${h}">${series
    .map(
      (one, index) =>
        `<text x="${(index + 0.5) * each}" y="${h / 2 + 8}" class="number" text-anchor="middle">${written(one.points.at(-1)?.[1], panel.unit)}</text><text x="${(index + 0.5) * each}" y="${h / 2 + 30}" text-anchor="middle">${escape(one.legend)}</text>`,
    )
    .join('')}</svg>`;
}

const none = (w, h) =>
  `<svg viewBox="0 0 ${w} ${h}"><text x="${w / 2}" y="${h / 2}" text-anchor="middle">no data: nothing of it here</text></svg>`;

function table(panel, found, h) {
  const organize = panel.transformations.find(({ id }) => id === 'organize')?.options;
  const columns = organize
    ? Object.keys(organize.indexByName).toSorted((a, b) => organize.indexByName[a] - organize.indexByName[b])
    : [];
  const body = found
    .slice(0, Math.floor(h / 24) - 1)
    .map(
      ({ metric, value }) =>
        `<tr>${columns.map((name) => `<td>${escape(name === 'Value' ? written(value, panel.unit) : (metric[name] ?? ''))}</td>`).join('')}</tr>`,
    );
  return `<table><thead><tr>${columns.map((name) => `<th>${escape(organize.renameByName[name])}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function matrix(panel, found) {
  const { rowField, columnField } = panel.transformations.find(({ id }) => id === 'groupingToMatrix').options;
  const names = (field) => [...new Set(found.map(({ metric }) => metric[field]))].toSorted((a, b) => a - b);
  const [lines, columns] = [names(rowField), names(columnField)];
  const values = found.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const cell = (row, column) => {
    const value = found.find(
      ({ metric }) => metric[rowField] === row && metric[columnField] === column,
    )?.value;
    if (value === undefined) return '<td></td>';
    const share = (value - low) / (high - low || 1);
    return `<td style="background:${shade(share)};color:${share > 0.5 ? '#111' : '#fff'}">${written(value, panel.unit)}</td>`;
  };
  return `<table class="matrix"><thead><tr><th>${rowField} \\ ${columnField}</th>${columns.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>${lines.map((row) => `<tr><th>${row}</th>${columns.map((name) => cell(row, name)).join('')}</tr>`).join('')}</tbody></table>`;
}

/**
 * @param board what dashboards/*.json holds
 * @param ask `(expr, instant) => Promise<[{ metric, points: [[time, value]] }]>`, with the variables filled in
 */
export async function draw(board, ask, note) {
  const out = [];
  let bottom = 0;
  for (const one of board.panels) {
    const { x, y, w, h } = one.gridPos;
    bottom = Math.max(bottom, y + h);
    const box = {
      left: gap + x * column,
      top: y * (unitHeight + gap),
      w: w * column - gap,
      h: h * (unitHeight + gap) - gap,
    };
    const style = `left:${box.left}px;top:${box.top}px;width:${box.w}px;height:${box.h}px`;
    if (one.type === 'row') {
      out.push(`<h2 style="${style}">${escape(one.title)}</h2>`);
      continue;
    }
    const panel = {
      ...one,
      unit: one.fieldConfig?.defaults?.unit ?? '',
      cellUnit: one.options?.cellValues?.unit,
    };
    const series = [];
    for (const target of one.targets) {
      const query = { legend: target.legendFormat ?? '' };
      for (const { metric, points } of await ask(target.expr, target.instant === true))
        series.push({ metric, legend: legendOf(query, metric) || Object.values(metric).join(' '), points });
    }
    const [w2, h2] = [Math.round(box.w - 16), Math.round(box.h - 36)];
    const instant = series.map(({ metric, points }) => ({ metric, value: points.at(-1)?.[1] }));
    const isMatrix = one.transformations?.some(({ id }) => id === 'groupingToMatrix');
    const body = {
      timeseries: () => lines(panel, series, w2, h2),
      heatmap: () =>
        rows(panel, one.targets[0].format === 'heatmap' ? apart(byLe(series)).toReversed() : series, w2, h2),
      'state-timeline': () => rows(panel, series, w2, h2),
      bargauge: () => bars(panel, series, w2, h2),
      stat: () => numbers(panel, series, w2, h2),
      table: () => (isMatrix ? matrix(panel, instant) : table(panel, instant, h2)),
    }[one.type]();
    out.push(`<section style="${style}"><h3>${escape(one.title)}</h3>${body}</section>`);
  }
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(board.title)}</title><style>
    body { margin: 0; background: #111217; color: #ccccdc; font: 12px/1.35 'DejaVu Sans', sans-serif; width: ${width}px; }
    header { padding: 14px 16px; font-size: 20px; } header small { font-size: 12px; color: #9a9aa8; margin-left: 12px; }
    main { position: relative; height: ${bottom * (unitHeight + gap) + gap}px; }
    h2, section { position: absolute; box-sizing: border-box; } h2 { font-size: 14px; margin: 10px 0 0; }
    section { background: #181b1f; border: 1px solid #2c2f36; padding: 8px; overflow: hidden; }
    h3 { margin: 0 0 6px; font-size: 12px; font-weight: 600; } svg { display: block; width: 100%; } text { fill: #b0b0be; font-size: 11px; }
    .number { font-size: 26px; fill: #e6e6f0; } .grid { stroke: #2c2f36; } table { border-collapse: collapse; width: 100%; }
    td, th { text-align: left; padding: 3px 8px; border-bottom: 1px solid #2c2f36; white-space: nowrap; } .matrix td { text-align: center; padding: 14px; }
  </style><header>${escape(board.title)}<small>${escape(note)}</small></header><main>${out.join('\n')}</main></html>`;
}

const byLe = (all) => all.toSorted((a, b) => Number(a.metric.le) - Number(b.metric.le));

/** Buckets are cumulative: what lies in each is what the one below has not. */
const apart = (series) =>
  series.map((one, index) => ({
    ...one,
    points: one.points.map(([time, value], at) => [
      time,
      Math.max(0, value - (series[index - 1]?.points[at]?.[1] ?? 0)),
    ]),
  }));
