/** Each error exists because somebody acts on it. Messages say what happened, where, and what to do. */

/** This machine does not have it: nothing to do. */
export class Absent extends Error {
  override readonly name = 'Absent';
}

/** For what may be missing; anything else is thrown on. */
export function nullIfAbsent(thrown: unknown): null {
  if (thrown instanceof Absent) return null;
  throw thrown;
}

/** It is there, but we may not: grant something. */
export class Denied extends Error {
  override readonly name = 'Denied';
}

/** A kernel file said what we do not understand: a bug of ours, or a newer kernel. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
}

/** It did not answer in time; what it would have said is not waited for. */
export class Timeout extends Error {
  override readonly name = 'Timeout';
}

/** The native helper refused or failed; `code` is the kernel's word for it (`EINVAL`). */
export class NativeError extends Error {
  override readonly name = 'NativeError';
  constructor(
    readonly call: string,
    readonly code: string,
    advice = '',
  ) {
    super(`${call}: ${code}${advice && `: ${advice}`}`);
  }
}

/** The configuration is wrong; one line for each mistake, each `file:line:column: what, and what is allowed`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** The address cannot be listened on; the message is the whole line for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** A flag or command that does not exist: the usage text helps. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
