import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { cluster, host } from '../../src/rules/promql.ts';
import { build, heightOf, source } from './panel.ts';
import type { Panel } from './panel.ts';

export interface Section {
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(metric{…}, label)`; left out: what the reader types. */
  readonly query?: string;
  readonly typed?: string;
  readonly multi?: boolean;
  /** What All stands for; `.+` unless series may lack the label. */
  readonly all?: '.+' | '.*';
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
  /** Query of what is marked on every panel. */
  readonly annotation?: { readonly name: string; readonly expr: string; readonly title: string };
}

/** What every selector of a board has: the variables of the same names. */
export const chosen = (...more: readonly string[]) =>
  [cluster, host, ...more].map((label) => `${label}=~"$${label}"`).join(',');

/** A Prometheus of one cluster need not have the label: All has those without it, too. */
export const clusters: Variable = {
  name: cluster,
  label: cluster,
  all: '.*',
  query: `label_values(numacanary_build_info, ${cluster})`,
};
export const hosts: Variable = {
  name: host,
  label: host,
  query: `label_values(numacanary_build_info{${cluster}=~"$${cluster}"}, ${host})`,
};
export const sockets: Variable = {
  name: 'socket',
  label: 'socket',
  query: `label_values(numacanary_numa_node_info{${chosen()}}, socket)`,
};

const all = [
  ['numacanary-fleet', 'Fleet'],
  ['numacanary-host', 'Host'],
  ['numacanary-workload', 'Workload'],
  ['numacanary-canary-health', 'Canary health'],
] as const;

/** Where a click on a host leads. */
export const toHost = {
  title: 'This host',
  url: `/d/numacanary-host?var-datasource=\${datasource}&var-${cluster}=\${__field.labels.${cluster}}&var-${host}=\${__field.labels.${host}}&\${__url_time_range}`,
};
export const rowToHost = {
  title: 'This host',
  url: `/d/numacanary-host?var-datasource=\${datasource}&var-${cluster}=\${__data.fields.${cluster}}&var-${host}=\${__data.fields.${host}}&\${__url_time_range}`,
};

/** The JSON that Grafana imports and provisions: version 1, which all its releases take from files. */
export function json({ uid, title, description, variables, sections, annotation }: Board): string {
  // Whoever looks at a host goes on looking at it.
  const kept = variables
    .filter(({ name }) => name === cluster || name === host)
    .map(({ name }) => `\${${name}:queryparam}`)
    .join('&');
  const board = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['numacanary'])
    .readonly()
    .timezone('browser')
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .variables([
      new dashboard.DatasourceVariableBuilder('datasource')
        .label('Data source')
        .type('prometheus')
        .current({ text: 'default', value: 'default' }),
      ...variables.map(variable),
    ])
    .links(
      all
        .filter(([other]) => other !== uid)
        .map(([other, name]) =>
          new dashboard.DashboardLinkBuilder(name)
            .type(dashboard.DashboardLinkType.Link)
            .url(`/d/${other}?var-datasource=\${datasource}&${kept}&\${__url_time_range}`)
            .keepTime(false)
            .targetBlank(false),
        ),
    );
  if (annotation)
    board.annotation(
      new dashboard.AnnotationQueryBuilder()
        .name(annotation.name)
        .datasource(source)
        .enable(true)
        .iconColor('purple')
        .expr(annotation.expr),
    );
  let y = 0;
  for (const section of sections) {
    board.withRow(
      new dashboard.RowBuilder(section.title)
        .id(section.id)
        .gridPos({ x: 0, y, w: 24, h: 1 })
        .collapsed(false),
    );
    y += 1;
    let [x, tallest] = [0, 0];
    for (const panel of section.panels) {
      if (x + panel.width > 24) [x, y, tallest] = [0, y + tallest, 0];
      board.withPanel(build(panel, { x, y }));
      x += panel.width;
      tallest = Math.max(tallest, heightOf(panel));
    }
    y += tallest;
  }
  const built = board.build();
  // The SDK writes an annotation’s words in a way that older Grafanas do not read: add them as they are.
  if (annotation)
    Object.assign(built.annotations?.list?.[0] ?? {}, { titleFormat: annotation.title, step: '60s' });
  // A default of the SDK, which hides links in a menu.
  const text = JSON.stringify(
    built,
    (_, value: unknown) => (value === 'inControlsMenu' ? undefined : value),
    2,
  );
  return `${text}\n`;
}

function variable({ name, label, query, typed = '', multi = true, all: every = '.+' }: Variable) {
  if (query === undefined)
    return new dashboard.TextBoxVariableBuilder(name)
      .label(label)
      .defaultValue(typed)
      .current({ text: typed, value: typed });
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query({ qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(multi)
    .includeAll(multi)
    .allValue(every)
    .current(multi ? { text: ['All'], value: ['$__all'] } : { text: '', value: '' });
}
