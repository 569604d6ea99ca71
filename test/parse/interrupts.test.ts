import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseInterrupts } from '../../src/parse/interrupts.ts';

const text = `            CPU0       CPU2       CPU3
 36:          0      48121          5 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
 43: 4294967295          0          1 PCI-MSIX-0000:00:04.0   3-edge      virtio3-event
NMI:          0          0          0   Non-maskable interrupts
TLB:       6981       5678          1   TLB shootdowns
IPI0:       12          3          4       Rescheduling interrupts
ERR:          0
MIS:          0
`;

const all = () => true;

const wanted = (name: string, what: string) => ['43', 'TLB'].includes(name) || /Resched/.test(what);

describe('parseInterrupts', () => {
  it('has a column for each CPU that is online, and of the lines those that are wanted', () => {
    expect(parseInterrupts(text, wanted)).toEqual({
      cpus: [0, 2, 3],
      lines: [
        { name: '43', what: 'PCI-MSIX-0000:00:04.0   3-edge      virtio3-event', counts: [4_294_967_295, 0, 1] },
        { name: 'TLB', what: 'TLB shootdowns', counts: [6981, 5678, 1] },
        { name: 'IPI0', what: 'Rescheduling interrupts', counts: [12, 3, 4] },
      ],
    }); // prettier-ignore
  });

  it('refuses a wanted line that was cut short, and one with a single number', () => {
    expect(() => parseInterrupts(text.slice(0, text.indexOf('5678')), all)).toThrow(ParseError);
    expect(() => parseInterrupts(text, (name) => name === 'ERR')).toThrow(ParseError);
  });

  it.each(['', '\n', 'no heading\nTLB: 1\n'])('refuses %j', (odd) => {
    expect(() => parseInterrupts(odd, all)).toThrow(ParseError);
  });

  it('gives numbers or refuses, whatever it is given', () => {
    const word = fc.constantFrom('CPU0', 'CPU7', ' ', '\n', 'TLB:', '12', '-1', ':', '9'.repeat(25), 'x');
    const odd = fc.oneof(fc.string(), fc.array(word, { maxLength: 15 }).map((words) => words.join(''))); // prettier-ignore
    fc.assert(
      fc.property(odd, (given) => {
        try {
          for (const { counts } of parseInterrupts(given, all).lines)
            expect(counts.every((count) => count >= 0)).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ParseError);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
