import { ParseError } from '../errors.ts';

/** One line of /proc/interrupts. */
export interface InterruptLine {
  /** IRQ number of a device, or the kernel's own word: `TLB`, `RES`, `IPI0`. */
  readonly name: string;
  /** What stands after the numbers: chip and device, or words. */
  readonly what: string;
  /** By column; the CPUs of the columns are those of the heading. */
  readonly counts: readonly number[];
}

export interface Interrupts {
  /** CPU of each column; one that is offline has none. */
  readonly cpus: readonly number[];
  readonly lines: readonly InterruptLine[];
}

/**
 * Lines that are wanted, by their name and what stands behind the numbers. A machine of a thousand CPUs has two thousand
 * lines of eleven kilobytes: what nobody wants is passed over without being looked at.
 */
// >             CPU0       CPU1
// >  36:          0      48121 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
// > TLB:       6981       5678   TLB shootdowns
export function parseInterrupts(text: string, wanted: (name: string, what: string) => boolean): Interrupts {
  const end = text.indexOf('\n');
  const heading = text.slice(0, Math.max(0, end));
  const cpus = [...heading.matchAll(/CPU(\d{1,7})\b/g)].map(([, id]) => Number(id));
  if (cpus.length === 0) throw new ParseError(`interrupts: no CPU in ${JSON.stringify(text.slice(0, 100))}`);
  const lines: InterruptLine[] = [];
  for (let from = end + 1; from < text.length;) {
    const next = text.indexOf('\n', from);
    const to = next < 0 ? text.length : next;
    const colon = text.indexOf(':', from);
    if (colon > 0 && colon < to) {
      const name = text.slice(from, colon).trim();
      // A column is ten digits wide and a blank, wider once the number is: the words begin behind all of them.
      const least = Math.min(to, colon + 1 + cpus.length * 2);
      if (wanted(name, text.slice(least, to)))
        lines.push(lineOf(text.slice(colon + 1, to), name, cpus.length));
    }
    from = to + 1;
  }
  return { cpus, lines };
}

/** Digit by digit: two thousand lines of a thousand numbers are two million, most of them 0. */
function lineOf(rest: string, name: string, columns: number): InterruptLine {
  const counts: number[] = [];
  let at = 0;
  while (counts.length < columns) {
    while (rest.charCodeAt(at) === 32) at += 1;
    const start = at;
    let count = 0;
    for (let digit = rest.charCodeAt(at); digit >= 48 && digit <= 57; digit = rest.charCodeAt(at)) {
      count = count * 10 + digit - 48;
      at += 1;
    }
    if (at === start || at - start > 19) {
      const shown = JSON.stringify(rest.slice(0, 100));
      throw new ParseError(`interrupts: ${name}: fewer numbers than CPUs: ${shown}`);
    }
    counts.push(count);
  }
  return { name, what: rest.slice(at).trim(), counts };
}
