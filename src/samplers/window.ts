/** The greatest value of the last so many seconds: only what can still become it is kept. */
export function createWindowMax(seconds: number) {
  let points: { readonly at: number; readonly value: number }[] = [];
  return {
    add(at: number, value: number): void {
      points = [...points.filter((point) => at - point.at <= seconds && point.value > value), { at, value }];
    },
    /** Undefined where the window has nothing. The first point within it is the greatest. */
    max: (now: number): number | undefined => points.find(({ at }) => now - at <= seconds)?.value,
  };
}

export type WindowMax = ReturnType<typeof createWindowMax>;
