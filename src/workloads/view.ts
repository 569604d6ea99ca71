import type { CpuManagerView } from './cpu_manager.ts';
import type { Found, Walk } from './walk.ts';

/** What the last walk found, and what follows from it. */
export interface View {
  readonly walk: Walk;
  readonly shown: readonly Found[];
  readonly own: ReadonlySet<string>;
  readonly cpuManager: (CpuManagerView & { readonly policy: string; readonly from: string }) | null;
}
