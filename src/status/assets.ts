import { createHash } from 'node:crypto';
import { script } from './script.ts';
import { style } from './style.ts';

export interface Asset {
  /** Relative to the page, so that a proxy may put it anywhere; the hash in it changes when the body does. */
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

const asset = (name: string, type: string, body: string): Asset => {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 10);
  const [stem, ending] = name.split('.');
  return { path: `status/${stem}.${hash}.${ending}`, type, body };
};

/** Two sockets and what lies between them. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#2a8f9a" stroke-width="4">' +
  '<rect x="3" y="3" width="11" height="26" rx="2"/><rect x="18" y="3" width="11" height="26" rx="2"/><path d="M10 16h12"/></g></svg>';

export const assets = {
  icon: asset('icon.svg', 'image/svg+xml; charset=utf-8', icon),
  style: asset('page.css', 'text/css; charset=utf-8', style),
  script: asset('page.js', 'text/javascript; charset=utf-8', script),
} as const;
