/* Latency of DRAM: dependent loads of lines that were flushed from every cache just before.
 *
 * The path visits slots of 256 bytes (no prefetcher follows that far) in an order made by a bijection of the
 * slot numbers: distinct and random-looking without a table. Only the slots of the path are written, so that a
 * large buffer costs no more than a small one. Pages are touched where they shall lie, flushed where they are
 * chased. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "control.h"
#include "place.h"
#include "smaps.h"
#include "worker.h"

#define SLOT_BYTES 256
#define WARM_LOADS 64 /* chased first and not reported: they fill the TLB, wake the memory, and set the gap limit */
#define PART 16       /* loads between two clock readings: 25 ns of clock to 16 loads is 1 to 2 % */
#define GAP_NS 2000.0
#define SAMPLES 32    /* pages asked for before the chase, and again after it */
#define MIN_BYTES ((uint64_t)1 << 20)
#define MAX_BYTES ((uint64_t)1 << 30)

static struct {
  struct nc_memory_plan plan;
  struct nc_mapping buffer;
  uint64_t slots, bits, deadline_ns;
  uint32_t links; /* WARM_LOADS + plan.loads */
  bool late;
  uint64_t ticks[NC_MAX_GROUPS], gap_in[NC_MAX_GROUPS];
  uint32_t groups;
  _Atomic uint32_t stop;
} chase;

/* ---- the path */

/* A bijection of 0 .. 2^bits - 1: each of its steps can be undone. */
static uint64_t mix(uint64_t i) {
  const uint64_t mask = ((uint64_t)1 << chase.bits) - 1, half = (chase.bits + 1) / 2;
  i = (i * 0x9e3779b97f4a7c15u) & mask;
  i ^= i >> half;
  i = (i * 0xbf58476d1ce4e5b9u) & mask;
  i ^= i >> half;
  return (i * 0x94d049bb133111ebu) & mask;
}

/* Numbers past the last slot are mixed on until they fall inside: still a bijection. */
static unsigned char *slot(uint64_t i) {
  do i = mix(i);
  while (i >= chase.slots);
  return (unsigned char *)chase.buffer.start + i * SLOT_BYTES;
}

static void link_path(void *unused) {
  (void)unused;
  for (uint32_t i = 0; i < chase.links; i++) {
    void *next = slot(i + 1);
    memcpy(slot(i), &next, sizeof next);
    /* A fresh huge page costs a tenth of a millisecond. */
    chase.late = chase.late || nc_clock_ns(CLOCK_MONOTONIC) >= chase.deadline_ns;
    if (chase.late) return;
  }
}

static void flush_path(void) {
  for (uint32_t i = 0; i <= chase.links; i++) nc_flush(slot(i));
  nc_flushed();
}

/* ---- the timed part */

NC_ALWAYS_INLINE void *follow(void *at, uint32_t loads) {
  for (uint32_t i = 0; i < loads; i++) at = *(void *volatile *)at;
  return at;
}

NC_TIMED static void *chase_all(struct nc_worker *w, void *at) {
  uint64_t start = nc_ticks(), part = INT64_MAX;
  for (int i = 0; i < WARM_LOADS / PART; i++) {
    at = follow(at, PART);
    uint64_t end = nc_ticks();
    if (end - start < part) part = end - start;
    start = end;
  }
  /* What a part costs by itself is no gap; a stall on top of it is. */
  const uint64_t least = nc_ns_to_ticks(GAP_NS), twenty = part * 20 / PART;
  w->gap_limit = part + (twenty > least ? twenty : least);
  w->last = start;
  for (uint32_t group = 0; group < chase.plan.loads / NC_GROUP_LOADS; group++) {
    uint64_t gap = w->gap_ticks;
    for (int i = 0; i < NC_GROUP_LOADS / PART; i++) {
      at = follow(at, PART);
      uint64_t now = nc_ticks();
      nc_charge(w, now);
      if (now >= w->deadline || atomic_load_explicit(w->stop, memory_order_relaxed) != 0) return at;
    }
    chase.ticks[group] = w->last - start;
    chase.gap_in[group] = w->gap_ticks - gap;
    chase.groups = group + 1;
    start = w->last;
  }
  return at;
}

static void chase_job(struct nc_worker *w) {
  nc_evidence_begin(w);
  w->stop = &chase.stop;
  uint64_t now = nc_clock_ns(CLOCK_MONOTONIC);
  w->deadline = nc_ticks() + nc_ns_to_ticks(now < chase.deadline_ns ? (double)(chase.deadline_ns - now) : 0);
  flush_path();
  nc_evidence_mark(w);
  w->evidence.hertz_before = nc_alu_hertz();
  w->argument = chase_all(w, slot(0)); /* stored, so that the loads have a use */
  w->evidence.hertz_after = nc_alu_hertz();
  nc_evidence_end(w);
}

/* ---- on the caller's thread */

static void count_pages(struct nc_memory *out) {
  void *pages[SAMPLES];
  uint32_t count = 0;
  for (; count < SAMPLES; count++) pages[count] = slot((uint64_t)count * chase.links / SAMPLES);
  struct nc_found found = nc_find(pages, count, chase.plan.node);
  out->pages_checked += found.checked;
  out->pages_on_node += found.on_node;
}

static int run(struct nc_memory *out) {
  const struct nc_memory_plan *p = &chase.plan;
  int error = nc_place(chase.buffer.start, p->bytes, p->node, link_path, NULL, chase.deadline_ns);
  if (error != 0) return error;
  if (chase.late) {
    out->outcome = NC_DEADLINE;
    return 0;
  }
  count_pages(out);
  error = nc_pin(nc_worker_a.tid, p->cpu);
  if (error != 0) return error;
  nc_post(&nc_worker_a, chase_job, NULL);
  if (!nc_wait(&nc_worker_a, chase.deadline_ns + NC_GRACE_NS)) {
    atomic_store(&chase.stop, 1);
    out->outcome = NC_NOT_COSCHEDULED;
    return 0;
  }
  out->outcome = chase.groups == p->loads / NC_GROUP_LOADS ? NC_DONE : NC_DEADLINE;
  out->groups = chase.groups;
  out->loads = (uint64_t)chase.groups * NC_GROUP_LOADS;
  out->thread = nc_worker_a.evidence;
  for (uint32_t i = 0; i < chase.groups; i++) {
    out->load_ns[i] = (double)chase.ticks[i] / NC_GROUP_LOADS * nc_timebase.ns_per_tick;
    out->gap_ns[i] = (double)chase.gap_in[i] * nc_timebase.ns_per_tick;
  }
  count_pages(out);
  out->page_bytes = nc_page_bytes(chase.buffer.start);
  return 0;
}

static bool in_range(const struct nc_memory_plan *p) {
  return p->cpu >= 0 && p->node >= 0 && p->node < NC_MAX_NODES && p->bytes >= MIN_BYTES && p->bytes <= MAX_BYTES &&
         p->loads >= NC_GROUP_LOADS && p->loads <= NC_GROUP_LOADS * NC_MAX_GROUPS && p->loads % NC_GROUP_LOADS == 0 &&
         p->loads + WARM_LOADS < p->bytes / SLOT_BYTES && p->huge_pages <= 1 && p->deadline_ns > 0 &&
         p->deadline_ns <= NC_MAX_DEADLINE_NS;
}

static int memory(const struct nc_memory_plan *plan, struct nc_memory *out, uint64_t deadline_ns) {
  if (!nc_allowed(plan->cpu)) return -EINVAL;
  chase.plan = *plan;
  chase.deadline_ns = deadline_ns;
  chase.slots = plan->bytes / SLOT_BYTES;
  chase.bits = 64 - (uint64_t)__builtin_clzll(chase.slots - 1);
  chase.links = WARM_LOADS + plan->loads;
  chase.late = false;
  chase.groups = 0;
  atomic_store(&chase.stop, 0);
  nc_unmap(&chase.buffer); /* left by a call that gave up on a starved thread */
  int error = nc_map(plan->bytes, plan->huge_pages != 0 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE, &chase.buffer);
  if (error != 0) return error;
  error = run(out);
  if (nc_threads_parked()) nc_unmap(&chase.buffer);
  return error;
}

int nc_memory(const struct nc_memory_plan *plan, struct nc_memory *out) {
  uint64_t called = nc_clock_ns(CLOCK_MONOTONIC), spent = nc_clock_ns(CLOCK_THREAD_CPUTIME_ID);
  memset(out, 0, sizeof *out);
  if (!in_range(plan)) return -EINVAL;
  int error = nc_take();
  if (error != 0) return error;
  error = memory(plan, out, called + plan->deadline_ns);
  out->thread.cpu_ns += nc_clock_ns(CLOCK_THREAD_CPUTIME_ID) - spent;
  nc_leave();
  return error;
}
