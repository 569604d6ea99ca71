import type { Advice } from './doctor_advice.ts';
import type { DoctorReport, HostReport, LaneReport, Permissions, SignalReport } from './doctor.ts';
import { formatTable } from './format.ts';

/** The report as a person reads it: what there is, what is missing, what to do. */
export function printDoctor(report: DoctorReport): string {
  const { host, permissions, parts, pmus, signals, calibrated, held, lanes, advice, healthy } = report;
  const missing = signals.filter(({ status }) => status !== 'ok').length;
  // Why nothing could be opened is said of the signals.
  const some = held.filter(({ free }) => free !== null);
  return [
    section('Host', pairs(hostPairs(host))),
    permissions && section('Permissions', pairs(permissionPairs(permissions))),
    signals.length > 0 && section('Signals', signalTable(signals)),
    calibrated.length > 0 &&
      section(
        'Counted, where a known amount was done',
        pairs(calibrated.map(({ signal, ratio }) => [signal, `${ratio.toFixed(3)} of it`])),
      ),
    some.length > 0 &&
      section(
        'Counters that others hold',
        some.map(({ sentence }) => `  ${sentence}`),
      ),
    parts.length > 0 &&
      section(
        'Beside them',
        pairs(parts.map(({ name, status, detail }) => [name, status === 'ok' ? `ok: ${detail}` : status])),
      ),
    pmus.length > 0 &&
      section('PMUs', wrap(pmus.map(({ name, boxes }) => (boxes > 1 ? `${name} x ${boxes}` : name)))),
    section(
      'Probes',
      wrap(
        lanes.length > 0
          ? lanes.map(laneName)
          : ['no pair of CPUs to be had: a hand-off needs two that this process may use'],
      ),
    ),
    advice.length > 0 && section('What is missing, and what would bring it', advice.flatMap(adviceLines)),
    [verdict(healthy, signals.length - missing, missing)],
  ]
    .flatMap((lines) => (lines ? [lines.join('\n')] : []))
    .join('\n\n')
    .concat('\n');
}

function hostPairs({ cpu, model, kernel, sockets, numaNodes, cpus, smt }: HostReport) {
  const id = cpu.vendor.startsWith('0x')
    ? `implementer ${cpu.vendor} part 0x${cpu.model.toString(16)}`
    : `${cpu.vendor} family ${cpu.family} model ${cpu.model} stepping ${cpu.stepping}`;
  return [
    ['CPU', cpu.name],
    [
      'catalogue',
      model ? `${model.id} (${model.name})` : `not in it: ${id}; CONTRIBUTING.md says how to add one`,
    ],
    [
      'topology',
      `${count(sockets, 'socket')}, ${count(numaNodes, 'NUMA node')}, ${count(cpus, 'CPU')}, ${smt ? 'SMT on' : 'one thread for each core'}`,
    ],
    ['hypervisor', cpu.hypervisor ? 'yes: it decides which counters are shown' : 'none seen'],
    ['kernel', kernel ?? 'unknown'],
  ] as const;
}

function permissionPairs(given: Permissions) {
  const { uid, perfmon, sysAdmin, threads, seccomp, nmiWatchdog, fdLimit, fdsOpen } = given;
  const counting = perfmon || sysAdmin ? '' : '; neither CAP_PERFMON nor CAP_SYS_ADMIN';
  return [
    ['user', uid === null ? 'unknown' : String(uid)],
    ['capabilities', threadsText(threads) + counting],
    ['paranoid', paranoidText(given)],
    [
      'seccomp',
      seccomp ? 'a filter is on this process; it may forbid perf_event_open and mbind' : 'no filter',
    ],
    ['open files', `${fdsOpen} for counters, limit ${fdLimit ?? 'unknown'}`],
    ['NMI watchdog', nmiWatchdog ? 'on: it holds a counter of every CPU (kernel.nmi_watchdog)' : 'off'],
  ] as const;
}

function threadsText(threads: Permissions['threads']): string {
  if (threads === null) return 'unknown';
  const { capabilities, count: many } = threads;
  return capabilities.includes(';')
    ? `${capabilities}: its ${many} threads differ`
    : `${capabilities}, in all ${many} threads`;
}

/** What kernel.perf_event_paranoid means to this very process. */
function paranoidText({ paranoid, perfmon, sysAdmin }: Permissions): string {
  if (paranoid === null) return 'unknown';
  if (paranoid <= 0) return `${paranoid}: everybody may count CPUs`;
  if (paranoid <= 2) {
    const may = perfmon || sysAdmin;
    return `${paranoid}: counting CPUs takes CAP_PERFMON, which this process ${may ? 'has' : 'lacks'}`;
  }
  return `${paranoid}: above 2 counting takes CAP_SYS_ADMIN where the distribution carries Debian’s patch, which this process ${sysAdmin ? 'has' : 'lacks'}`;
}

/** Those that count first, in the order of their groups. */
function signalTable(signals: readonly SignalReport[]): string[] {
  const rows = [...signals.filter(isCounted), ...signals.filter((one) => !isCounted(one))].map(
    ({ signal, status, reason, group, when, coverage }) => [
      signal,
      status,
      isCounted({ status }) ? '' : reason,
      group ?? '',
      when === 'turn' ? 'in turn' : coverage === null ? '' : `${(100 * coverage).toFixed(0)} %`,
    ],
  );
  return formatTable([['signal', 'status', 'reason', 'group', 'covers'], ...rows], 4)
    .split('\n')
    .map((line) => `  ${line}`);
}

const isCounted = ({ status }: Pick<SignalReport, 'status'>) => status === 'ok';

function adviceLines({ statuses, advice, brings }: Advice, index: number): string[] {
  const [shown, more] = [brings.slice(0, 6), brings.length - 6];
  const what = more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
  return [`  ${index + 1}. ${advice}`, `     ${statuses.join(', ')}: ${what}`];
}

function verdict(healthy: boolean, counted: number, missing: number): string {
  if (!healthy)
    return `Something is missing that can be had: ${count(counted, 'signal')} counted, ${missing} not.`;
  if (counted === 0) return 'Nothing is counted here, and nothing can be granted that would change it.';
  return `All that this host can give is counted: ${count(counted, 'signal')}${missing > 0 ? `, ${missing} absent` : ''}.`;
}

const laneName = ({ distance, socketA, socketB }: LaneReport) =>
  `${distance} ${socketA === socketB ? socketA : `${socketA}-${socketB}`}`;

const section = (title: string, lines: readonly string[]) => [title, ...lines];

const pairs = (rows: readonly (readonly [name: string, text: string])[]) => {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => `  ${name.padEnd(width)}${text}`);
};

/** Words, as many to a line as a terminal takes. */
function wrap(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 2 <= 100)
      lines[lines.length - 1] = `${last}, ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
