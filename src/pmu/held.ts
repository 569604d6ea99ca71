/** Who else holds counters, deduced from how many of ours run at one time. Pure. */
import type { Facts } from './facts.ts';
import type { Model } from './catalogue/model.ts';

/** What came of opening events that any general counter can count, one after the other, on one CPU. */
export interface Trial {
  readonly cpu: number;
  readonly socket: number;
  /** Events that were let in; the kernel lets in more than there are counters. */
  readonly opened: number;
  /** Most of them that all ran all the time. */
  readonly ran: number;
  /** errno of the first that was refused. */
  readonly error: string | null;
}

export interface Held {
  readonly cpu: number;
  readonly socket: number;
  /** Null where neither catalogue nor machine tells. */
  readonly general: number | null;
  readonly free: number | null;
  /** Of them the NMI watchdog holds this many. */
  readonly byWatchdog: number;
  readonly sentence: string;
}

/** More than the counters of any CPU in the catalogue: enough to find out where only the machine knows. */
export const mostCounters = 12;

/** Null: only the machine knows. */
export function generalCounters(model: Model | null, { smt }: Pick<Facts, 'smt'>): number | null {
  if (!model) return null;
  const { general, without_smt: alone } = model.counters;
  return smt ? general : (alone ?? general);
}

/** `hypervisor`: it may pass through fewer counters than the CPU has. */
export function judgeHeld(trial: Trial, model: Model | null, facts: Facts, hypervisor: boolean): Held {
  const { cpu, socket, opened, ran, error } = trial;
  const general = generalCounters(model, facts);
  // Where cycles have a counter of their own the watchdog's sit there.
  const watchdog = facts.nmiWatchdog && model?.counters.fixed.includes('cycles') === false ? 1 : 0;
  const about = { cpu, socket, general };
  if (opened === 0) {
    const sentence = `CPU ${cpu}: not known, no event can be opened there (${error ?? 'no reason given'})`;
    return { ...about, free: null, byWatchdog: 0, sentence };
  }
  if (general === null) {
    const atLeast = ran === opened ? 'at least ' : '';
    const sentence = `CPU ${cpu}: ${atLeast}${ran} general counters are free; how many there are is not known`;
    return { ...about, free: ran, byWatchdog: 0, sentence };
  }
  const free = Math.min(ran, general);
  const held = general - free;
  if (held === 0) {
    const sentence = `CPU ${cpu}: all ${general} general counters are free`;
    return { ...about, free, byWatchdog: 0, sentence };
  }
  const byWatchdog = Math.min(held, watchdog);
  const are = held === 1 ? 'is' : 'are';
  const by = hypervisor ? `held by somebody else or not shown by the hypervisor` : 'held by somebody else';
  const sentence =
    byWatchdog === held
      ? `CPU ${cpu}: ${held} of ${general} general counters is held by the NMI watchdog, the others are free`
      : `CPU ${cpu}: ${held} of ${general} general counters ${are} ${by}${byWatchdog > 0 ? ' (the NMI watchdog accounts for one)' : ''}`;
  return { ...about, free, byWatchdog, sentence };
}
