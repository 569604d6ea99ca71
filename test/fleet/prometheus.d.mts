/** As Prometheus has it in static_configs. */
export interface Target {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Writes prometheus.yml and rules.yml into the folder, and says the arguments that start it there. */
export function setUpPrometheus(
  folder: string,
  options: {
    /** Where it listens: HOST:PORT. */
    readonly address: string;
    /** The text of rules.yml. */
    readonly rules: string;
    readonly targets: readonly Target[];
    readonly scrapeSeconds: number;
    /** HOST:PORT. */
    readonly alertmanager?: string | undefined;
  },
): readonly string[];

export function filledIn(expr: string, variables: Readonly<Record<string, string>>): string;
