import { hardwareCounters } from '../collectors/hardware.ts';
import { kernelCounters } from '../collectors/kernel_events.ts';
import type { KernelEventsOptions } from '../collectors/kernel_events.ts';
import type { PmuOptions } from '../collectors/pmu.ts';
import { createResctrlBooks, resctrl } from '../collectors/resctrl.ts';
import type { Host } from '../host/host.ts';
import type { Model } from '../pmu/catalogue/model.ts';
import { matchModel } from '../pmu/catalogue/models.ts';
import { createBooks } from '../pmu/counting/totals.ts';
import { courtesyOf } from '../probes/courtesy.ts';
import type { CourtesyOptions } from '../probes/courtesy.ts';
import type { Topology } from '../topology.ts';
import type { DoctorRun } from './doctor.ts';

export interface Examined extends Pick<DoctorRun, 'onProgress' | 'signal'> {
  readonly host: Host;
  readonly topology: Topology;
  readonly courtesy: CourtesyOptions;
  readonly pmu: PmuOptions;
  readonly kernelEvents: KernelEventsOptions;
  /** Shipped ones with the user's over them. */
  readonly models: readonly Model[];
}

/** Counters as the daemon has them, switched on or not; turns follow each other at once, for a person is waiting. */
export function doctorRun({ pmu, kernelEvents, models, courtesy, ...given }: Examined): DoctorRun {
  const includeIsolated = courtesy.include_isolated;
  const options = { ...pmu, turn_period_seconds: Math.min(1, pmu.turn_period_seconds) };
  return {
    ...given,
    courtesy: courtesyOf(courtesy),
    model: matchModel(models, given.topology.identity) ?? null,
    counters: [
      hardwareCounters({ options, models, includeIsolated, books: createBooks() }),
      kernelCounters({ options: kernelEvents, includeIsolated, books: createBooks() }),
    ],
    sources: [resctrl(createResctrlBooks()).make({})],
  };
}
