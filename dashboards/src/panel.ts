import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** What a panel asks and shows. How Grafana wants that written is known here, and nowhere else. */
export interface Panel {
  /** Stays the same for good: links to a panel go by it. */
  readonly id: number;
  readonly kind: 'lines' | 'rows' | 'buckets' | 'matrix' | 'table' | 'number' | 'bars' | 'states';
  readonly title: string;
  readonly description: string;
  /** An id of Grafana’s list; '' for text. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24. */
  readonly width: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly stacked?: true;
  /** Of a matrix: the labels of its rows and columns. */
  readonly axes?: readonly [row: string, column: string];
  /** Of a table: columns by their label, in this order, with what is written above them. */
  readonly columns?: Readonly<Record<string, string>>;
  /** What a click on a value opens; dashboards are linked by boards.ts. */
  readonly link?: { readonly title: string; readonly url: string };
}

export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

export const source = { type: 'prometheus', uid: '${datasource}' } as const;

const rowHeight = 8;
export const heightOf = ({ height = rowHeight }: Panel) => height;

/** A row of a heatmap is drawn with as many cells as there are points: 300 are as many as can be told apart. */
const points = { rows: 250, buckets: 250, lines: 600 } as const;

export function build(panel: Panel, { x, y }: Place) {
  const { id, title, description, unit, link } = panel;
  const builder = builders[panel.kind](panel)
    .id(id)
    .title(title)
    .description(description)
    .datasource(source)
    .gridPos({ x, y, w: panel.width, h: heightOf(panel) });
  if (unit) builder.unit(unit);
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (link)
    builder.dataLinks([new dashboard.DashboardLinkBuilder(link.title).url(link.url).targetBlank(false)]);
  return builder;
}

type Format = 'time_series' | 'table' | 'heatmap';

function target({ expr, legend = '' }: Query, index: number, format: Format, instant: boolean) {
  const query = new prometheus.DataqueryBuilder()
    .datasource(source)
    .refId(String.fromCodePoint(65 + index))
    .expr(expr)
    .legendFormat(legend)
    .format(format as prometheus.PromQueryFormat); // its values are these words
  return instant ? query.instant() : query.range();
}

const targets = ({ queries }: Panel, format: Format = 'time_series', instant = false) =>
  queries.map((query, index) => target(query, index, format, instant));

const viridis = () =>
  new heatmap.HeatmapColorOptionsBuilder()
    .mode(heatmap.HeatmapColorMode.Scheme)
    .scheme('Viridis')
    .exponent(0.5)
    .steps(64);

const grades = (mode: dashboard.FieldColorModeId) => new dashboard.FieldColorBuilder().mode(mode);

/** Cells of series or buckets over time. Zeros of a measurement are values; an empty bucket is no cell. */
const cells = (panel: Panel, format: Format) =>
  new heatmap.PanelBuilder()
    .targets(targets(panel, format))
    .maxDataPoints(points.rows)
    .calculate(false)
    .color(viridis())
    .filterValues(new heatmap.FilterValueRangeBuilder().le(panel.kind === 'buckets' ? 1e-9 : -1))
    .cellValues(cellValues(panel))
    .yAxis(axis(panel))
    .showLegend();

const cellValues = ({ kind, unit }: Panel) =>
  new heatmap.CellValuesBuilder().unit(kind === 'buckets' ? 'short' : unit);
const axis = ({ kind, unit }: Panel) => {
  const y = new heatmap.YAxisConfigBuilder().axisPlacement(common.AxisPlacement.Left);
  return kind === 'buckets' ? y.unit(unit) : y;
};

const builders = {
  lines: (panel: Panel) =>
    new timeseries.PanelBuilder()
      .targets(targets(panel))
      .maxDataPoints(points.lines)
      .lineWidth(1)
      .fillOpacity(panel.stacked ? 30 : 0)
      .showPoints(common.VisibilityMode.Never)
      .stacking(
        new common.StackingConfigBuilder().mode(
          panel.stacked ? common.StackingMode.Normal : common.StackingMode.None,
        ),
      )
      .legend(
        new common.VizLegendOptionsBuilder()
          .showLegend(true)
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom)
          .calcs([]),
      )
      .tooltip(
        new common.VizTooltipOptionsBuilder()
          .mode(common.TooltipDisplayMode.Multi)
          .sort(common.SortOrder.Descending),
      ),

  /** One row for each series: sockets, pairs, hosts. As time series, since as a heatmap neighbours are subtracted. */
  rows: (panel: Panel) =>
    cells(panel, 'time_series').rowsFrame(
      new heatmap.RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Auto),
    ),

  /** Buckets of a histogram. */
  buckets: (panel: Panel) =>
    cells(panel, 'heatmap').rowsFrame(
      new heatmap.RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Auto),
    ),

  matrix(panel: Panel) {
    const [row = '', column = ''] = panel.axes ?? [];
    return new table.PanelBuilder()
      .targets(targets(panel, 'table', true))
      .colorScheme(grades(dashboard.FieldColorModeId.ContinuousBlPu))
      .width(90)
      .cellOptions({
        type: common.TableCellDisplayMode.ColorBackground,
        mode: common.TableCellBackgroundDisplayMode.Basic,
      })
      .transformations([
        // Rows and columns come in the order of their first appearance.
        { id: 'sortBy', options: { sort: [{ field: column }] } },
        { id: 'sortBy', options: { sort: [{ field: row }] } },
        {
          id: 'groupingToMatrix',
          options: { rowField: row, columnField: column, valueField: 'Value', emptyValue: 'null' },
        },
      ]);
  },

  table(panel: Panel) {
    const columns = Object.entries(panel.columns ?? {});
    return new table.PanelBuilder()
      .targets(targets(panel, 'table', true))
      .filterable(true)
      .transformations([
        {
          id: 'organize',
          options: {
            indexByName: Object.fromEntries(columns.map(([name], index) => [name, index])),
            renameByName: Object.fromEntries(columns),
            includeByName: Object.fromEntries(columns.map(([name]) => [name, true])),
          },
        },
      ]);
  },

  /** Of now: the last of a range may have ended hours ago. */
  number: (panel: Panel) =>
    new stat.PanelBuilder()
      .targets(targets(panel, 'time_series', true))
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
      .colorMode(common.BigValueColorMode.None)
      .graphMode(common.BigValueGraphMode.None)
      .textMode(common.BigValueTextMode.Auto),

  bars: (panel: Panel) =>
    new bargauge.PanelBuilder()
      .targets(targets(panel, 'time_series', true))
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
      .orientation(common.VizOrientation.Horizontal)
      .displayMode(common.BarGaugeDisplayMode.Basic)
      .colorScheme(grades(dashboard.FieldColorModeId.ContinuousBlPu))
      .showUnfilled(false),

  states: (panel: Panel) =>
    new statetimeline.PanelBuilder()
      .targets(targets(panel))
      .maxDataPoints(points.rows)
      .perPage(20)
      .mergeValues(true)
      .showValue(common.VisibilityMode.Auto)
      .rowHeight(0.85)
      .legend(
        new common.VizLegendOptionsBuilder()
          .showLegend(false)
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom)
          .calcs([]),
      ),
} as const;
