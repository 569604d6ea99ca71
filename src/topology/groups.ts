/** CPUs that share something, and what one of them said about it. */
export interface Group<T> {
  readonly cpus: readonly number[];
  readonly about: T;
}

export interface Said<T> {
  readonly members: readonly number[];
  readonly about: T;
}

/**
 * Asks one CPU of each group that is not yet known, since each of its files names all the members: on 1,024 CPUs
 * that is a tenth of the files. Waves of spread-out CPUs, growing, so that few of them fall into one group.
 */
export async function groupsOf<T>(
  cpus: readonly number[],
  ask: (cpu: number) => Promise<Said<T> | null>,
): Promise<{ readonly groups: readonly Group<T>[]; readonly silent: readonly number[] }> {
  const left = new Set(cpus);
  const groups: Group<T>[] = [];
  const silent: number[] = [];
  for (let size = 8; left.size > 0; size = Math.min(64, size * 2)) {
    const wave = spread([...left], size);
    const answers = await Promise.all(wave.map(ask));
    for (const [index, cpu] of wave.entries()) {
      const said = answers[index];
      if (!left.has(cpu)) continue; // a member of a group found in this wave
      if (!said) {
        left.delete(cpu);
        silent.push(cpu);
        continue;
      }
      // Where the lists of two CPUs contradict each other, the first one heard keeps its members.
      const members = new Set([cpu, ...said.members].filter((member) => left.has(member)));
      for (const member of members) left.delete(member);
      groups.push({ cpus: [...members].toSorted((a, b) => a - b), about: said.about });
    }
  }
  return {
    groups: groups.toSorted((a, b) => lowest(a) - lowest(b)),
    silent: silent.toSorted((a, b) => a - b),
  };
}

const lowest = (group: Group<unknown>) => group.cpus[0] ?? 0;

function spread(cpus: readonly number[], count: number): number[] {
  const step = Math.max(1, cpus.length / count);
  const picked: number[] = [];
  for (let index = 0; index < cpus.length; index += step) {
    const cpu = cpus[Math.floor(index)];
    if (cpu !== undefined) picked.push(cpu);
  }
  return picked;
}
