/* numacanary.h: everything the daemon may call.
 *
 * Every call returns 0 or -errno. The caller owns every struct and array; nothing is allocated, printed or
 * faulted on a timed path. Structs hold fixed-width fields without padding, no pointers, no strings.
 *
 * Threads: calls come on threads that are not ours (koffi's workers), so no call ever changes the affinity or
 * policy of its caller. The helper owns two pinned threads, made at the first visit and parked between visits
 * with every signal blocked. One visit at a time: a second caller gets -EBUSY at once, and so does a call while a
 * thread that starved in an earlier one is still on its way back. A visit comes back within 10 ms of the deadline
 * in its plan, which counts from the call, because process.exit() waits for calls in flight. The calls of the perf section
 * have no deadline: each takes the time of its system calls, as it says. nc_drift runs for as long as its plan says and
 * 5 s more, on a thread of its own, and ends when it is told to.
 *
 * Times are nanoseconds of one CPU's clock: no number here compares the clocks of two CPUs. */
#ifndef NUMACANARY_H
#define NUMACANARY_H

#include <stdint.h>

#define NC_API __attribute__((visibility("default")))
#define NC_ABI 3

/* == NC_ABI, and == the caller's idea of each struct's size: checked when the library is loaded. */
NC_API uint32_t nc_abi(void);
NC_API uint32_t nc_sizeof_clock(void);
NC_API uint32_t nc_sizeof_visit_plan(void);
NC_API uint32_t nc_sizeof_visit(void);
NC_API uint32_t nc_sizeof_memory_plan(void);
NC_API uint32_t nc_sizeof_memory(void);
NC_API uint32_t nc_sizeof_perf_event(void);
NC_API uint32_t nc_sizeof_perf_reading(void);
NC_API uint32_t nc_sizeof_calibration_plan(void);
NC_API uint32_t nc_sizeof_calibration(void);
NC_API uint32_t nc_sizeof_drift_plan(void);
NC_API uint32_t nc_sizeof_drift(void);

/* ---- clock ------------------------------------------------------------------------------------------- */

enum nc_clock_source { NC_CLOCK_TSC = 0, NC_CLOCK_CNTVCT = 1, NC_CLOCK_MONOTONIC_RAW = 2 };

struct nc_clock {
  uint32_t source; /* enum nc_clock_source */
  uint32_t reserved;
  double hertz;
  double step_ns; /* smallest difference seen between two readings: nothing finer can be told */
};

/* What the timed regions read: the TSC only where CPUID says invariant and the kernel's own clocksource is
 * tsc, CNTVCT_EL0 on arm64, else CLOCK_MONOTONIC_RAW. Takes about 2 ms the first time (calibration against
 * CLOCK_MONOTONIC_RAW), nothing after. Any thread. */
NC_API int nc_clock(struct nc_clock *out);

/* ---- visit: two threads, one pair of CPUs ------------------------------------------------------------- */

enum nc_step { /* bits of nc_visit_plan.steps */
  NC_STORE2 = 1,       /* two lines, one per direction, plain stores */
  NC_RING1 = 2,        /* ping-pong of one item through two rings (index line + data line each way) */
  NC_EXPERIENCED = 4,  /* single hand-offs on a paced schedule, timed from the intended start */
  NC_RING_BATCH512 = 8,
  NC_RING_BATCH1 = 16, /* one item to each publication, and to each look at the published index */
  NC_RING_LINE = 32    /* slots of one line (7 words + sequence), prefetched on both sides: 64 of them, 256 on Intel */
};
enum nc_spin { NC_SPIN_BARE = 0, NC_SPIN_PAUSE = 1 };
enum nc_outcome { NC_DONE = 0, NC_NOT_COSCHEDULED = 1, NC_DEADLINE = 2 };

#define NC_GROUP_ROUNDS 16   /* round trips to a group: one clock reading costs too much for one of them */
#define NC_MAX_GROUPS 64
#define NC_MAX_EXPERIENCED 128

struct nc_visit_plan {
  int32_t cpu_a, cpu_b;   /* A initiates and produces, B answers and consumes */
  int32_t node_a, node_b; /* memory node of the lines A writes (and of the rings), and B writes; -1: any */
  uint32_t steps;         /* enum nc_step bits */
  uint32_t spin;          /* enum nc_spin */
  uint32_t pinned;        /* 0: both threads may roam over the process's CPUs */
  uint32_t stride_bytes;  /* between two shared indices: 64, 128 or 256 */
  uint32_t offset;        /* 0..63: which line offset the ping lines use */
  uint32_t reserved;
  uint64_t step_ns;       /* time for each step; the ruler turns it into a count, never a fixed n */
  uint64_t deadline_ns;   /* whole visit; <= 500 ms */
};

/* Evidence about one thread, each independent of the value measured. mask_cpus 0: the thread was not back when the
 * call gave up, and nothing here was read. */
struct nc_thread {
  int32_t cpu_before, cpu_after; /* getcpu */
  uint32_t mask_cpus;            /* sched_getaffinity at the end: 1 when the pin held */
  uint32_t nvcsw, nivcsw;        /* RUSAGE_THREAD deltas */
  uint32_t minflt, majflt;
  uint32_t gaps;                 /* polls further apart than max(2 us, 20 x ruler round trip), in rings 40 x; of a
                                    chase: 16 loads that took max(2 us, 20 loads) longer than the first did */
  uint64_t gap_ns;
  uint64_t cpu_ns;               /* CLOCK_THREAD_CPUTIME_ID delta; of A, and of a chase's thread, the
                                  * caller's own besides: placing, verifying and sorting cost CPU too */
  double hertz_before, hertz_after; /* core clock, by a chain of dependent adds; 0: not taken */
};

struct nc_pingpong {
  uint32_t groups;
  uint32_t reserved;
  double round_trip_ns[NC_MAX_GROUPS]; /* mean of a group of 16 */
  double gap_ns[NC_MAX_GROUPS];        /* gap time of either thread that fell into the group */
};

struct nc_ring {
  uint64_t items;   /* in clean timed laps */
  double elapsed_ns; /* of the same laps, by the consumer's clock */
  uint32_t laps, clean_laps;
  uint64_t corrupt; /* words that arrived different */
};

struct nc_visit {
  uint32_t outcome; /* enum nc_outcome */
  uint32_t experienced;
  int32_t page_node_a, page_node_b; /* where the lines lay at the end; -1 where the kernel would not say */
  double elapsed_ns;
  struct nc_thread a, b;
  struct nc_pingpong ruler_before, ruler_after; /* one-line compare-and-swap */
  struct nc_pingpong store2, ring1;
  struct nc_ring ring_batch512, ring_batch1, ring_line;
  double experienced_ns[NC_MAX_EXPERIENCED]; /* half a round trip, from the intended start */
};

/* Pins the two threads (checked by sched_getaffinity and getcpu: a cpuset write wipes pins on some kernels),
 * places and verifies the lines, meets, then: ALU ruler, CAS ruler, the steps in the order of their bits, CAS
 * ruler, ALU ruler. A step that was not asked for or not reached has 0 groups or laps. -EINVAL: a CPU or node that
 * may not be used (offline, outside the cpuset), the same CPU twice, or a plan out of range; -EBUSY: see above;
 * -EPERM: as of nc_memory; -ENOMEM, -EAGAIN: no memory or thread to be had. Any thread. */
NC_API int nc_visit(const struct nc_visit_plan *plan, struct nc_visit *out);

/* ---- memory: one thread, one memory node -------------------------------------------------------------- */

#define NC_GROUP_LOADS 64

struct nc_memory_plan {
  int32_t cpu, node;
  uint64_t bytes;       /* buffer, 1 MiB .. 1 GiB, over 256 x (loads + 64); unmapped before the call returns, or
                           by the next one where the thread was not back */
  uint32_t loads;       /* dependent loads: a multiple of NC_GROUP_LOADS, at most NC_MAX_GROUPS of them */
  uint32_t huge_pages;  /* ask for them (madvise); page_bytes says what came */
  uint64_t deadline_ns; /* <= 500 ms */
};

struct nc_memory {
  uint32_t outcome; /* enum nc_outcome */
  uint32_t groups;
  uint32_t pages_checked, pages_on_node; /* before and after the chase, together */
  uint64_t loads;
  uint64_t page_bytes;                   /* 0: mixed or unknown */
  struct nc_thread thread;
  double load_ns[NC_MAX_GROUPS];         /* mean of a group of 64 dependent loads */
  double gap_ns[NC_MAX_GROUPS];
};

/* Latency of DRAM: a random cycle over lines 256 bytes apart, every line flushed (clflushopt, DC CIVAC) before
 * it is chased, so that no buffer of the size of L3 is needed. -EINVAL: no such CPU or node, or not ours to
 * use, or a plan out of range; -EPERM: the node needs a memory policy (it has no CPU to touch from) and the kernel
 * forbids one; -EBUSY, -ENOMEM, -EAGAIN: as of nc_visit. Any thread. */
NC_API int nc_memory(const struct nc_memory_plan *plan, struct nc_memory *out);

/* ---- perf: what the kernel and the hardware count ------------------------------------------------------ */

enum nc_perf_flag { NC_PERF_USER_ONLY = 1 }; /* exclude_kernel, exclude_hv; never on an uncore PMU: it refuses */

#define NC_PERF_MEMBERS 1024 /* of a group at most; the kernel ends at 2,045: what one read() gives may have 16 KiB */

/* One event on one CPU. Events of one group stand together, the leader first, in the order in which they are to be
 * opened: with a PMU that has fewer counters it is the last ones that are refused. */
struct nc_perf_event {
  uint32_t type;            /* perf_event_attr.type: PERF_TYPE_* or the number in the PMU's sysfs `type` */
  uint32_t flags;           /* enum nc_perf_flag bits */
  uint64_t config, config1, config2;
  int32_t cpu;              /* >= 0: everything that runs on that CPU (pid -1) */
  int32_t leader;           /* index of the group's leader in this array; its own index: it leads */
  int32_t filter;           /* offset of a tracepoint's filter, NUL-terminated, in `filters`; -1: none */
  int32_t fd;               /* out: -1 where it is not open */
  int32_t error;            /* out: errno of the open or of the filter; 0; ECANCELED where the leader is not open;
                               E2BIG beyond NC_PERF_MEMBERS */
  uint32_t reserved;
};

/* Since the event was opened; never falls. All 0 beside an error. */
struct nc_perf_reading {
  uint64_t value;
  uint64_t enabled_ns, running_ns; /* running < enabled: the kernel shared the counters out among more groups */
  int32_t error;                   /* errno of the read; ENODATA: the group is in error state; EBADF: not open;
                                      EIO: the kernel took the group apart, its CPU having gone offline. A group of
                                      one then stands still. Neither starts again: open it anew */
  uint32_t reserved;
};

/* Opens each event, its group stopped (opening them running is quadratic per CPU), with FD_CLOEXEC, and sets its
 * filter. One that cannot be had costs only itself and, where it leads, its group: its `error` says why and the call
 * goes on. -EINVAL, with every fd -1: a member that does not stand behind its group or is of another CPU, a CPU below
 * 0, an unknown flag, reserved != 0, a filter that does not end inside `filter_bytes`. Otherwise 0. Takes microseconds
 * per event. Any thread; no other call may use the array meanwhile. perf_event_open(2); kernel/events/core.c. */
NC_API int nc_perf_open(struct nc_perf_event *events, uint32_t count, const char *filters, uint32_t filter_bytes);

/* Starts (on != 0) or stops whole groups by their leaders: those whose indices are in `leaders`, or with
 * leader_count 0 all. All members of a group start and stop at one moment, by one ioctl() and one interrupt of its CPU.
 * A group stopped keeps its counts and its times stand still. 0, or -errno of the first group that refused, the others
 * having been switched; -EINVAL, and nothing was: an index that is out of range or leads no group. A group that is not
 * open is passed over. The kernel places all groups of a CPU anew for each: 0.3 ms with 512 of them there, 0.05 ms
 * with 60. Any thread. */
NC_API int nc_perf_switch(const struct nc_perf_event *events, uint32_t count, const uint32_t *leaders,
                          uint32_t leader_count, uint32_t on);

/* Reads whole groups, one read() and at most one IPI for each: those whose leaders' indices are given, or with
 * leader_count 0 all. readings[i] belongs to events[i]; those of groups not asked for are left as they are. 0, or
 * -EINVAL as of nc_perf_switch. Microseconds a group. Any thread. */
NC_API int nc_perf_read(const struct nc_perf_event *events, struct nc_perf_reading *readings, uint32_t count,
                        const uint32_t *leaders, uint32_t leader_count);

/* Closes what is open and sets fd to -1. A tracepoint's last fd takes 40 ms. Always 0. Any thread; no other call may
 * use the array meanwhile. */
NC_API int nc_perf_close(struct nc_perf_event *events, uint32_t count);

/* Raises the soft limit on open files to the hard one where the kernel lets us, and gives what holds then. 0 or -errno.
 * Any thread. getrlimit(2). */
NC_API int nc_fd_limit(uint64_t *limit);

/* ---- calibration: does the counter count? --------------------------------------------------------------- */

struct nc_calibration_plan {
  int32_t cpu;
  uint32_t type;         /* the event, opened for the thread alone, user mode only */
  uint64_t config;
  uint64_t instructions; /* about so many are executed while it counts; 1e5 .. 1e8 */
};

struct nc_calibration {
  uint64_t expected;     /* instructions of the loop, known from its code */
  uint64_t counted, enabled_ns, running_ns;
  int32_t cpu;           /* where the thread ran at the end */
  int32_t error;         /* errno of the open or read; 0 */
};

/* Runs a loop of two instructions on a thread of its own, made and pinned to `cpu` for it, with the event counting
 * that thread: `counted` holds some twenty instructions more. Takes about as many cycles as instructions / 2. 0, and
 * out->error may still say that the event cannot be had, the loop not having run; -EINVAL: a CPU that may not be used,
 * or a plan out of range; -ETIMEDOUT after 500 ms: something of a higher priority keeps the CPU, and the thread ends
 * when it gets its turn; -EPERM: the kernel forbids pins; -EAGAIN, -ENOMEM: no thread or memory to be had. Any thread,
 * several at a time. perf_event_open(2). */
NC_API int nc_calibrate(const struct nc_calibration_plan *plan, struct nc_calibration *out);

/* ---- drift: memory on one node, its reader on another ------------------------------------------------------ */

#define NC_DRIFT_NODES 64
#define NC_DRIFT_ROWS 601

struct nc_drift_plan {
  int32_t buffer_node;  /* 0 .. NC_DRIFT_NODES - 1 */
  int32_t reader_cpu;
  uint64_t bytes;       /* 1 MiB .. 1 GiB, whole MiB; unmapped before the call returns */
  uint32_t seconds;     /* 1 .. NC_DRIFT_ROWS - 1 */
  uint32_t huge_pages;  /* 1: ask for them (madvise), 0: ask for none */
};

struct nc_drift_row {
  uint64_t elapsed_ns;    /* from when the policy was taken away, to when all pages had been asked for; of the first row,
                             which is taken just before, 0 */
  uint64_t passes;        /* times that the reader had read all of the buffer */
  int32_t reader_cpu;     /* getcpu of the reader at the end of its last pass */
  uint32_t pages_unknown; /* not there (swapped out), on a node beyond NC_DRIFT_NODES, on their way, or marked just
                             now by NUMA balancing, which Linux 6.1 to 6.5 take for not there */
  uint32_t pages[NC_DRIFT_NODES]; /* by node */
};

/* The caller may look at it while the call runs: what stands before `rows` is written before the first row is there, a
 * row before `row_count` says so (release; load it with acquire) and never again. */
struct nc_drift {
  uint32_t stop;          /* the caller's: set to anything but 0 at any time, and the call ends within 20 ms */
  uint32_t row_count;
  uint64_t address;       /* of the buffer, a mapping of its own, as /proc/self/numa_maps has it */
  uint64_t page_bytes;    /* of the pages that are counted */
  uint64_t backing_bytes; /* of the pages that came; 0: mixed or unknown */
  struct nc_drift_row rows[NC_DRIFT_ROWS]; /* one at the start and one each second */
};

/* Makes a buffer and one thread, pinned to `reader_cpu`, that writes each page of it once under a policy that wants
 * `buffer_node` (mbind: MPOL_PREFERRED_MANY; never MPOL_BIND, which has a process killed where the node is full). Then
 * takes the policy away, which leaves the pages to the kernel's NUMA balancing, and has the thread read all of the
 * buffer over and over, every line, while the caller's thread asks once a second where the pages are (move_pages(2)
 * without nodes, which moves nothing). `out` must neither move nor go while the call runs; `stop` is left as it is.
 * 0 when stopped, or 5 s after the last row, so that numa_maps can be read beside it. -EINVAL: a CPU or node that
 * may not be used, or a plan out of range; -ENOMEM: no memory to be had, or not all of it on that node: rows[0] then
 * says where it lies; -EPERM, -ENOSYS: mbind() or move_pages() is forbidden, or this kernel has none; -EAGAIN: no
 * thread to be had; -ETIMEDOUT: something of a higher priority keeps the reader's CPU, and what the reader has is given
 * back when it gets its turn. Costs the reader's CPU, whole. Any thread, several at a time. */
NC_API int nc_drift(const struct nc_drift_plan *plan, struct nc_drift *out);

#ifdef NC_TEST_DELAY
/* Test build only: every hand-off, the rulers' too, waits this much longer. Any thread, at any time. */
NC_API void nc_test_set_handoff_delay_ns(uint64_t delay_ns);
#endif

#endif
