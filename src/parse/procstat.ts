import { ParseError } from '../errors.ts';

/** Ticks of 10 ms since boot (1/USER_HZ on every architecture we run on). */
export interface CpuTicks {
  readonly idle: number;
  /** Handling hardware and software interrupts. */
  readonly irq: number;
  /** A virtual CPU that wanted to run and was not let. */
  readonly steal: number;
  /** All of it, the guest columns left out: they are counted in user and nice already. */
  readonly total: number;
}

/** By CPU id; offline CPUs have no line. */
// > cpu  7098 0 5055 226904 391 0 80 12 0 0
// > cpu0 3021 0 3496 113242 35 0 22 5 0 0
export function parseProcStat(text: string): ReadonlyMap<number, CpuTicks> {
  const cpus = new Map<number, CpuTicks>();
  // The CPUs come first; the interrupts after them are most of the file on a large machine.
  const end = text.indexOf('\nintr ');
  const lines = end < 0 ? text : text.slice(0, end);
  for (const [line, id, columns = ''] of lines.matchAll(/^cpu(\d{1,7}) (.*)$/gm)) {
    const digits = columns.trim().split(/\s+/);
    const ticks = digits.map(Number);
    if (ticks.length < 4 || !digits.every((tick) => /^\d{1,20}$/.test(tick)))
      throw new ParseError(`stat: ${JSON.stringify(line)}`);
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks;
    cpus.set(Number(id), {
      idle: idle + iowait,
      irq: irq + softirq,
      steal,
      total: user + nice + system + idle + iowait + irq + softirq + steal,
    });
  }
  if (cpus.size === 0) throw new ParseError('stat: no line for any CPU');
  return cpus;
}
