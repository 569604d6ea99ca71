/** The one style sheet. Colours are named once, for light, dark and forced ones; the rest is space and size. */
export const style = `:root {
  color-scheme: light dark;
  --paper: #fbfaf7;
  --card: #ffffff;
  --ink: #1c1f22;
  --soft: #565d63;
  --line: #dedad2;
  --faint: #efece5;
  --accent: #0b6670;
  --mark: #8a4b00;
  --gap: clamp(1rem, 2.5vw, 2rem);
  font: 16px/1.55 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121416;
    --card: #1a1d20;
    --ink: #e8e6e1;
    --soft: #a3aab0;
    --line: #33383d;
    --faint: #23272b;
    --accent: #62c6cf;
    --mark: #f0b35e;
  }
}
* { box-sizing: border-box; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
body { margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums; }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 0 var(--gap); }
header { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: baseline; padding-top: var(--gap); }
header div { flex: 1 1 16rem; min-width: 0; }
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
main:focus { outline: none; }
section { margin: clamp(2.5rem, 5vw, 4rem) 0; }
h1 { margin: 0; font-size: 1.125rem; font-weight: 650; overflow-wrap: anywhere; }
h1 small { margin-left: 0.35rem; font-size: 0.9375rem; font-weight: 400; color: var(--soft); }
h2 { margin: 0 0 1.25rem; font-size: 1.25rem; font-weight: 650; letter-spacing: -0.01em; }
h2 small { margin-left: 0.5rem; font-size: 0.875rem; font-weight: 400; letter-spacing: 0; color: var(--soft); }
h3 { margin: 0 0 0.5rem; font-size: 0.9375rem; font-weight: 600; }
p { margin: 0 0 0.75rem; max-width: 46rem; }
a { color: var(--accent); text-underline-offset: 0.2em; }
ul { margin: 0; padding: 0; list-style: none; }
code { font-size: 0.9em; white-space: nowrap; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.skip { position: absolute; left: -999rem; padding: 0.75rem 1rem; background: var(--card); }
.skip:focus { left: 0.5rem; top: 0.5rem; }
.note, .none { color: var(--soft); }
.note { margin: 0.75rem 0 0; font-size: 0.875rem; }
#live { color: var(--mark); }

#verdict { margin-top: clamp(2rem, 4vw, 3.25rem); }
.headline {
  max-width: 32ch; margin: 0 0 1.75rem; font-size: clamp(1.75rem, 4.6vw, 3.25rem); line-height: 1.15;
  font-weight: 650; letter-spacing: -0.025em; text-wrap: balance;
}
.findings { display: grid; gap: 0.6rem; max-width: 52rem; font-size: 1.125rem; }
.findings li, p.look { padding-left: 1rem; border-left: 3px solid var(--line); }
.findings .look, p.look { border-color: var(--mark); font-weight: 550; }
.unknown { max-width: 52rem; margin-top: 1.75rem; color: var(--soft); font-size: 0.9375rem; }
.unknown h2 { margin: 0 0 0.35rem; font-size: 0.9375rem; color: var(--ink); letter-spacing: 0; }
.unknown li { margin-bottom: 0.3rem; }

.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1rem; }
#pulse .tiles { grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
.tile { min-width: 0; padding: 1.25rem 1.375rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile h2 { margin: 0; font-size: 0.9375rem; font-weight: 500; letter-spacing: 0; color: var(--soft); }
.tile h3 { margin-bottom: 0.75rem; }
.big { margin: 0.15rem 0 0.75rem; font-size: 2.25rem; line-height: 1.2; font-weight: 600; letter-spacing: -0.02em; }
.big .none { font-size: 1.5rem; font-weight: 400; letter-spacing: 0; }
.spark { display: block; width: 100%; height: 3.25rem; overflow: visible; }
.spark polyline { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.spark .dot { stroke: var(--accent); stroke-width: 7; stroke-linecap: round; vector-effect: non-scaling-stroke; }
.spark .base { stroke: var(--line); vector-effect: non-scaling-stroke; }
dl { margin: 0; }
dl div { display: grid; grid-template-columns: 1fr auto; gap: 0 0.75rem; padding: 0.4rem 0; border-top: 1px solid var(--faint); }
dl div:first-child { border-top: 0; }
dt { color: var(--soft); font-size: 0.9375rem; }
dd { margin: 0; font-weight: 600; text-align: right; }
dd .none { font-weight: 400; font-size: 0.875rem; }
dl div:has(.bar) dd { display: contents; font-weight: 600; }
.bar { grid-column: 1 / -1; width: 100%; height: 4px; margin-top: 0.3rem; }
.bar .whole { fill: var(--faint); }
.bar .part { fill: var(--accent); }

.sockets { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); gap: 1.5rem; }
.socket { display: block; width: 100%; height: auto; max-width: 36rem; }
.socket .node { fill: var(--card); stroke: var(--line); }
.socket .label { fill: var(--soft); font-size: 9px; }
.sockets:has(> :nth-child(3)) .label { font-size: 12px; }
.cache { fill: none; stroke: var(--line); }
.cpu.probed { fill: var(--accent); }
.cpu.left_alone { fill: var(--card); stroke: var(--soft); }
.cpu.not_allowed { fill: var(--line); }
.key { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin-top: 1rem; font-size: 0.875rem; color: var(--soft); }

.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, max(22rem, 40%)), 1fr)); gap: 1.5rem 3rem; align-items: start; }
.beside > * { min-width: 0; }
/* Two pictures stand side by side, and what belongs to both below. */
.all-cells:not([hidden]) ~ div { grid-column: 1 / -1; }
figure { margin: 0; }
.heatmap svg { display: block; max-width: 100%; height: auto; }
.heatmap .large { width: 100%; max-width: 37rem; }
.heatmap .axis text { fill: var(--soft); font-size: 13px; }
.heatmap .numbers text { font-size: 14px; font-weight: 500; }
.heatmap .empty { fill: var(--faint); }
.heatmap .breaks { fill: none; stroke: #fff; stroke-width: 1.5; }
.heatmap .frame { fill: none; stroke: var(--line); }
.legend { display: flex; align-items: center; gap: 0.6rem; margin-top: 0.75rem; font-size: 0.875rem; color: var(--soft); }
.legend svg { flex: 0 1 10rem; min-width: 4rem; border-radius: 2px; }
canvas { display: block; width: 100%; max-width: 35rem; margin-top: 1.5rem; image-rendering: pixelated; border: 1px solid var(--line); }

.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
caption.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: 0.5rem 1rem 0.5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; font-size: 0.875rem; }
tbody th { font-weight: 500; white-space: nowrap; }
td.text { min-width: 6rem; overflow-wrap: anywhere; }
.advice { display: block; color: var(--soft); }
.number { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.matrix { font-size: 0.875rem; }
.matrix :is(th, td) { padding: 0.45rem 0.65rem 0.45rem 0; white-space: nowrap; }
.matrix :is(th, td):last-child { padding-right: 0; }
.state { white-space: nowrap; }
.state.not_met, .state.failed, .state.denied { color: var(--mark); font-weight: 600; }
.state.absent, .state.unknown, .state.never_ran, .state.not_yet_run { color: var(--soft); }
details { margin-top: 1.25rem; }
summary { color: var(--accent); cursor: pointer; width: fit-content; padding: 0.25rem 0; }

footer { margin-top: 4rem; padding-top: 1.5rem; padding-bottom: 3rem; color: var(--soft); font-size: 0.875rem; }
footer ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 0.35rem 1.5rem; margin-bottom: 1.5rem; }
footer li { overflow-wrap: anywhere; }

@media (max-width: 30rem) {
  .tile { padding: 1rem; }
  .socket .label { font-size: 12px; }
  th, td { padding-right: 0.75rem; }
  tbody th { white-space: normal; }
  td.text { min-width: 4.5rem; }
  h2 small { display: block; margin: 0.15rem 0 0; }
  .aside { display: none; }
}
@media (forced-colors: active) {
  .tile { border: 1px solid CanvasText; }
  .findings .look, p.look { border-left-width: 6px; }
  .spark polyline, .spark .dot { stroke: CanvasText; }
  .cpu.probed, .bar .part { fill: Highlight; }
  .cpu.left_alone, .cpu.not_allowed { fill: Canvas; stroke: GrayText; }
  .socket .node, .cache { fill: none; stroke: CanvasText; }
  .socket .label, .heatmap .axis text { fill: CanvasText; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #333; --line: #999; font-size: 11px; }
  .skip, #live, canvas { display: none; }
  section, .tile, figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
