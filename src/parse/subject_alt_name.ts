import { SocketAddress, isIP } from 'node:net';

// > DNS:scraper.example, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, email:ops@example.org
// > DNS:"a name, with a comma", URI:spiffe://cluster/ns/monitoring
/** The alternative names of a certificate as Node gives them, bare; in a list so that each is compared whole. */
export function parseSubjectAltName(text: string | undefined): string[] {
  const names = (text ?? '').matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g);
  return [...names].flatMap(([, kind = '', value = '']) => {
    // What Node had to quote it wrote as JSON: an attacker's comma is no separator.
    const name = value.startsWith('"') ? unquoted(value) : value;
    if (kind === 'IP Address') return [sameSpelling(name)];
    return ['DNS', 'email', 'URI'].includes(kind) ? [name] : [];
  });
}

/** OpenSSL spells ::1 out, people and Go do not. Any other name as it is. */
export function sameSpelling(name: string): string {
  if (isIP(name) !== 6) return name;
  return new SocketAddress({ address: name, family: 'ipv6' }).address;
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return ''; // no name of anybody's: a stranger wrote it
  }
}
