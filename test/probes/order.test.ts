import { describe, expect, it } from 'vitest';
import type { Lane } from '../../src/probes/lanes.ts';
import { createOrder } from '../../src/probes/order.ts';
import type { Distance } from '../../src/topology.ts';

const lane = (distance: Distance, socketA = 0, socketB = socketA): Lane => ({
  distance,
  socketA,
  socketB,
  places: [],
});

describe('the order of distances', () => {
  it('is contradicted by a farther pair that is clearly faster than a nearer one of its sockets', () => {
    const order = createOrder();
    expect(order.contradicts(lane('llc'), 100e-9, 0, 120)).toBe(false);
    expect(order.contradicts(lane('cross_socket', 0, 1), 90e-9, 1, 120)).toBe(false);
    expect(order.contradicts(lane('cross_socket', 2, 3), 50e-9, 1, 120)).toBe(false);
    for (let visit = 0; visit < 3; visit += 1) order.contradicts(lane('cross_socket', 0, 1), 70e-9, 2, 120);
    expect(order.contradicts(lane('cross_socket', 0, 1), 70e-9, 2, 120)).toBe(true);
    expect(order.contradicts(lane('llc'), 100e-9, 2, 120)).toBe(false);
  });

  it('knows nothing of a lane that was visited too long ago', () => {
    const order = createOrder();
    order.contradicts(lane('llc'), 300e-9, 0, 120);
    expect(order.contradicts(lane('cross_socket', 0, 1), 100e-9, 120, 300)).toBe(true);
    expect(order.contradicts(lane('cross_socket', 0, 1), 100e-9, 121, 300)).toBe(false);
  });
});
