import { viridis } from './colours.ts';

/**
 * What the browser runs. Text and not a module of ours: the daemon has no DOM. The page is whole without it; it only
 * keeps the page fresh and draws every core with every core where they are many.
 */
export const script = `'use strict';
(() => {
const everyMs = 5000;
const palette = ${JSON.stringify(viridis)}.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));

// As the server sent it: what a person did to the page since (an open <details>, a scrolled table) is no change of it.
const sent = new Map();
for (const part of document.querySelectorAll('[data-live]')) sent.set(part.id, part.innerHTML);
const live = document.getElementById('live');
let timer = 0;
let lostAt = '';

function say(text) {
  if (live.textContent !== text) live.textContent = text;
  live.hidden = text === '';
}

// Focus and scrolling are found again by id or, inside of what has none, by their place among their like.
function focusIn(part) {
  const element = document.activeElement;
  if (!element || !part.contains(element)) return () => {};
  const like = element.tagName;
  const place = [...part.querySelectorAll(like)].indexOf(element);
  return () => {
    const again = (element.id && document.getElementById(element.id)) || part.querySelectorAll(like)[place];
    if (again) again.focus({ preventScroll: true });
  };
}

function replace(part, fresh) {
  const refocus = focusIn(part);
  const open = [...part.querySelectorAll('details[open]')].map(({ id }) => id);
  const scrolled = [...part.querySelectorAll('.scroll')].map(({ id, scrollLeft }) => [id, scrollLeft]);
  const drawn = part.querySelector('[data-cells]');
  part.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  for (const id of open) if (id) document.getElementById(id)?.setAttribute('open', '');
  for (const [id, left] of scrolled) {
    const box = document.getElementById(id);
    if (box && left) box.scrollLeft = left;
  }
  const cells = part.querySelector('[data-cells]');
  if (cells && drawn && cells.dataset.cells === drawn.dataset.cells) cells.replaceWith(drawn);
  else draw();
  refocus();
}

function update(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  const ours = document.querySelector('script[src]').getAttribute('src');
  const theirs = fresh.querySelector('script[src]')?.getAttribute('src');
  // Another version of the daemon: its parts may be others.
  if (theirs && theirs !== ours) return location.reload();
  const parts = [...fresh.querySelectorAll('[data-live]')];
  // A part that came or went moves others: as rare as a reload of the configuration.
  if (parts.length !== sent.size || parts.some(({ id }) => !sent.has(id))) return location.reload();
  for (const part of parts) {
    if (sent.get(part.id) === part.innerHTML) continue;
    sent.set(part.id, part.innerHTML);
    replace(document.getElementById(part.id), part);
  }
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(20000) });
    if (!answer.ok) throw new Error(String(answer.status));
    update(await answer.text());
    lostAt = '';
    say('');
  } catch {
    lostAt ||= new Date().toISOString().slice(11, 19);
    say('No answer since ' + lostAt + ' UTC: what you see is from before.');
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, everyMs);
}

async function draw() {
  const box = document.querySelector('[data-cells]');
  if (!box || !box.hidden) return;
  try {
    const { cpus, leastNs, mostNs, base64 } = await (await fetch(box.dataset.cells)).json();
    const size = cpus.length;
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const canvas = box.querySelector('canvas');
    canvas.width = canvas.height = size;
    const context = canvas.getContext('2d');
    const image = context.createImageData(size, size);
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === 255) continue;
      const colour = palette[Math.min(palette.length - 1, Math.floor((bytes[at] / 255) * palette.length))];
      image.data.set(colour, at * 4);
      image.data[at * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    const output = box.querySelector('output');
    canvas.onpointermove = ({ offsetX, offsetY }) => {
      const column = Math.min(size - 1, Math.max(0, Math.floor((offsetX / canvas.clientWidth) * size)));
      const row = Math.min(size - 1, Math.max(0, Math.floor((offsetY / canvas.clientHeight) * size)));
      const byte = bytes[row * size + column];
      const ns = Math.round(leastNs + (byte / 254) * (mostNs - leastNs));
      output.textContent = 'CPU ' + cpus[row] + ' and CPU ' + cpus[column] + ': ' + (byte === 255 ? 'not measured' : (byte === 254 ? 'at least ' : 'about ') + ns + ' ns');
    };
    box.hidden = false;
  } catch {
    // The picture above stays; the next change of the section tries again.
  }
}

document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : refresh()));
timer = setTimeout(refresh, everyMs);
draw();
})();
`;
