import { Absent, Denied, NativeError, ParseError, Timeout } from './errors.ts';
import type { Log } from './host/host.ts';
import type { Sample } from './sample.ts';
import type { Context, Source } from './source.ts';

export type Outcome =
  | { readonly status: 'ok'; readonly seconds: number; readonly samples: readonly Sample[] }
  | { readonly status: 'absent' | 'denied' | 'failed'; readonly seconds: number; readonly error: Error };

export const statuses = ['ok', 'absent', 'denied', 'failed'] as const;

/** Why, in a word that an alert can select; the sentence is in the log and in /api/v1/status. */
export const reasons = [
  'none',
  'not_present',
  'not_permitted',
  'timeout',
  'unparsable',
  'native',
  'bug',
] as const;

/** Runs one source. Never rejects: one broken source must not cost the others their scrape. */
export async function run(
  source: Source,
  world: Omit<Context, 'signal'>,
  deadlineSeconds: number,
  stop?: AbortSignal,
): Promise<Outcome> {
  const { clock } = world.host;
  const began = clock.now();
  const abort = new AbortController();
  const signal = stop ? AbortSignal.any([abort.signal, stop]) : abort.signal;
  let ended = false;
  const late = clock.sleep(deadlineSeconds, signal).then(() => {
    if (ended) return [];
    throw new Timeout(stop?.aborted ? 'stopped' : `no answer within ${deadlineSeconds} s`);
  });
  try {
    const samples = await Promise.race([source.read({ ...world, signal }), late]);
    const flaw = flawOf(source, samples);
    if (flaw) throw new Error(`${source.name} ${flaw}`);
    return { status: 'ok', seconds: clock.now() - began, samples };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const status = error instanceof Absent ? 'absent' : error instanceof Denied ? 'denied' : 'failed';
    return { status, seconds: clock.now() - began, error };
  } finally {
    ended = true;
    // Stops the sleep, or tells a late source to give up. Without a reason an exception with its stack is made each time.
    abort.abort('ended');
  }
}

export function reasonOf(outcome: Outcome): (typeof reasons)[number] {
  if (outcome.status === 'ok') return 'none';
  if (outcome.status === 'absent') return 'not_present';
  if (outcome.status === 'denied') return 'not_permitted';
  if (outcome.error instanceof Timeout) return 'timeout';
  if (outcome.error instanceof ParseError) return 'unparsable';
  return outcome.error instanceof NativeError ? 'native' : 'bug';
}

/** Says once what an operator may want to know: an absent source is no fault, a failed one is ours. */
export function tell(log: Log, source: string, outcome: Outcome): void {
  if (outcome.status === 'ok') log.debug('source works', { source });
  else if (outcome.status === 'failed') log.warn('source failed', { source, error: outcome.error.message });
  else log.info(`source ${outcome.status}`, { source, reason: outcome.error.message });
}

/** A source that says what it did not declare, or what no counter can be, is wrong as a whole. */
function flawOf(source: Source, samples: readonly Sample[]): string | undefined {
  for (const { metric, labels, value } of samples) {
    if (!source.metrics.includes(metric)) return `did not declare ${metric.name}`;
    const names = Object.keys(labels);
    if (names.length !== metric.labels.length || !metric.labels.every((label) => label in labels)) {
      return `labelled ${metric.name} {${names.join()}}, declared {${metric.labels.join()}}`;
    }
    const open =
      metric.closed &&
      Object.entries(metric.closed).find(([label, all]) => !all.includes(labels[label] ?? ''));
    if (open)
      return `gave ${metric.name} the ${open[0]} ${JSON.stringify(labels[open[0]])}, which is not in the list`;
    const numbers = typeof value === 'number' ? [value] : [...value.counts, value.sum];
    if ((typeof value !== 'number') !== (metric.kind === 'histogram'))
      return `mixed up the kind of ${metric.name}`;
    if (!numbers.every(Number.isFinite)) return `gave ${metric.name} a value that is no number`;
    if (metric.kind !== 'gauge' && Math.min(...numbers) < 0) return `let ${metric.name} go down`;
  }
  return undefined;
}
