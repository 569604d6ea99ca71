import { describe, expect, it } from 'vitest';
import { parsePmuFormat } from '../../../src/parse/pmu_format.ts';
import { encode } from '../../../src/pmu/catalogue/attr.ts';
import type { PmuDevice } from '../../../src/pmu/facts.ts';
import type { ModelEvent } from '../../../src/pmu/catalogue/model.ts';

const eventOf = (changes: Partial<ModelEvent>): ModelEvent => ({
  event: 'EVENT',
  pmu: 'uncore_cha',
  fields: {},
  config: 0n,
  config1: 0n,
  generic: false,
  counters: [],
  scale: 1,
  and: [],
  boxes: 'all',
  read_in: [],
  ...changes,
});

const deviceOf = (
  name: string,
  format: Readonly<Record<string, string>>,
  events: Readonly<Record<string, string>> = {},
): PmuDevice => ({
  name,
  type: 40,
  cpus: [0],
  format: Object.fromEntries(Object.entries(format).map(([field, text]) => [field, parsePmuFormat(text)])),
  events,
});

const box = (format: Readonly<Record<string, string>>) => deviceOf('uncore_cha_0', format);
const zero = { type: 40, config: 0n, config1: 0n, config2: 0n };

describe('an event as the kernel takes it', () => {
  it.each<{ name: string; format: Record<string, string>; fields: Record<string, bigint>; config?: bigint; config1?: bigint }>([
    { name: 'whole fields', format: { event: 'config:0-7', umask: 'config:8-15' }, fields: { event: 0xd3n, umask: 2n }, config: 0x2d3n },
    { name: 'a field in two ranges, low bits first', format: { event: 'config:0-7', umask: 'config:8-15,32-57' }, fields: { event: 0x36n, umask: 0xc816fe01n }, config: 0xc816fe00000136n },
    { name: 'a field in three ranges', format: { event: 'config:0-7,32-35,59-60' }, fields: { event: 0x1807n }, config: (1n << 59n) | (8n << 32n) | 7n },
    { name: 'a field of scattered bits', format: { odd: 'config1:1,6-10,44' }, fields: { odd: 0b1000011n }, config1: (1n << 44n) | (1n << 6n) | 2n },
    { name: 'fields that overlap', format: { event: 'config:0-15', umask: 'config:8-15' }, fields: { event: 0x01d3n, umask: 2n }, config: 0x3d3n },
    { name: 'the whole of a word', format: { offcore_rsp: 'config1:0-63' }, fields: { offcore_rsp: (1n << 64n) - 1n }, config1: (1n << 64n) - 1n },
    { name: 'an upper part with a field of its own', format: { event: 'config:0-7', umask: 'config:8-15', umask_ext: 'config:32-55' }, fields: { event: 0x35n, umask: 0xc816fe01n }, config: 0xc816fe00000135n },
    { name: 'a zero for a field that this kernel lacks', format: { event: 'config:0-7' }, fields: { event: 1n, filter_rem: 0n }, config: 1n },
  ])('puts $name into its bits', ({ format, fields, config = 0n, config1 = 0n }) => {
    expect(encode(eventOf({ fields }), box(format))).toEqual({ attrs: [{ ...zero, config, config1 }] });
  }); // prettier-ignore

  // > /sys/bus/event_source/devices/armv8_pmuv3_0/events/stall_backend: event=0x0024
  it.each([
    { name: 'a common event that it shows', config: 0x24n, has: true },
    { name: 'a common event that it does not show', config: 0x31n, has: false },
    { name: 'an event of the implementation, of which nothing is shown', config: 0x66n, has: true },
  ])('arm64: $name', ({ config, has }) => {
    const shown = { cpu_cycles: 'event=0x0011', stall_backend: 'event=0x0024' };
    const device = deviceOf('armv8_pmuv3_0', { event: 'config:0-15' }, shown);
    const encoded = encode(eventOf({ pmu: 'cpu', config, fields: { event: config } }), device);
    expect(encoded).toMatchObject(has ? { attrs: [{ config }] } : { reason: 'no_event' });
  });

  it('fills each bit of a field that is split, wherever the kernel splits it', () => {
    for (const text of ['config:8-15,32-55', 'config:8-39', 'config:63,0-30', 'config1:4-35']) {
      const device = box({ umask: text });
      for (let bit = 0n; bit < 32n; bit += 1n) {
        const encoded = encode(eventOf({ fields: { umask: 1n << bit } }), device);
        const [attr] = 'attrs' in encoded ? encoded.attrs : [];
        const places = parsePmuFormat(text).bits.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, index) => from + index),
        );
        expect((attr?.config ?? 0n) + (attr?.config1 ?? 0n)).toBe(1n << BigInt(places[Number(bit)] ?? 99));
      }
    }
  });

  it.each([
    {
      format: { event: 'config:0-7', umask: 'config:8-15' },
      fields: { event: 0x36n, umask: 0xc816fe01n },
      says: { reason: 'no_event', why: 'uncore_cha_0 has too few bits for umask=0xc816fe01 of EVENT' },
    },
    {
      format: { event: 'config:0-7' },
      fields: { event: 1n, filter_opc: 0x182n },
      says: { reason: 'no_event', why: 'uncore_cha_0 has no field filter_opc, which EVENT needs' },
    },
    {
      format: { event: 'config:0-7', umask: 'config:8-15' },
      fields: { event: 0x2an, umask: 1n, offcore_rsp: 1n },
      says: { reason: 'no_offcore', why: 'uncore_cha_0 has no field offcore_rsp, which EVENT needs' },
    },
    {
      format: { event: 'config3:0-7' },
      fields: { event: 1n },
      says: { reason: 'no_event', why: 'EVENT needs config3, which we do not know' },
    },
  ])('says why $fields cannot be asked of $format', ({ format, fields, says }) => {
    expect(encode(eventOf({ fields }), box(format))).toEqual(says);
  });

  it('takes the number where the PMU has no format, or the event no fields', () => {
    const numbers = { config: 0x12an, config1: 0x104004477n };
    const event = eventOf({ ...numbers, fields: { event: 0x2an, umask: 1n, offcore_rsp: 0x104004477n } });
    expect(encode(event, deviceOf('cpu', {}))).toEqual({ attrs: [{ ...zero, ...numbers }] });
    expect(encode(eventOf(numbers), deviceOf('cpu', { event: 'config:0-7' }))).toEqual({
      attrs: [{ ...zero, ...numbers }],
    });
  });

  it('asks for a generic event by its number, and on a hybrid says of which kind of core', () => {
    const cycles = eventOf({ pmu: 'cpu', generic: true, config: 9n });
    expect(encode(cycles, deviceOf('cpu', {}))).toEqual({ attrs: [{ ...zero, type: 0, config: 9n }] });
    expect(encode(cycles, deviceOf('cpu_atom', {}))).toEqual({
      attrs: [{ ...zero, type: 0, config: (40n << 32n) | 9n }],
    });
  });

  it('adds the events whose counts belong together', () => {
    const event = eventOf({
      fields: { event: 1n },
      and: [{ event: 'LINK1', fields: { event: 2n }, config: 2n }],
    });
    expect(encode(event, box({ event: 'config:0-7' }))).toEqual({
      attrs: [
        { ...zero, config: 1n },
        { ...zero, config: 2n },
      ],
    });
  });

  describe('by the name that the kernel gives it', () => {
    const format = { type: 'config:0-15', eventid: 'config:16-26', occupid: 'config:27-30' };
    const named = eventOf({ pmu: 'arm_cmn', alias: 'hns_mc_reqs_local_sn' });

    it('takes what the kernel says', () => {
      const events = { hns_mc_reqs_local_sn: 'type=0x200,eventid=0xd,occupid=0x1' };
      expect(encode(named, deviceOf('arm_cmn_0', format, events))).toEqual({
        attrs: [{ ...zero, config: 0x80d0200n }],
      });
    });

    it.each([
      [{}, 'arm_cmn_0 has no event hns_mc_reqs_local_sn'],
      [{ hns_mc_reqs_local_sn: 'type=?' }, 'arm_cmn_0/hns_mc_reqs_local_sn: PMU event: "type=?"'],
    ])('says so where %j is all that it knows', (events, why) => {
      expect(encode(named, deviceOf('arm_cmn_0', format, events))).toEqual({ reason: 'no_event', why });
    });
  });
});
