export function thirdPartyPage(lock: {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly dev?: boolean;
        readonly os?: readonly string[];
      }
    >
  >;
}): string;
