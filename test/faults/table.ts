/** What may befall the daemon, what it then does, and the test that shows it; docs/faults.md is printed from it. */
export interface Fault {
  readonly fault: string;
  /** For who is on call: what the pages show meanwhile, and what comes back by itself. */
  readonly behaviour: string;
  readonly proof: Proof;
}

/** A test by its file and its words as they stand there. */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

const local = (name: string, title: string): Proof => ({ file: `test/faults/${name}.test.ts`, title });
const lab = (name: string, title: string): Proof => ({ file: `test/lab/${name}.test.ts`, title });

export const faults: readonly Fault[] = [
  {
    fault: 'the CPU of a probe’s partner thread goes offline, or leaves the cpuset, in mid-visit',
    behaviour:
      'the visit is tainted (`migrated`, `pin_lost`, `not_coscheduled`) by what its threads say of where they ran; the ' +
      'next is `refused`, and that reads the topology anew',
    proof: lab('upset', 'by %s: the evidence of the visit under way shows it'),
  },
  {
    fault: 'CPUs go offline and come back',
    behaviour: 'pairs that are left are probed (`probe_pairs_available`), and all when the CPUs are back',
    proof: lab('upset', 'by %s: the daemon plans the pairs that are left, and all when the CPU is back'),
  },
  {
    fault: 'a CPU whose counters are read goes offline and comes back',
    behaviour: 'what it counted stays in the totals, and it counts again when it is back',
    proof: lab('pmu_life', 'a CPU that goes offline takes nothing with it, and counts again when it is back'),
  },
  {
    fault: 'its cpuset shrinks to one CPU and grows again',
    behaviour:
      '`probe_pairs_available` is 0 within 5 s, a visit or two are `refused` until then; pairs come back by themselves',
    proof: local('limits', 'whose cpuset shrinks to one CPU probes no pair, and all again when it grows'),
  },
  {
    fault: 'its memory cgroup is nearly full; it is the first to be killed (`oom_score_adj` 1000)',
    behaviour: 'with 4 MiB to spare it goes on. If the kernel kills it, counters begin at 0',
    proof: local(
      'limits',
      'near the limit of its memory cgroup and first to be killed lives, and is what it was',
    ),
  },
  {
    fault: 'the disk is full, or read-only',
    behaviour: 'nothing: it runs so',
    proof: local('limits', 'runs where every file system is read-only and what is not is full'),
  },
  {
    fault: 'its state is lost',
    behaviour: 'it has none, and opens no file to write',
    proof: local('limits', 'opens no file to write: there is no state to lose'),
  },
  {
    fault: 'it may open 64 files and no more, from some moment on',
    behaviour:
      'it goes on; a source that gets no descriptor is `failed` until it gets one. With so few at the start Node cannot load ' +
      'the program, which ends at once with EMFILE',
    proof: local('limits', 'that may open no more than 64 files goes on, and reads all again when it may'),
  },
  {
    fault: 'from some moment on it gets no new thread (`pids.max`)',
    behaviour: 'visits go on with the threads that it keeps',
    proof: local('limits', 'that may start no more threads makes its visits with those that it keeps'),
  },
  {
    fault: 'from the start it gets no thread beyond those of Node (`ulimit -u`)',
    behaviour:
      'probes are `failed`, reason `native`, and the log says EAGAIN and which limits to look at; all else is told, and probes work once they get a thread',
    proof: local('limits', 'that gets no thread of its own says so, and probes when it gets one'),
  },
  {
    fault: 'the clock is set an hour forth or back',
    behaviour: 'timestamps follow the clock; durations, latencies and counters are by the monotonic clock',
    proof: local(
      'time',
      'a clock that is set an hour forth and back moves timestamps, and nothing that is counted or timed',
    ),
  },
  {
    fault: 'the process is stopped for a minute, as when a machine is suspended',
    behaviour: 'missed visits are not made up for; the next are made within a period',
    proof: local(
      'time',
      'a process that is stopped for a minute goes on where it was, and makes up for no missed visit',
    ),
  },
  {
    fault: 'its event loop is blocked for two seconds',
    behaviour: 'scrapes wait as long, ticks of that time are left out; visits are timed in C and stay true',
    proof: local(
      'time',
      'an event loop that is blocked for two seconds costs the ticks of that time, and no visit its truth',
    ),
  },
  {
    fault: 'files of /sys and /proc vanish while they are read',
    behaviour: 'what could not be read is absent on that page, and there again on the next',
    proof: local('files', 'that come and go while they are read are absent on that page, and no zero'),
  },
  {
    fault: 'a file of /sys or /proc has nothing to say, or reading it hangs',
    behaviour:
      'its source is `failed` at each scrape, reason `unparsable` or `timeout`; the others are whole. A reading that hangs holds one of four threads for ' +
      'files, however often it is asked: three such files are borne, a fourth stops all reading',
    proof: local(
      'files',
      'of which one is a pipe that says nothing fails its own source, however often it is asked, and no other',
    ),
  },
  {
    fault: 'somebody else takes the PMU, and gives it back',
    behaviour: 'coverage falls to 0 and nothing is told to have been counted; then counts go on, exactly',
    proof: lab('pmu_life', 'counters given back count again, exactly'),
  },
  {
    fault: 'the kernel refuses single events, and admits them again',
    behaviour: '`pmu_signal_status` says why; the events beside them count on',
    proof: lab(
      'pmu_life',
      'the events beside those that are refused are counted exactly, and all when they are admitted',
    ),
  },
  {
    fault: 'perf_event_paranoid is higher than its capabilities',
    behaviour: 'signals are `denied`, and the reason says which setting; all else is told',
    proof: lab('pmu_life', '$name counts what it may, and says why not the rest'),
  },
  {
    fault: 'the configuration is replaced by a broken one, 200 times, while it is scraped',
    behaviour:
      'each is refused with line and column; the old one stays in force, `config_last_reload_successful` is 0',
    proof: local(
      'load',
      'each of 200 broken configurations is refused while it is scraped, and the old one stays in force',
    ),
  },
  {
    fault: 'ten thousand SIGHUPs',
    behaviour: 'those that come during a reload share the next one, which reads the last word',
    proof: local('load', 'ten thousand SIGHUPs end in few reloads, and the last word is in force'),
  },
  {
    fault: 'a thousand scrapes a second',
    behaviour:
      'what is beyond `web.max_requests` at a time is told 503 and Retry-After; visits are made all the same',
    proof: local(
      'load',
      'a thousand scrapes a second for half a minute are answered or told to come again, and visits are made',
    ),
  },
  {
    fault: 'the native helper is missing, cut off, older, or another library',
    behaviour: 'probes and counters say why they are `absent` or `failed`; what the kernel counts is told',
    proof: local('limits', '$name costs the probes and says so, and nothing else'),
  },
];

export function faultsPage(): string {
  const rows = faults.map(
    ({ fault, behaviour, proof: { file, title } }) =>
      `| ${fault} | ${behaviour} | [${file.replace('test/', '')}](../${file}): ${title.replace('%s', '…').replace('$name', '…')} |`,
  );
  return [
    '# Under fire',
    '',
    'What may befall the daemon, and what it then does. Each page of those in `faults/` is looked at: none is cut off, no',
    'series stands there twice, none is negative or no number, no counter goes back but by a restart, and all comes back',
    'by itself when the fault is over: restart nothing.',
    '',
    '| fault | what numacanary does | proven by |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '`npm run test:faults` does them to a real process on this machine; those of `lab/` need several sockets',
    '(`npm run test:numa`). Without root, cgroups or `unshare` some skip and say so.',
    '',
  ].join('\n');
}
