// Runs in the arm64 guest: one visit with every step, and memory of both nodes.
import { clock, memory, patiently, visit } from './native.mjs';

const steps = ['store2', 'ring1', 'experienced', 'ring_512', 'ring_1', 'ring_line'];
const visits = [await patiently(() => visit({ cpuA: 0, cpuB: 3, nodeA: 0, nodeB: 1, steps }))];
const memories = [];
for (const node of [0, 1]) memories.push(await patiently(() => memory({ cpu: 0, node })));
console.log(JSON.stringify({ arch: process.arch, clock: await clock(), visits, memories }));
