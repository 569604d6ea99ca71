import type { Fleet } from './fleet.mjs';

export function serveFleet(options: {
  readonly hosts: number;
  readonly faulty?: Readonly<Record<string, string>>;
  readonly beginSeconds?: number;
  readonly port?: number;
  readonly cluster?: string;
}): Promise<{
  readonly fleet: Fleet;
  readonly address: string;
  readonly targets: readonly {
    readonly targets: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  }[];
  close(): void;
}>;
