import { filledIn } from '../fleet/prometheus.mjs';

/** What Grafana asks Prometheus for when it draws a board. */

export interface Query {
  readonly panel: string;
  readonly expr: string;
  readonly instant: boolean;
  /** maxDataPoints. */
  readonly points: number;
  readonly format: string;
  readonly legend: string;
}

export interface Viewer {
  readonly scrapeSeconds: number;
  readonly rangeSeconds: number;
  /** Regular expressions or words chosen for variables; `.+` for those that are not named. */
  readonly variables: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title?: string;
  readonly type: string;
  readonly maxDataPoints?: number;
  readonly panels?: readonly Panel[];
  readonly targets?: readonly {
    readonly expr?: string;
    readonly instant?: boolean;
    readonly format?: string;
    readonly legendFormat?: string;
  }[];
}

export interface Board {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations?: { readonly list?: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query?: string | { readonly query?: string };
      readonly current?: { readonly value?: unknown };
    }[];
  };
}

/** All queries of a board with its variables filled in. */
export function queriesOf(board: Board, viewer: Viewer): readonly Query[] {
  const panels = board.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  return panels.flatMap(({ title = '', targets = [], maxDataPoints: points = 1000 }) =>
    targets.flatMap(({ expr, instant = false, format = 'time_series', legendFormat: legend = '' }) =>
      expr ? [{ panel: title, expr: filled(expr, points, viewer), instant, points, format, legend }] : [],
    ),
  );
}

/** As Grafana fills in: $__interval is the step, $__rate_interval four scrapes at least. */
export function filled(
  expr: string,
  points: number,
  { scrapeSeconds, rangeSeconds, variables }: Viewer,
): string {
  const interval = Math.max(scrapeSeconds, Math.ceil(rangeSeconds / points));
  const built: Readonly<Record<string, string>> = {
    __interval: `${interval}s`,
    __rate_interval: `${Math.max(interval + scrapeSeconds, 4 * scrapeSeconds)}s`,
    __range: `${rangeSeconds}s`,
    __range_s: `${rangeSeconds}`,
  };
  return filledIn(expr, { ...variables, ...built });
}
