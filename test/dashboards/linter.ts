import { parser } from '@prometheus-io/lezer-promql';
import { selectorsIn } from '../rules/promql.ts';
import { plain } from './promql.ts';
import { transformations, units } from './grafana.ts';

/**
 * The rules of grafana/dashboard-linter (lint/rules.go, June 2026), all seventeen, for boards as Grafana stores them.
 * Where it wants job and instance we want cluster and host: a pod’s name changes with each rollout, and a host’s does
 * not; a Prometheus of one cluster may do without that label, so that its All is `.*`. What it asks of four kinds of panels we ask of all that we use.
 */
export interface GrafanaBoard {
  readonly uid?: string;
  readonly title?: string;
  readonly editable?: boolean;
  readonly schemaVersion?: number;
  readonly panels: readonly GrafanaPanel[];
  readonly templating: { readonly list: readonly GrafanaVariable[] };
  readonly annotations?: { readonly list?: readonly { readonly name?: string; readonly expr?: string }[] };
}

export interface GrafanaVariable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query?: string | { readonly query?: string };
  readonly datasource?: { readonly uid?: string };
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
}

export interface GrafanaPanel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly options?: unknown;
  readonly targets?: readonly GrafanaTarget[];
  readonly transformations?: readonly { readonly id: string }[];
}

export interface GrafanaTarget {
  readonly refId?: string;
  readonly expr?: string;
  readonly datasource?: { readonly uid?: string };
}

export interface Complaint {
  readonly rule: string;
  readonly where: string;
  readonly what: string;
}

type Rule = (board: GrafanaBoard) => readonly (readonly [where: string, what: string])[];

const drawn = ({ panels }: GrafanaBoard) => panels.filter(({ type }) => type !== 'row');
const queries = (board: GrafanaBoard) =>
  drawn(board).flatMap(({ title = '', type, targets = [] }) =>
    targets.flatMap(({ expr }) => (expr ? [{ title, type, expr }] : [])),
  );
const queried = ({ templating }: GrafanaBoard) => templating.list.filter(({ type }) => type === 'query');
const textOf = ({ query }: GrafanaVariable) => (typeof query === 'string' ? query : (query?.query ?? ''));
const ours = /^(numacanary_|(host|host_\w+|group|cluster):numacanary_)/;
const parses = (expr: string) => {
  let good = true;
  parser.parse(expr).iterate({ enter: ({ type }) => void (good &&= !type.isError) });
  return good;
};
/** A variable of that name, made as the linter wants job and instance. */
const template =
  (name: string, all: string, wanted: (board: GrafanaBoard) => boolean): Rule =>
  (board) => {
    if (!wanted(board)) return [];
    const variable = board.templating.list.find((one) => one.name === name);
    if (!variable) return [[name, 'is no variable']];
    const faults: [string, string][] = [];
    if (variable.type !== 'query') faults.push([name, 'is not asked of the data source']);
    if (variable.label !== name) faults.push([name, 'has another label than its name']);
    if (variable.datasource?.uid !== '${datasource}') faults.push([name, 'asks another data source']);
    // One host at a time may be chosen on its own board.
    if (variable.multi && (!variable.includeAll || variable.allValue !== all))
      faults.push([name, `has no All of ${all}`]);
    return faults;
  };
const uses = (name: string) => (board: GrafanaBoard) =>
  queries(board).some(({ expr }) => expr.includes(`$${name}`));

/** What Grafana draws by itself, or from text. */
const textual = new Set(['table']);

export const rules: Readonly<Record<string, Rule>> = {
  'template-datasource': ({ templating }) => {
    const sources = templating.list.filter(({ type }) => type === 'datasource');
    if (sources.length !== 1) return [['variables', 'must have one data source']];
    const [one] = sources;
    return one?.name === 'datasource' && one.label === 'Data source' && one.query === 'prometheus'
      ? []
      : [['datasource', 'must be named datasource, labelled Data source and choose among Prometheus']];
  },
  'template-job': template('cluster', '.*', () => true),
  'template-instance': template('host', '.+', uses('host')),
  'template-label-promql': (board) =>
    queried(board).flatMap((variable) => {
      const [, expr = ''] = /^label_values\((.*), ?\w+\)$/.exec(textOf(variable)) ?? [];
      return expr && parses(plain(expr))
        ? []
        : [[variable.name, `${textOf(variable)} does not parse`] as const];
    }),
  'template-on-time-change-reload': (board) =>
    queried(board).flatMap(({ name, refresh }) =>
      refresh === 2 ? [] : [[name, 'is not asked anew with the time'] as const],
    ),
  'panel-datasource': (board) =>
    drawn(board).flatMap(({ title = '', datasource, targets = [] }) =>
      [datasource, ...targets.map((target) => target.datasource)].every((one) => one?.uid === '${datasource}')
        ? []
        : [[title, 'asks another data source'] as const],
    ),
  'panel-title-description': (board) =>
    drawn(board).flatMap(({ id, title = '', description = '' }) =>
      title && /^[A-Z0-9a-z].*\.$/s.test(description)
        ? []
        : [[`${id} ${title}`, 'lacks a title, or a sentence about it'] as const],
    ),
  'panel-units': (board) =>
    drawn(board).flatMap(({ title = '', type, fieldConfig, options }) => {
      const unit = fieldConfig?.defaults?.unit ?? '';
      const axis = (options as { yAxis?: { unit?: string } } | undefined)?.yAxis?.unit;
      const known = units.has(unit) && (axis === undefined || units.has(axis));
      return known || (textual.has(type) && unit === '') ? [] : [[title, `has the unit '${unit}'`] as const];
    }),
  'panel-no-targets': (board) =>
    drawn(board).flatMap(({ title = '', targets = [] }) =>
      targets.length > 0 ? [] : [[title, 'asks nothing'] as const],
    ),
  'target-logql': (board) =>
    queries(board).flatMap(({ title, expr }) =>
      /\|[=~]|\| ?json/.test(expr) ? [[title, 'is LogQL'] as const] : [],
    ),
  'target-logql-auto': (board) =>
    queries(board).flatMap(({ title, expr }) =>
      expr.includes('$__auto') ? [[title, 'has $__auto, of Loki'] as const] : [],
    ),
  'target-promql': (board) =>
    queries(board).flatMap(({ title, expr }) =>
      parses(plain(expr)) ? [] : [[title, `does not parse: ${expr}`] as const],
    ),
  'target-rate-interval': (board) =>
    queries(board).flatMap(({ title, expr }) => {
      const faults: (readonly [string, string])[] = [];
      for (const [, , range = ''] of expr.matchAll(/\b(rate|irate)\(.*?\[([^\]]+)\]/g))
        if (range !== '$__rate_interval') faults.push([title, `has a rate over [${range}]`]);
      for (const [, call = ''] of expr.matchAll(/(\w+)\([^()]*\[\$__rate_interval\]/g))
        if (!['rate', 'irate', 'increase'].includes(call))
          faults.push([title, `has ${call} over $__rate_interval`]);
      return faults;
    }),
  'target-job': (board) => selectors(board, 'cluster'),
  'target-instance': (board) => (uses('host')(board) ? selectors(board, 'host') : []),
  'target-counter-agg': (board) =>
    queries(board).flatMap(({ title, expr }) =>
      [
        ...expr.matchAll(/(\w+)\(\s*([\w:]+_total)\b/g),
        ...expr.matchAll(/()(?<![\w(])([\w:]+_total)\b/g),
      ].flatMap(([, call = '', metric = '']) =>
        ['rate', 'irate', 'increase'].includes(call)
          ? []
          : [[title, `takes ${metric} without rate`] as const],
      ),
    ),
  uneditable: ({ editable }) =>
    editable === false ? [] : [['board', 'can be edited where it is provisioned']],
};

/** Selectors of our metrics that the variable of the same name does not choose among. */
function selectors(board: GrafanaBoard, label: string): readonly (readonly [string, string])[] {
  return queries(board).flatMap(({ title, expr }) =>
    selectorsIn(expr)
      .filter(({ metric }) => ours.test(metric) && !metric.startsWith(label === 'host' ? 'group:' : '-'))
      .filter(({ matchers }) => !matchers.some((one) => one.label === label && one.value === `$${label}`))
      .map(({ metric }) => [title, `${metric} is not chosen by ${label}`] as const),
  );
}

/** Beside theirs: what makes a board useless without a word. */
export const more: Readonly<Record<string, Rule>> = {
  'panel-transformations': (board) =>
    drawn(board).flatMap(({ title = '', transformations: all = [] }) =>
      all
        .filter(({ id }) => !transformations.has(id))
        .map(({ id }) => [title, `has no transformation ${id}`] as const),
    ),
  'panel-ids': ({ panels }) => {
    const seen = new Set<number>();
    return panels.flatMap(({ id, title = '' }) => {
      if (id === undefined || id === 0 || seen.has(id))
        return [[title, `has the id ${id}, which is none of its own`] as const];
      seen.add(id);
      return [];
    });
  },
  'panel-places': ({ panels }) =>
    panels.flatMap((one, index) =>
      panels
        .slice(index + 1)
        .flatMap((other) =>
          overlap(one, other) ? [[one.title ?? '', `lies over ${other.title}`] as const] : [],
        ),
    ),
};

function overlap({ gridPos: a }: GrafanaPanel, { gridPos: b }: GrafanaPanel): boolean {
  if (!a || !b) return true;
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

export const lint = (board: GrafanaBoard): readonly Complaint[] =>
  Object.entries({ ...rules, ...more }).flatMap(([rule, complaints]) =>
    complaints(board).map(([where, what]) => ({ rule, where, what })),
  );
