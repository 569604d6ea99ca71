/** Target labels: relabelling supplies them (docs/grafana.md), and all rules go by them. */
export const host = 'host';
export const cluster = 'cluster';

/** Which hosts may be compared with each other. */
export const groupLabels = ['cpu_model', 'sockets', 'nodes_per_socket', 'hypervisor'] as const;

const listed = (labels: readonly string[]) => `(${labels.join(', ')})`;

/**
 * What is recorded and alerted knows the host and not the pod or instance that told it: a rollout then begins no series
 * anew, and takes no baseline away.
 */
export const by = (...labels: readonly string[]) => `by ${listed([cluster, host, ...labels])}`;
export const on = (...labels: readonly string[]) => `on ${listed([cluster, host, ...labels])}`;
export const byGroup = (...labels: readonly string[]) => `by ${listed([cluster, ...groupLabels, ...labels])}`;
export const onGroup = (...labels: readonly string[]) => `on ${listed([cluster, ...groupLabels, ...labels])}`;
export const groupLeft = `group_left ${listed(groupLabels)}`;

/**
 * A series that is recorded every five minutes, at any time: without it a round that is late by a second leaves a moment
 * without a value, since Prometheus looks back for no more than five minutes, and an alert begins to wait anew.
 */
export const held = (record: string, range: string) => `last_over_time(${record}[${range}])`;
