/** Who is shown, where there are more than the page has room for. */

export interface Candidate {
  readonly path: string;
  readonly configured: boolean;
  /** Has CPUs that it shares with no other: its placement is somebody's decision. */
  readonly ownCpus: boolean;
  readonly memoryBytes: number;
}

/** Of two that are as large as each other the one shown stays: series that come and go tell nothing. */
const stay = 1.25;

export function choose(
  candidates: readonly Candidate[],
  most: number,
  shown: ReadonlySet<string>,
): readonly string[] {
  const weight = ({ path, memoryBytes }: Candidate) => memoryBytes * (shown.has(path) ? stay : 1);
  return candidates
    .toSorted(
      (a, b) =>
        Number(b.configured) - Number(a.configured) ||
        Number(b.ownCpus) - Number(a.ownCpus) ||
        weight(b) - weight(a) ||
        (a.path < b.path ? -1 : 1),
    )
    .slice(0, most)
    .map(({ path }) => path);
}
