import { markup, type Markup } from './html.ts';
import type { SourceRow } from './known.ts';
import type { View } from './model.ts';
import { sparkline } from './sparkline.ts';
import { table } from './table.ts';
import { clockSeconds, duration, grouped, times, unbroken } from './text.ts';

/** The parts of the page that are words and tables; those with pictures are in section_pictures.ts. */

export const section = (id: string, title: string, body: Markup, aside: string = ''): Markup =>
  markup`<section id="${id}" aria-labelledby="${id}-h" data-live>
<h2 id="${id}-h">${title}${aside !== '' && markup` <small>${aside}</small>`}</h2>
${body}
</section>
`;

export function verdictSection({ verdict }: View): Markup {
  const { headline, findings, unknown } = verdict;
  return markup`<section id="verdict" aria-label="Verdict" data-live>
<p class="headline">${unbroken(headline)}</p>
${findings.length > 0 && markup`<ul class="findings">${findings.map(({ text, look }) => markup`<li${look && markup` class="look"`}>${unbroken(text)}</li>`)}</ul>`}
${unknown.length > 0 && markup`<div class="unknown"><h2>Not known here</h2><ul>${unknown.map((text) => markup`<li>${text}</li>`)}</ul></div>`}
</section>
`;
}

export function pulseSection({ pulse }: View): Markup {
  return markup`<section id="pulse" aria-label="Now, and the last half hour" data-live><ul class="tiles">
${pulse.map(
  ({ id, title, now, note, values, description }) => markup`<li class="tile">
<h2>${title}</h2>
<p class="big">${now ?? markup`<span class="none">not known</span>`}</p>
${sparkline({ id: `spark-${id}`, title, description, values })}
<p class="note">${description}<br>${note}</p>
</li>
`,
)}</ul></section>
`;
}

export function countersSection({ tiles }: View): Markup {
  const { sockets, window, missing } = tiles;
  return section(
    'counters',
    'What the hardware counts',
    markup`${
      sockets.length > 0 &&
      markup`<ul class="tiles sockets-counted">${sockets.map(
        ({ socket, figures }) => markup`<li class="tile"><h3>Socket ${socket}</h3><dl>${figures.map(
          ({ name, value, share }) =>
            markup`<div><dt>${name}</dt><dd>${value ?? markup`<span class="none">not known</span>`}${
              share !== null &&
              markup`<svg class="bar" aria-hidden="true" viewBox="0 0 100 4" preserveAspectRatio="none"><path class="whole" d="M0 0h100v4H0z"/><path class="part" d="M0 0h${Number((share * 100).toFixed(1))}v4H0z"/></svg>`
            }</dd></div>`,
        )}</dl></li>
`,
      )}</ul>`
    }${missing.map((text) => markup`<p class="note">${text}</p>`)}`,
    window,
  );
}

export function spikesSection({ spikes }: View): Markup {
  const body =
    spikes.length === 0
      ? markup`<p>None since the start: no clean group of hand-offs took twice its pair’s median.</p>`
      : table({
          id: 'spikes-table',
          caption: 'Last spikes, the newest first',
          head: ['Began (UTC)', 'Sockets', 'Distance', 'Hand-off', 'Median', 'Ratio', 'Visits'],
          numbers: [3, 4, 5, 6],
          aside: [4, 6],
          rows: spikes.map((spike) => [
            clockSeconds(spike.beganAt),
            spike.sourceSocket === spike.targetSocket
              ? String(spike.sourceSocket)
              : `${spike.sourceSocket} – ${spike.targetSocket}`,
            distanceWords(spike.distance),
            duration(spike.seconds),
            duration(spike.medianSeconds),
            times(spike.seconds / spike.medianSeconds),
            spike.visits,
          ]),
        });
  return section('spikes', 'Last spikes', body);
}

export function visitsSection({ visits }: View): Markup {
  const { byOutcome, tainted, skipped } = visits;
  const all = byOutcome.reduce((sum, { count }) => sum + count, 0);
  const words = byOutcome.map(({ name, count }) => `${grouped(count)} ${name}`).join(', ');
  const rows = [
    ...tainted.map(({ name, count }) => ['thrown away', plain(name), grouped(count)]),
    ...skipped.map(({ name, count }) => ['not made', plain(name), grouped(count)]),
  ];
  return section(
    'visits',
    'Visits of the canary',
    markup`<p>${all === 0 ? 'None yet.' : `${grouped(all)} visits: ${words}.`}</p>${
      rows.length > 0 &&
      table({
        id: 'visits-table',
        caption: 'Visits that were thrown away or not made, by cause',
        head: ['Visit', 'Cause', 'Count'],
        numbers: [2],
        rows,
      })
    }`,
  );
}

export function conditionsSection({ checks }: View): Markup | false {
  if (checks.length === 0) return false;
  const state = { met: 'met', not_met: 'off', unknown: 'unknown' };
  return section(
    'conditions',
    'Would a number be found again?',
    table({
      id: 'conditions-table',
      caption: 'The reproducibility ladder',
      head: ['Condition', 'State', 'Why, and what to do'],
      rows: checks.map(({ check, state: at, why, advice }) => [
        plain(check),
        markup`<span class="state ${at}">${state[at]}</span>`,
        markup`${why}${advice !== '' && markup` <span class="advice">${advice}</span>`}`,
      ]),
    }),
  );
}

export function sourcesSection({ rows }: View): Markup {
  const of = (status: string) => rows.filter((row) => row.status === status).length;
  const summary = (['failed', 'denied', 'absent'] as const).map((status) => `${of(status)} ${status}`);
  return section(
    'sources',
    'Sources',
    table({
      id: 'sources-table',
      caption: 'Sources, how their last run ended, and what to do',
      head: ['Source', 'Kind', 'Status', 'Took', 'Why, and what to do'],
      aside: [1, 3],
      numbers: [3],
      rows: rows
        .toSorted(byUrgency)
        .map(({ name, kind, status, seconds, message }) => [
          name,
          kind,
          markup`<span class="state ${status.replaceAll(/[^a-z_]/g, '_')}">${plain(status)}</span>`,
          seconds === null ? '' : duration(seconds),
          message,
        ]),
    }),
    `${rows.length}, of which ${summary.join(', ')}`,
  );
}

/** Whose turn it is first: ours, the operator's, nobody's. */
const urgency = ['failed', 'denied', 'absent'];
const byUrgency = (a: SourceRow, b: SourceRow) => rankOf(a) - rankOf(b);
const rankOf = ({ status }: SourceRow) =>
  urgency.includes(status) ? urgency.indexOf(status) : urgency.length;

export const plain = (word: string): string => word.replaceAll('_', ' ');

export function distanceWords(distance: string): string {
  const words: Readonly<Record<string, string>> = {
    smt: 'threads of a core',
    llc: 'same last-level cache',
    node: 'same node',
    socket: 'same socket, other node',
    cross_socket: 'other socket',
  };
  return words[distance] ?? distance;
}
