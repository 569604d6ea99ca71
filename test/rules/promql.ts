import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly value: string;
  /** By a regular expression. */
  readonly matches: boolean;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** What an expression asks for. */
export function selectorsIn(expr: string): readonly Selector[] {
  const found: Selector[] = [];
  parser.parse(expr).iterate({
    enter({ name, from, to }) {
      if (name !== 'VectorSelector') return;
      const text = expr.slice(from, to);
      const metric = /^[\w:]+/.exec(text)?.[0] ?? '';
      const matchers = [...text.slice(metric.length).matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
        ([, label = '', operator = '', value = '']) => ({ label, value, matches: operator.endsWith('~') }),
      );
      found.push({ metric, matchers });
    },
  });
  return found;
}

/** By what it aggregates, matches and groups. */
export function labelsIn(
  expr: string,
): readonly { readonly operation: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b(by|on)\s*\(([^)]*)\)/g)].map(([, operation = '', labels = '']) => ({
    operation,
    labels: labels.split(',').map((label) => label.trim()),
  }));
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Ranges, in seconds. */
export const rangesIn = (expr: string): readonly number[] =>
  [...expr.matchAll(/\[(\d+)([smhdw])\]/g)].map(
    ([, many, unit = '']) => Number(many) * (seconds[unit] ?? NaN),
  );
