/** Numbers as people read them; every one says its unit. */

export function duration(seconds: number): string {
  const ns = seconds * 1e9;
  if (ns < 9.95) return `${ns.toFixed(1)} ns`;
  if (ns < 999.5) return `${ns.toFixed(0)} ns`;
  if (ns < 999_500) return `${digits(ns / 1e3)} µs`;
  if (ns < 999_500_000) return `${digits(ns / 1e6)} ms`;
  return seconds < 120 ? `${digits(seconds)} s` : span(seconds);
}

/** Longer times, coarsely: `4 min`, `3 h`, `2 days`. */
export function span(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  if (seconds < 100 * 60) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(0)} h`;
  return `${(seconds / 86_400).toFixed(0)} days`;
}

export const percent = (share: number): string =>
  `${share > 0 && share < 0.0995 ? (share * 100).toFixed(1) : (share * 100).toFixed(0)} %`;

export const times = (ratio: number): string => `${ratio.toFixed(ratio < 9.95 ? 1 : 0)}x`;

/** `1.2 k`, `34 M`. */
export function amount(value: number): string {
  const steps = ['', ' k', ' M', ' G', ' T'];
  let step = 0;
  let left = value;
  while (left >= 999.5 && step < steps.length - 1) {
    left /= 1000;
    step += 1;
  }
  return `${step === 0 && Number.isInteger(left) ? left : digits(left)}${steps[step]}`;
}

/** All of its digits: `18,623`. */
export const grouped = (count: number): string => count.toFixed(0).replaceAll(/\B(?=(\d{3})+$)/g, ',');

export function bytes(value: number): string {
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let step = 0;
  let left = value;
  while (left >= 1023.5 && step < steps.length - 1) {
    left /= 1024;
    step += 1;
  }
  return `${Number.isInteger(left) ? left : digits(left)} ${steps[step]}`;
}

/** UTC: the hosts of a fleet are compared with each other. */
export const clockTime = (wall: number): string => isoOf(wall).slice(11, 16);
export const clockSeconds = (wall: number): string => isoOf(wall).slice(11, 19);

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** A number stays beside its unit, and a hand-off is one word, however narrow the window. */
export const unbroken = (text: string): string =>
  text.replaceAll(/(\d) (ns|µs|ms|s|%)(?![a-z])/g, '$1\u00a0$2').replaceAll('hand-off', 'hand\u2011off');

/** A sentence ends in one full stop, whatever the message before it did. */
export const sentence = (text: string): string => {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
};

/** `sockets 0 and 1`, `a, b and c`. */
export const listed = (items: readonly (string | number)[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

const digits = (value: number) => (value < 9.95 ? value.toFixed(1) : value.toFixed(0));

/** A clock that was never set must not cost the page. */
const isoOf = (wall: number) => {
  const date = new Date(wall * 1000);
  return Number.isNaN(date.getTime()) ? '????-??-??T??:??:??' : date.toISOString();
};
