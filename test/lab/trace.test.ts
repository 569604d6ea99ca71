import { beforeAll, describe, expect, test } from 'vitest';
import { noLab, observe } from './lab.ts';

interface Ran {
  readonly code: number | null;
  /** What it printed on either stream. */
  readonly text: string;
}

const podUid = '3f2b0c1e-7a55-4c5e-9d3b-0f1c2d3e4a5b';

/** What each must have seen of the programs that the guest keeps busy. */
const sees: Readonly<Record<string, readonly RegExp[]>> = {
  'cross-socket-migrations': [/@moves\[\d+, hopper, 0, 1\]: \d/, /@moves\[\d+, hopper, 1, 0\]: \d/, /inpod/],
  'page-migrations': [/@moved\[\d+, migratepages, syscall_or_cpuset\]: [1-9]/, /@batch_pages/],
  'mempolicy-drift': [/numactl +set_mempolicy mode 2/, /migratepages +migrate_pages of process \d+/, /cpuset\.mems = 0-1/],
  'numa-work-latency': [/@us\[node\]/, /@worst_us\[\d+, node\]: \d/],
  'tlb-shootdown-origins': [/@sent\[\d+, node\]: \d/, /@stacks\[node,/, /flush_tlb/],
  'numa-faults': [/@pages\[\d+, node, [01], [01]\]: \d/],
}; // prettier-ignore

const heavy = ['numa-work-latency', 'tlb-shootdown-origins', 'numa-faults'];
const light = Object.keys(sees).filter((name) => !heavy.includes(name));

describe.skipIf(noLab('amd64', 'bpftrace'))('the tracing kit', () => {
  let found: Readonly<Record<string, Ran>>;
  beforeAll(async () => {
    found = await observe({
      topology: '2s2n',
      command: ['node', 'test/lab/guest/trace.mjs', JSON.stringify({ scripts: { light, heavy }, podUid })],
      timeoutSeconds: 500,
    });
  });

  test.each(Object.entries(sees))('%s names who did it', (name, patterns) => {
    const { code, text } = found[name] ?? { code: null, text: '' };
    for (const pattern of patterns) expect(text).toMatch(pattern);
    expect(code, text).toBe(0);
  });

  test('a pod is seen alone, by the uid that the API server writes', () => {
    const { code, text } = found['pod'] ?? { code: null, text: '' };
    expect(text).toMatch(/@moves\[\d+, inpod, 0, 1\]/);
    expect(text).not.toContain('hopper');
    expect(code, text).toBe(0);
  });

  test('a process is seen alone', () => {
    const { code, text } = found['pid'] ?? { code: null, text: '' };
    expect(text).toMatch(/@moves\[\d+, hopper, 0, 1\]/);
    expect(text).not.toContain('inpod');
    expect(code, text).toBe(0);
  });

  test('what is not there is said, with an exit code of its own', () => {
    expect(found['nobody']).toMatchObject({
      code: 1,
      text: expect.stringContaining('no such cgroup') as string,
    });
    expect(found['unknown']).toMatchObject({ code: 2 });
  });
});
