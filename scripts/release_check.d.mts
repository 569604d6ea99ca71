export function complaints(found: {
  readonly texts: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly changed: string;
}): readonly string[];
