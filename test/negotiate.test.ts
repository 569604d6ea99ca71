import { describe, expect, it } from 'vitest';
import { formatFor, wantsGzip } from '../src/negotiate.ts';

const prometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';

describe('formatFor', () => {
  it.each([
    { accept: undefined, is: 'text' },
    { accept: '', is: 'text' },
    { accept: '*/*', is: 'text' },
    { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', is: 'text' },
    { accept: prometheus2, is: 'openmetrics' },
    { accept: prometheus3, is: 'openmetrics' },
    { accept: 'application/openmetrics-text', is: 'openmetrics' },
    { accept: 'application/openmetrics-text; version="1.0.0"', is: 'openmetrics' },
    { accept: 'application/openmetrics-text;version=0.0.1', is: 'text' },
    { accept: 'application/openmetrics-text;q=0.2,text/plain;q=0.3', is: 'text' },
    { accept: 'application/openmetrics-text;q=0.3,text/plain;q=0.3', is: 'text' },
    { accept: 'APPLICATION/OpenMetrics-Text;Q=0.9, text/*;q=0.5', is: 'openmetrics' },
    { accept: 'application/openmetrics-text;q=0', is: 'text' },
    { accept: 'application/openmetrics-text;q=banana,text/plain;q=0.1', is: 'text' },
    { accept: 'application/vnd.google.protobuf', is: 'text' },
  ])('of $accept is $is', ({ accept, is }) => {
    expect(formatFor(accept)).toBe(is);
  });
});

describe('wantsGzip', () => {
  it.each([
    { header: undefined, is: false },
    { header: 'gzip', is: true },
    { header: 'deflate, gzip;q=0.5', is: true },
    { header: 'gzip;q=0, *', is: false },
    { header: 'identity', is: false },
    { header: '*', is: true },
  ])('of $header is $is', ({ header, is }) => {
    expect(wantsGzip(header)).toBe(is);
  });
});
