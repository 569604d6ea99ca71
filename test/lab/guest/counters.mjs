// The helper's counters alone, below the daemon: what it read before and after counts were injected.
import * as fake from './fakepmu.mjs';
import { native } from './native.mjs';

const raw = (config, more = {}) => ({ type: 4, config: BigInt(config), config1: 0n, config2: 0n, ...more });

/** The same group on each CPU. */
function onEach(cpus, events) {
  return cpus.flatMap((cpu, place) =>
    events.map((event) => ({ ...event, cpu, leader: place * events.length })),
  );
}

const values = ({ words }) =>
  Array.from({ length: words.length / 8 }, (_, index) => {
    const [low, high, , , , , error] = words.subarray(index * 8);
    return { value: high * 2 ** 32 + low, error };
  });

export async function helperCounts(cpus) {
  // Two events that differ in config1 alone.
  const events = [raw(0x1d3), raw(0x2d3), raw(0x12a, { config1: 1n }), raw(0x12a, { config1: 0x730000001n })];
  const open = await native.perfOpen(onEach(cpus, events));
  await open.enable(true);
  const first = values(await open.read());
  const given = fake.inject(events, cpus, 1).flat();
  const second = values(await open.read());
  // The last CPU's group stands still while the others go on.
  const still = (cpus.length - 1) * events.length;
  await open.enable(false, [still]);
  fake.inject(events, cpus, 2);
  const third = values(await open.read());
  await open.close();

  const nine = await native.perfOpen(onEach([0], Array(9).fill(raw(0x1d1))));
  await nine.close();
  const refused = raw(0xdead);
  fake.refuse(refused, 16);
  const led = await native.perfOpen(onEach([0], [refused, raw(0x1d1)]));
  await led.close();
  return {
    errors: open.errors,
    // By CPU and event, as in `first`.
    given: cpus.flatMap((cpu) => given.filter((one) => one.cpu === cpu).map(({ count }) => count)),
    first,
    second,
    third,
    still,
    nine: nine.errors,
    led: led.errors,
    openAfterwards: fake.openEvents(),
  };
}
