/** The counters behind the source `pmu`: planned by the model of this CPU, calibrated before they are believed. */
import { createCalibrator } from '../perf/calibrate.ts';
import type { Counters } from '../perf/counters.ts';
import { createCounters } from '../perf/engine.ts';
import { within } from '../pmu/planning/budget.ts';
import type { Model } from '../pmu/catalogue/model.ts';
import { matchModel } from '../pmu/catalogue/models.ts';
import { planHardware } from '../pmu/planning/plan_hardware.ts';
import type { Books } from '../pmu/counting/totals.ts';
import type { PmuOptions } from './pmu.ts';

export interface HardwarePlan {
  readonly options: PmuOptions;
  /** Shipped ones with the user's over them. */
  readonly models: readonly Model[];
  readonly includeIsolated: boolean;
  readonly books: Books;
}

export function hardwareCounters({ options, models, includeIsolated, books }: HardwarePlan): Counters {
  const turnPeriodSeconds = options.turn_period_seconds;
  return createCounters({
    name: 'pmu',
    books,
    turnPeriodSeconds,
    calibrator: createCalibrator(options.calibration),
    planner: ({ topology }, facts, fds) => {
      const model = matchModel(models, topology.identity) ?? null;
      const settings = {
        leaveCounters: options.leave_counters,
        turns: turnPeriodSeconds > 0,
        includeIsolated,
      };
      return within(planHardware({ model, facts, topology, options: settings }), fds);
    },
  });
}
