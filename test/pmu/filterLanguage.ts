/**
 * The kernel's filter language as far as we speak it: `!`, `&&` before `||`, brackets, and comparisons of a field with
 * a number. Throws on anything else, as the kernel would.
 */
export function compile(text: string): (event: Readonly<Record<string, number>>) => boolean {
  const tokens = text.match(/\|\||&&|==|<=|>=|[!()&]|\d+|[a-z_]+/g) ?? [];
  if (tokens.join('') !== text) throw new Error(`not all of it is the filter language: ${text}`);
  let at = 0;
  const take = (token: string) => tokens[at] === token && (at += 1) > 0;
  type Test = (event: Readonly<Record<string, number>>) => boolean;

  const either = (): Test => {
    const tests = [both()];
    while (take('||')) tests.push(both());
    return (event) => tests.some((test) => test(event));
  };
  const both = (): Test => {
    const tests = [one()];
    while (take('&&')) tests.push(one());
    return (event) => tests.every((test) => test(event));
  };
  const one = (): Test => {
    if (take('!')) {
      const test = one();
      return (event) => !test(event);
    }
    if (take('(')) {
      const test = either();
      if (!take(')')) throw new Error(`a bracket is missing: ${text}`);
      return test;
    }
    const [field = '', operator = '', number = ''] = tokens.slice(at, at + 3);
    const compare = operators[operator];
    if (!/^[a-z_]+$/.test(field) || !compare || !/^\d+$/.test(number))
      throw new Error(`no predicate: ${field}${operator}${number} in ${text}`);
    at += 3;
    return (event) => compare(event[field] ?? NaN, Number(number));
  };

  const test = either();
  if (at < tokens.length) throw new Error(`something is left over: ${tokens.slice(at).join('')}`);
  return test;
}

const operators: Readonly<Record<string, (value: number, by: number) => boolean>> = {
  '==': (value, by) => value === by,
  '<=': (value, by) => value <= by,
  '>=': (value, by) => value >= by,
  '&': (value, by) => (value & by) !== 0,
};
