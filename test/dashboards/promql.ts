import { filled } from './queries.ts';

/** Any viewer’s choice: for whatever only looks at the shape of an expression. */
export const anybody = {
  scrapeSeconds: 15,
  rangeSeconds: 21_600,
  variables: { app_histogram: 'app_seconds', quantile: '0.99' },
};
export const plain = (expr: string) => filled(expr, 300, anybody);
