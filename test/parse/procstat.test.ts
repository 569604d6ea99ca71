import { expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseProcStat } from '../../src/parse/procstat.ts';

it('reads each CPU and leaves the sum line, the interrupts and the guest columns out', () => {
  const text = `cpu  7098 0 5055 226904 391 0 80 12 99 0
cpu0 3021 0 3496 113242 35 1 22 5 99 0
cpu13 4076 0 1559 113661 356 0 57 7 0 0
intr 1234 0 9
ctxt 1
`;
  expect([...parseProcStat(text)]).toEqual([
    [0, { idle: 113277, irq: 23, steal: 5, total: 119822 }],
    [13, { idle: 114017, irq: 57, steal: 7, total: 119716 }],
  ]);
});

it('reads kernels of few columns, which know neither irq nor steal', () => {
  expect(parseProcStat('cpu0 1 2 3 4\n').get(0)).toEqual({ idle: 4, irq: 0, steal: 0, total: 10 });
});

it.each([
  '',
  'cpu  1 2 3 4\n',
  'cpu0 1 2 three 4\n',
  'cpu0 1 2\n',
  'cpu0 -\n',
  'cpu0 1 2 -3 4\n',
  'cpu0 1 2 0x3 4\n',
])('refuses %j', (text) => {
  expect(() => parseProcStat(text)).toThrow(ParseError);
});
