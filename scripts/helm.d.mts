export function printed(): Readonly<Record<string, string>>;
