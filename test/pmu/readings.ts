/** A reading in a few numbers: what the helper writes for each event. */
export interface Words {
  readonly value: bigint;
  readonly enabled: bigint;
  readonly running: bigint;
  readonly errno?: number;
}

export const wordsOf = (events: readonly Words[]): Uint32Array =>
  Uint32Array.from(
    events.flatMap(({ value, enabled, running, errno = 0 }) => [
      ...[value, enabled, running].flatMap((word) => [Number(word & 0xffffffffn), Number(word >> 32n)]),
      errno,
      0,
    ]),
  );
