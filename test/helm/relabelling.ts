/** Of Prometheus' relabelling the actions that the chart uses, in the Operator's spelling. */
export interface Relabelling {
  readonly sourceLabels?: readonly string[];
  readonly targetLabel?: string;
  readonly replacement?: string;
  readonly regex?: string;
  readonly action?: string;
}

/** Labels of the series of a target: those that begin with __ are gone at the end. */
export function relabelled(
  labels: Readonly<Record<string, string>>,
  steps: readonly Relabelling[],
): Readonly<Record<string, string>> {
  const now = new Map(Object.entries(labels));
  for (const {
    sourceLabels = [],
    targetLabel = '',
    replacement = '$1',
    regex = '(.*)',
    action = 'replace',
  } of steps) {
    const pattern = new RegExp(`^(?:${regex})$`);
    if (action === 'labeldrop')
      for (const name of [...now.keys()].filter((one) => pattern.test(one))) now.delete(name);
    else if (action === 'replace') {
      const joined = sourceLabels.map((name) => now.get(name) ?? '').join(';');
      if (pattern.test(joined)) now.set(targetLabel, joined.replace(pattern, replacement));
    } else throw new Error(`relabelling: ${action} is not known here`);
  }
  return Object.fromEntries([...now].filter(([name, value]) => !name.startsWith('__') && value !== ''));
}
