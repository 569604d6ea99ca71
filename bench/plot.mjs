// A chart of what a process was like over time: one row for each of what is watched, on one axis of time.
const charts = [
  { name: 'rssMiB', title: 'RSS, MiB' },
  { name: 'heapMiB', title: 'JavaScript heap in use, MiB' },
  { name: 'fds', title: 'open descriptors' },
  { name: 'threads', title: 'threads' },
  { name: 'loopP99Ms', title: 'event loop, 99th percentile of 10 s, ms' },
];
const [width, left, height, gap] = [900, 60, 110, 34];

/** @param rows with `minutes` and what the charts name @returns SVG that is readable on light and dark pages */
export function plot(rows, title) {
  const last = rows.at(-1).minutes;
  const x = (minutes) => left + ((width - left - 10) * minutes) / last;
  const parts = charts.map(({ name, title: what }, index) => {
    const top = 30 + index * (height + gap) + 16;
    const most = Math.max(...rows.map((row) => row[name])) * 1.1;
    const y = (value) => top + height * (1 - value / most);
    const points = rows.map((row) => `${x(row.minutes).toFixed(1)},${y(row[name]).toFixed(1)}`).join(' ');
    return (
      `<text x="${left}" y="${top - 4}">${what}</text>` +
      `<path d="M${left} ${top}V${top + height}H${width - 10}" class="axis"/>` +
      `<text x="${left - 6}" y="${top + 10}" class="tick">${most.toPrecision(3)}</text>` +
      `<text x="${left - 6}" y="${top + height}" class="tick">0</text>` +
      `<polyline points="${points}"/>`
    );
  });
  const bottom = 30 + charts.length * (height + gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + 24}" viewBox="0 0 ${width} ${bottom + 24}">
<style>svg{background:#fff}text{font:12px sans-serif;fill:#222}.tick{text-anchor:end}.axis{fill:none;stroke:#999}polyline{fill:none;stroke:#0a6cb5;stroke-width:1.3}</style>
<text x="${left}" y="18" style="font-weight:bold">${title}</text>
${parts.join('\n')}
<text x="${left}" y="${bottom + 14}">0</text><text x="${width - 10}" y="${bottom + 14}" class="tick">${last.toFixed(0)} min</text>
</svg>
`;
}
