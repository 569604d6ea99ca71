// Serves the pages of a simulated fleet: /HOST/metrics for each.
import { createServer } from 'node:http';
import { createFleet } from './fleet.mjs';

/** @returns the fleet, its address, and what Prometheus scrapes. */
export async function serveFleet({ port = 0, cluster = 'simulated', ...options }) {
  const fleet = createFleet(options);
  const began = performance.now();
  const server = createServer((request, response) => {
    const [, name, path] = (request.url ?? '').split('/');
    const seconds = (performance.now() - began) / 1000;
    const wall = Date.now() / 1000;
    const page =
      path !== 'metrics' ? null : name === 'apps' ? fleet.apps(seconds) : fleet.page(name, seconds, wall);
    response.writeHead(page === null ? 503 : 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    });
    response.end(page ?? 'no such host, or a silent one\n');
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = `127.0.0.1:${server.address().port}`;
  const targets = [
    ...fleet.names.map((host) => ({
      targets: [address],
      labels: { cluster, host, instance: `${host}:6862`, __metrics_path__: `/${host}/metrics` },
    })),
    // What others would tell: kube-state-metrics, and an application.
    { targets: [address], labels: { cluster, instance: 'apps', __metrics_path__: '/apps/metrics' } },
  ];
  return { fleet, address, targets, close: () => server.close() };
}
