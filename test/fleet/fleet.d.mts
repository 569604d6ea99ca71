export interface Fleet {
  readonly names: readonly string[];
  latencyOf(name: string, at: number, base?: number): number;
  apps(seconds: number): string;
  page(name: string, seconds: number, wall: number): string | null;
}
export const faultNames: readonly string[];
export function createFleet(options: {
  readonly hosts: number;
  readonly faulty?: Readonly<Record<string, string>>;
  readonly beginSeconds?: number;
}): Fleet;
