import { assets } from './assets.ts';
import { markup } from './html.ts';
import type { Known } from './known.ts';
import { viewOf } from './model.ts';
import { handOffSection, machineSection, memorySection } from './section_pictures.ts';
import {
  conditionsSection,
  countersSection,
  pulseSection,
  sourcesSection,
  spikesSection,
  verdictSection,
  visitsSection,
} from './sections.ts';
import { clockSeconds } from './text.ts';

/** The status page. The same of what is known gives the same text, so that a reader can tell what has changed. */
export function statusPage(known: Known): string {
  const view = viewOf(known);
  const about = [view.cpuModel, view.size, view.kind].filter((text) => text !== '');
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${view.host === '' ? 'numacanary' : `${view.host} · numacanary`}</title>
<link rel="icon" href="${assets.icon.path}">
<link rel="stylesheet" href="${assets.style.path}">
<script src="${assets.script.path}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the verdict</a>
<header>
<div><h1>${view.host === '' ? 'numacanary' : markup`${view.host} <small>numacanary</small>`}</h1><p>${about.join(' · ')}</p></div>
<p id="now" data-live>${clockSeconds(view.wall)} UTC</p>
<p id="live" role="status" hidden></p>
</header>
<main id="main" tabindex="-1">
${verdictSection(view)}${pulseSection(view)}${machineSection(view)}${handOffSection(view)}${memorySection(view)}${countersSection(view)}${spikesSection(view)}${visitsSection(view)}${conditionsSection(view)}${sourcesSection(view)}</main>
<footer>
<nav aria-label="Pages"><ul>${view.links.map(({ path, what }) => markup`<li><a href="${path.replace(/^\//, '')}">${path}</a> ${what}</li>`)}</ul></nav>
<p>numacanary ${view.version}. Did loads cross a socket, what did that cost, and since when?</p>
</footer>
</body>
</html>
`.text;
}
