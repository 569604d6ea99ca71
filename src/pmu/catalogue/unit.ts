/** The `unit` label, by which numbers of one vendor are kept from those of another. Pure. */
import type { Metric } from '../../sample.ts';
import type { Model, ModelEvent } from './model.ts';
import { offcoreReads, offcoreUnits, readLatencyCycles } from '../signals.ts';

/** Null where the metric has no such label. */
export function unitOf(metric: Metric, model: Model, event: ModelEvent): string | null {
  if (!metric.labels.includes('unit')) return null;
  if (metric.name === readLatencyCycles.name) return event.unit ?? 'unconfirmed';
  if (metric.name === offcoreReads.name) return offcoreUnits[model.unit];
  return model.unit;
}
