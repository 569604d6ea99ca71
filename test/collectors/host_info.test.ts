import { expect, it } from 'vitest';
import { hostInfo } from '../../src/collectors/host_info.ts';
import type { MachineName } from '../machines.ts';
import { world } from '../probes/world.ts';

it.each<[MachineName, string, string]>([
  ['two-socket', '2', '1'],
  ['nps4', '2', '4'],
  ['eight-socket-snc4', '8', '4'],
  // Its third node has no CPUs: memory that is added must not move a host to other peers.
  ['memory-only-node', '2', '1'],
])('%s has %s sockets, and CPUs in %s nodes of each', async (name, sockets, nodesPerSocket) => {
  const { context } = await world(name);
  const samples = await hostInfo.make({}).read(context);
  const info = samples.find(({ metric }) => metric.name === 'numacanary_host_info');
  expect(info?.labels).toMatchObject({ sockets, nodes_per_socket: nodesPerSocket });
});
