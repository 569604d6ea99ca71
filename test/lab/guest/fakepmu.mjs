// The switches of the fake PMU (test/lab/fakepmu), inside the guest.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const control = '/sys/kernel/debug/fakepmu/control';
const parameters = '/sys/module/fakepmu/parameters';

export function load(settings = {}) {
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  execFileSync('insmod', ['/lab/fakepmu/fakepmu.ko', ...words]);
}

/** Refused by the kernel while an event is open. */
export const unload = () => execFileSync('rmmod', ['fakepmu']);
export const set = (name, value) => writeFileSync(`${parameters}/${name}`, String(value));
export const openEvents = () => Number(readFileSync('/sys/module/fakepmu/refcnt', 'utf8'));

/** An event is { type, config, config1 }, as in perf_event_attr; type may be the name of a PMU. */
const tell = (...words) => writeFileSync(control, words.join(' '));
const written = ({ config, config1 = 0 }) => `${config}:${config1}`;
const typeOf = ({ type }) =>
  typeof type === 'number'
    ? type
    : Number(readFileSync(`/sys/bus/event_source/devices/${type}/type`, 'utf8'));

export const add = (cpu, event, count) => tell('add', cpu, typeOf(event), written(event), count);
export const rate = (event, perSecond, cpu = '*') =>
  tell('rate', cpu, typeOf(event), written(event), perSecond);
/** 0 takes it back. */
export const refuse = (event, errno) => tell('errno', typeOf(event), written(event), errno);

/** What an event that ran all the time would have counted, by online CPU. */
export function counted(event) {
  const wanted = `type ${typeOf(event)} event 0x${BigInt(event.config).toString(16)}:0x${BigInt(event.config1 ?? 0).toString(16)} `;
  const line = readFileSync(control, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(wanted));
  const [, counts] = /counted ([\d ]+)$/.exec(line ?? '') ?? [];
  return counts?.split(' ').map(Number);
}

/** Cycles and instructions count by themselves: an exact sum wants them still. */
export function still() {
  for (const config of [0, 1, 9]) rate({ type: 0, config }, 0);
}

/**
 * Gives every event another number on every CPU, so that no sum comes right by accident. `round` tells one injection
 * from the next. What was given, by event, in the order of the CPUs.
 */
export function inject(events, cpus, round) {
  return events.map((event, index) =>
    cpus.map((cpu) => {
      const count = 1_000_003 * (index + 1) + 10_007 * (cpu + 1) + round;
      add(cpu, event, count);
      return { cpu, count };
    }),
  );
}
