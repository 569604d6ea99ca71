import { createHmac, randomBytes } from 'node:crypto';

/** busy: too many wait to be checked already. */
export type Verdict = 'granted' | 'refused' | 'busy';

export type Compare = (password: string, hash: string) => Promise<boolean>;

/** A comparison takes a tenth of a second of a CPU, and a stranger can ask for one. */
const mostWaiting = 32;
/** Granted and refused are kept apart, so that guesses push out no scraper. */
const mostGranted = 64;
const mostRefused = 1024;

/**
 * Basic authentication against bcrypt hashes. A name that does not exist costs what a name that exists costs, and a
 * request that was answered before costs a hash.
 */
export function createAuth(compare: Compare) {
  const secret = randomBytes(32);
  const digest = (...parts: readonly string[]) => {
    const hmac = createHmac('sha256', secret);
    // Lengths, so that no two lists look alike.
    for (const part of parts) hmac.update(`${part.length}:${part}`);
    return hmac.digest();
  };
  const granted = createRecent(mostGranted);
  const refused = createRecent(mostRefused);
  const underWay = new Map<string, Promise<boolean>>();

  /** Never equal to any password's; of the cost of one of the users, and for the same name always the same one. */
  function decoy(name: string, users: ReadonlyMap<string, string>): string {
    const hashes = [...users.values()];
    const bytes = digest('decoy', name);
    const like = hashes[bytes.readUInt32BE() % hashes.length] ?? '';
    const salt = bytes.toString('hex').slice(0, 21);
    return `${like.slice(0, 7)}${salt}O${bytes.toString('hex').slice(0, 31)}`;
  }

  return async function check(
    users: ReadonlyMap<string, string>,
    authorization: string | undefined,
  ): Promise<Verdict> {
    if (users.size === 0) return 'granted';
    const given = credentials(authorization);
    if (!given) return 'refused';
    const known = users.get(given.name);
    const instead = decoy(given.name, users); // made for a known name too: it costs the same
    const hash = known ?? instead;
    // With the hash in it: who got a new password is asked anew.
    const key = digest(given.name, hash, given.password).toString('base64');
    if (granted.has(key)) return 'granted';
    if (refused.has(key)) return 'refused';
    if (!underWay.has(key) && underWay.size >= mostWaiting) return 'busy';
    const equal = underWay.get(key) ?? compare(given.password, hash).finally(() => underWay.delete(key));
    underWay.set(key, equal);
    const good = (await equal) && known !== undefined;
    (good ? granted : refused).add(key);
    return good ? 'granted' : 'refused';
  };
}

// > Basic cHJvbWV0aGV1czpzZWNyZXQ=
/** Null where there are none, or none that can be read. */
export function credentials(authorization: string | undefined) {
  const [, encoded] = /^basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(authorization ?? '') ?? [];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The last so many of them. */
function createRecent(most: number) {
  const keys = new Set<string>();
  return {
    has(key: string): boolean {
      // To the end of the line: what is still asked for stays.
      return keys.delete(key) && keys.add(key).has(key);
    },
    add(key: string): void {
      keys.add(key);
      for (const oldest of keys) {
        if (keys.size <= most) return;
        keys.delete(oldest);
      }
    },
  };
}
