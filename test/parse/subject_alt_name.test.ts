import { describe, expect, it } from 'vitest';
import { parseSubjectAltName, sameSpelling } from '../../src/parse/subject_alt_name.ts';

describe('the alternative names of a certificate', () => {
  it.each<[string | undefined, string[]]>([
    [undefined, []],
    ['', []],
    ['DNS:a.example', ['a.example']],
    [
      'DNS:a.example, DNS:*.b, IP Address:10.0.0.1, email:ops@example.org',
      ['a.example', '*.b', '10.0.0.1', 'ops@example.org'],
    ],
    ['URI:spiffe://cluster/ns/monitoring?x=1', ['spiffe://cluster/ns/monitoring?x=1']],
    ['IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:0:1', ['::1', '2001:db8::1']],
    ['DirName:"CN = a, DNS:b", DNS:c', ['c']],
  ])('%j', (text, names) => {
    expect(parseSubjectAltName(text)).toEqual(names);
  });

  it('are not made more by a comma in one of them', () => {
    expect(parseSubjectAltName('DNS:"evil.example, DNS:prometheus.example"')).toEqual([
      'evil.example, DNS:prometheus.example',
    ]);
    expect(parseSubjectAltName(String.raw`URI:"a\", DNS:prometheus.example"`)).toEqual([
      'a", DNS:prometheus.example',
    ]);
  });

  it('are none where the quoting is not to be read', () => {
    expect(parseSubjectAltName(String.raw`DNS:"\q"`)).toEqual(['']);
  });

  it('are spelled one way, whoever wrote them', () => {
    expect(['2001:DB8::0001', '::1', '10.0.0.1', 'A.example'].map(sameSpelling)).toEqual([
      '2001:db8::1',
      '::1',
      '10.0.0.1',
      'A.example',
    ]);
  });
});
