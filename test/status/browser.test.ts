import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { policy } from '../../src/http.ts';
import { assets } from '../../src/status/assets.ts';
import type { Known } from '../../src/status/known.ts';
import { cellsOf, matrixOf } from '../../src/status/matrix.ts';
import { statusPage } from '../../src/status/page.ts';
import { lacks } from '../require.ts';
import { started } from '../started.ts';
import { noon, wholeHost } from './synthetic.ts';

const executablePath = '/usr/bin/chromium';
const hostile = `"><script>window.hit=1</script><img src=x onerror="window.hit=1">`;

/** A page at an address, with all that a browser complained of. */
async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
  await page.goto(`http://${address}/`, { waitUntil: 'load' });
  return { page, complaints };
}

/** The page of a host that no test can have, served as the daemon serves it. */
function serving(first: Known) {
  const state = { known: first, asked: 0 };
  const server: Server = createServer((request, response) => {
    const asset = Object.values(assets).find(({ path }) => request.url === `/${path}`);
    response.setHeader('Content-Security-Policy', policy);
    if (asset) response.setHeader('Content-Type', asset.type).end(asset.body);
    else if (request.url?.startsWith('/status/cells')) response.end(JSON.stringify(cells(state.known)));
    else {
      state.asked += 1;
      response.setHeader('Content-Type', 'text/html; charset=utf-8').end(statusPage(state.known));
    }
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise<{ address: string; state: typeof state }>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ address: `127.0.0.1:${port}`, state });
    });
  });
}

function cells({ topology, jobs }: Known) {
  const matrix = matrixOf(jobs.get('sweep')?.result);
  return matrix ? cellsOf(topology, matrix) : null;
}

/** What axe finds wrong. It is let in past the policy, which forbids scripts from elsewhere. */
async function flaws(page: Page) {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: AxeRunner }).axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    );
  });
}
interface AxeRunner {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/** Expressions and not functions: the tests know no DOM types. */
const scrollsSideways = (page: Page) =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');

const big = wholeHost({ sockets: 8, coresPerSocket: 128, threads: 2 });

describe.skipIf(lacks('chromium', 'looks at the status page as a person does'))('the status page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  it('of a daemon is whole at once, without a complaint of the browser', async () => {
    const { clock, address, get } = await started({ machine: 'nps4' });
    await clock.advance(5);
    expect((await get('/')).headers.get('content-security-policy')).toBe(policy);
    const { page, complaints } = await visit(browser, address);
    const ms = await page.evaluate<number>('performance.getEntriesByType("navigation")[0].domComplete');
    process.stdout.write(`status page of two sockets complete after ${ms.toFixed(0)} ms\n`);
    expect(await page.locator('.headline').textContent()).toContain('local ones');
    expect(await page.locator('#machine svg[role=img]').count()).toBe(2);
    expect(await flaws(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds wrong, %s', async (colorScheme) => {
    const { address } = await serving(wholeHost({ sockets: 2, coresPerSocket: 16, nodesPerSocket: 2 }));
    const { page, complaints } = await visit(browser, address, { colorScheme });
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await flaws(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('is usable with eight sockets of 128 cores, each core drawn against each', async () => {
    const { address } = await serving(big);
    const { page, complaints } = await visit(browser, address);
    const ms = await page.evaluate<number>('performance.getEntriesByType("navigation")[0].domComplete');
    process.stdout.write(`status page of eight sockets complete after ${ms.toFixed(0)} ms\n`);
    await page.locator('canvas').waitFor({ state: 'visible' });
    expect(await page.evaluate('document.querySelector("canvas").width')).toBe(1024);
    await page.locator('canvas').hover({ position: { x: 40, y: 10 } });
    expect(await page.locator('output').textContent()).toMatch(/^CPU \d+ and CPU \d+: about \d+ ns$/);
    expect(await flaws(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it.each([
    ['two sockets', wholeHost({ sockets: 2, coresPerSocket: 16 })],
    ['eight sockets', big],
    ['hostile names', wholeHost({ sockets: 2, coresPerSocket: 8, hostile: hostile.repeat(4) })],
  ])('never scrolls sideways on a phone: %s', async (_, known) => {
    const { address } = await serving(known);
    const { page } = await visit(browser, address, { viewport: { width: 375, height: 700 } });
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await scrollsSideways(page)).toBe(false);
  });

  it('is whole without JavaScript', async () => {
    const { address } = await serving(big);
    const { page, complaints } = await visit(browser, address, { javaScriptEnabled: false });
    expect(await page.locator('.headline').isVisible()).toBe(true);
    expect(await page.locator('#hand-off-map-t').count()).toBe(1);
    expect(await page.locator('#hand-off-table').isVisible()).toBe(true);
    expect(await page.locator('canvas').isVisible()).toBe(false);
    expect(await page.locator('#live').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('runs nothing that a name brings along', async () => {
    const { address } = await serving(wholeHost({ sockets: 2, coresPerSocket: 8, hostile }));
    const { page, complaints } = await visit(browser, address);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('h1').textContent()).toContain('<script>');
    expect(complaints).toEqual([]);
  });

  it('lets the keyboard reach whatever can be done, first the way past the header', async () => {
    const { address } = await serving(wholeHost({ sockets: 2, coresPerSocket: 16 }));
    const { page } = await visit(browser, address);
    for (const summary of await page.locator('summary').all()) await summary.click();
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)');
    await page.locator('body').press('Tab');
    const wanted = await page.locator('a, summary, [tabindex="0"]').count();
    const reached = new Set<number>();
    // More often than there is to reach: the browser goes round through its own.
    for (let press = 0; press < 2 * wanted; press += 1) {
      const { index, outline } = await page.evaluate<{ index: number; outline: string }>(
        `({ index: [...document.querySelectorAll('a, summary, [tabindex="0"]')].indexOf(document.activeElement), outline: getComputedStyle(document.activeElement).outlineStyle })`,
      );
      // Whoever moves by keyboard sees where.
      if (index >= 0) expect(outline).not.toBe('none');
      if (index >= 0) reached.add(index);
      await page.keyboard.press('Tab');
    }
    expect(reached.size).toBe(wanted);
    await page.locator('.skip').focus();
    expect((await page.locator('.skip').boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  it('takes over what changed and leaves alone what did not: focus, scrolling, what is open', async () => {
    const known = wholeHost({ sockets: 8, coresPerSocket: 8 }, false);
    const { address, state } = await serving(known);
    const { page, complaints } = await visit(browser, address, { viewport: { width: 375, height: 700 } });
    await page.clock.install();
    await page.reload();
    await page.locator('#lanes summary').click();
    await page.locator('#lanes-table').focus();
    await page.evaluate(
      'document.querySelector("#lanes-table").scrollLeft = 90; document.querySelector("#machine").dataset.mine = "1"; document.querySelector("#machine h3").dataset.mine = "1"',
    );
    const top = await page.evaluate('scrollY');
    const [row, ...others] = known.families.get('numacanary_probe_latency_median_seconds') ?? [];
    if (!row) throw new Error('the synthetic host has no medians');
    state.known = {
      ...known,
      wall: noon + 5,
      families: new Map([
        ...known.families,
        ['numacanary_probe_latency_median_seconds', [{ ...row, value: 777e-9 }, ...others]],
      ]),
    };
    await page.clock.fastForward(6000);
    await page.locator('#lanes-table', { hasText: '777 ns' }).waitFor({ state: 'attached' });
    expect(await page.locator('#now').textContent()).toContain('22:13:25');
    expect(await page.evaluate('document.activeElement.id')).toBe('lanes-table');
    expect(await page.evaluate('document.querySelector("#lanes-table").scrollLeft')).toBe(90);
    expect(await page.evaluate('document.querySelector("#lanes").open')).toBe(true);
    expect(await page.evaluate('scrollY')).toBe(top);
    expect(await page.evaluate('document.querySelector("#machine h3").dataset.mine')).toBe('1');
    expect(complaints).toEqual([]);
  });

  it('asks for nothing while it is hidden, and says when nobody answers', async () => {
    const { address, state } = await serving(wholeHost({ sockets: 2, coresPerSocket: 8 }));
    const { page } = await visit(browser, address);
    await page.clock.install();
    await page.reload();
    await page.evaluate(
      'Object.defineProperty(document, "hidden", { get: () => window.away === true }); window.away = true; document.dispatchEvent(new Event("visibilitychange"))',
    );
    const before = state.asked;
    await page.clock.fastForward(60_000);
    expect(state.asked).toBe(before);
    await page.route('**/*', (route) => route.abort());
    await page.evaluate('window.away = false; document.dispatchEvent(new Event("visibilitychange"))');
    await page.locator('#live', { hasText: 'No answer since' }).waitFor();
    await page.unroute('**/*');
    await page.clock.fastForward(6000);
    await page.locator('#live').waitFor({ state: 'hidden' });
    expect(state.asked).toBeGreaterThan(before);
  });

  it('is printed and seen in forced colours', async () => {
    const { address } = await serving(wholeHost({ sockets: 2, coresPerSocket: 8 }));
    const { page, complaints } = await visit(browser, address, {
      forcedColors: 'active',
      reducedMotion: 'reduce',
    });
    expect(await page.locator('.headline').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'print', forcedColors: 'none' });
    expect(await page.locator('.skip').isVisible()).toBe(false);
    expect(await page.locator('#hand-off-table').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });
});
