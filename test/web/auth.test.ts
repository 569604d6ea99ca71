import { compare, getRounds, hash } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { quantile } from '../../src/quantile.ts';
import { createAuth, credentials } from '../../src/web/auth.ts';

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

const median = (times: readonly number[]) =>
  quantile(
    times.toSorted((a, b) => a - b),
    0.5,
  ) ?? NaN;

const cost = 6;
const users = new Map([
  ['alice', await hash('wonderland', cost)],
  ['bob', await hash('builder', cost)],
]);

/** bcrypt, and what it was asked. */
function counted() {
  const calls: { readonly password: string; readonly hash: string }[] = [];
  return {
    calls,
    compare: (password: string, hash: string) => {
      calls.push({ password, hash });
      return compare(password, hash);
    },
  };
}

/** Answers when it is told to. */
function held() {
  const waiting: ((equal: boolean) => void)[] = [];
  const compare = () => new Promise<boolean>((resolve) => waiting.push(resolve));
  return { waiting, compare };
}

describe('credentials', () => {
  it.each([
    [basic('a', 'b'), { name: 'a', password: 'b' }],
    [basic('a', 'b:c'), { name: 'a', password: 'b:c' }],
    [basic('', ''), { name: '', password: '' }],
    [basic('ä', '€'), { name: 'ä', password: '€' }],
    [basic('a', 'b').replace('Basic', 'bAsIc'), { name: 'a', password: 'b' }],
    [undefined, null],
    ['', null],
    ['Basic', null],
    ['Basic !!!!', null],
    [`Basic ${Buffer.from('nocolon').toString('base64')}`, null],
    ['Bearer YTpi', null],
    ['Basic YTpi, Basic YTpi', null],
  ])('%j', (header, expected) => {
    expect(credentials(header)).toEqual(expected);
  });
});

describe('authentication', () => {
  it('asks nobody where there are no users', async () => {
    const { calls, compare } = counted();
    expect(await createAuth(compare)(new Map(), undefined)).toBe('granted');
    expect(calls).toEqual([]);
  });

  it('lets in who has a name and its password, and nobody else', async () => {
    const check = createAuth(counted().compare);
    expect(await check(users, basic('alice', 'wonderland'))).toBe('granted');
    for (const [name, password] of [
      ['alice', 'builder'],
      ['alice', ''],
      ['alice', users.get('alice') ?? ''],
      ['Alice', 'wonderland'],
      ['bob', 'wonderland'],
      ['mallory', 'wonderland'],
      ['', ''],
      ['__proto__', 'x'],
    ] as const) {
      expect(await check(users, basic(name, password)), `${name}:${password}`).toBe('refused');
    }
    for (const header of [undefined, '', 'Basic', 'Basic !', 'Bearer x'])
      expect(await check(users, header)).toBe('refused');
  });

  it('costs for an unknown name what it costs for a known one', async () => {
    const { calls, compare } = counted();
    const check = createAuth(compare);
    const seconds: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let round = 0; round < 40; round += 1) {
      for (const [who, name] of [
        ['known', 'alice'],
        ['unknown', `mallory${round}`],
      ] as const) {
        const began = performance.now();
        expect(await check(users, basic(name, `guess${round}`))).toBe('refused');
        seconds[who].push((performance.now() - began) / 1000);
      }
    }
    expect(calls).toHaveLength(80);
    expect(new Set(calls.map(({ hash }) => getRounds(hash)))).toEqual(new Set([cost]));
    const [known, unknown] = [seconds.known, seconds.unknown].map((times) => median(times) * 1000);
    process.stderr.write(
      `a wrong password at cost ${cost}, median: known user ${known?.toFixed(3)} ms, unknown user ${unknown?.toFixed(3)} ms\n`,
    );
  });

  it('gives an unknown name the cost of one of the users, and the same name always the same', async () => {
    const uneven = new Map([
      ['old', `$2y$04$${'a'.repeat(53)}`],
      ['new', `$2y$12$${'a'.repeat(53)}`],
    ]);
    const asked: string[] = [];
    const compare = async (_: string, hash: string) => (asked.push(hash), false);
    const check = createAuth(compare);
    for (let guess = 0; guess < 200; guess += 1) await check(uneven, basic(`nobody${guess}`, 'x'));
    expect(new Set(asked.map(getRounds))).toEqual(new Set([4, 12]));
    asked.length = 0;
    for (let guess = 0; guess < 20; guess += 1) await check(uneven, basic('nobody', `x${guess}`));
    expect(new Set(asked).size).toBe(1);
    for (const hash of asked) expect(hash).toMatch(/^\$2y\$\d\d\$[./A-Za-z0-9]{53}$/);
  });

  it('never lets an unknown name in, whatever bcrypt says', async () => {
    const check = createAuth(async () => true);
    expect(await check(users, basic('mallory', 'x'))).toBe('refused');
    expect(await check(users, basic('mallory', 'x'))).toBe('refused');
  });

  it('asks bcrypt once for what it has answered before, yes or no', async () => {
    const { calls, compare } = counted();
    const check = createAuth(compare);
    for (let again = 0; again < 3; again += 1) {
      expect(await check(users, basic('alice', 'wonderland'))).toBe('granted');
      expect(await check(users, basic('alice', 'wrong'))).toBe('refused');
      expect(await check(users, basic('mallory', 'wrong'))).toBe('refused');
    }
    expect(calls).toHaveLength(3);
  });

  it('asks bcrypt once for all who come with the same at the same time', async () => {
    const { waiting, compare } = held();
    const check = createAuth(compare);
    const all = Array.from({ length: 100 }, () => check(users, basic('alice', 'wonderland')));
    expect(waiting).toHaveLength(1);
    waiting[0]?.(true);
    expect(new Set(await Promise.all(all))).toEqual(new Set(['granted']));
  });

  it('asks anew when a user has another password', async () => {
    const { calls, compare } = counted();
    const check = createAuth(compare);
    await check(users, basic('alice', 'wonderland'));
    const changed = new Map([['alice', await hash('other', cost)]]);
    expect(await check(changed, basic('alice', 'wonderland'))).toBe('refused');
    expect(await check(changed, basic('alice', 'other'))).toBe('granted');
    expect(await check(new Map([['bob', users.get('bob') ?? '']]), basic('alice', 'other'))).toBe('refused');
    expect(calls).toHaveLength(4);
  });

  it('forgets guesses before it forgets a scraper', async () => {
    const { calls, compare } = counted();
    const check = createAuth(async (password, hash) =>
      password === 'wonderland' ? compare(password, hash) : false,
    );
    await check(users, basic('alice', 'wonderland'));
    for (let guess = 0; guess < 5000; guess += 1) await check(users, basic('alice', `guess${guess}`));
    expect(await check(users, basic('alice', 'wonderland'))).toBe('granted');
    expect(calls).toHaveLength(1);
  });

  it('lets so many wait for bcrypt and no more, and those who are known pass meanwhile', async () => {
    const { waiting, compare } = held();
    const check = createAuth(compare);
    const first = check(users, basic('alice', 'wonderland'));
    waiting[0]?.(true);
    await first;
    const guesses = Array.from({ length: 100 }, (_, guess) => check(users, basic('alice', `guess${guess}`)));
    expect(waiting.length - 1).toBe(32);
    expect(await check(users, basic('alice', 'wonderland'))).toBe('granted');
    for (const answer of waiting) answer(false);
    const verdicts = await Promise.all(guesses);
    expect(verdicts.filter((verdict) => verdict === 'refused')).toHaveLength(32);
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(68);
  });

  it('lets nobody in when bcrypt fails, and asks again the next time', async () => {
    let broken = true;
    const check = createAuth(async (password, hash) => {
      if (broken) throw new Error('the thread has ended');
      return compare(password, hash);
    });
    await expect(check(users, basic('alice', 'wonderland'))).rejects.toThrow('the thread has ended');
    broken = false;
    expect(await check(users, basic('alice', 'wonderland'))).toBe('granted');
  });
});
