/* One visit: the controller pins, places and wakes; the two threads meet, do the steps and note; the controller
 * sorts the notes into the caller's struct. */
#include <errno.h>
#include <string.h>

#include "control.h"
#include "futex.h"
#include "place.h"
#include "steps.h"

#define RENDEZVOUS_NS 200000u
#define MAX_MEETINGS 4         /* times a thread may spin for a late partner; it sleeps in between */
#define WAKE_CORE_NS 50000u    /* spinning before the first clock reading: out of C-states */
#define RULER_ROUNDS 96
#define LINE_LAP 576            /* lines: 4,032 words */
#define GAP_NS 2000.0
#define GAP_ROUND_TRIPS 20

/* Shared by the two threads; every line of it apart from the next. */
static struct {
  _Alignas(256) _Atomic uint32_t met; /* bit 0: A spins here, bit 1: B; both: met, for good */
  _Atomic uint32_t arrivals;          /* counted, so that none is slept through */
  _Alignas(256) _Atomic uint32_t stop;
  _Alignas(256) _Atomic uint64_t beat_a;
  _Alignas(256) _Atomic uint64_t beat_b;
  /* Written by A alone before it raises beat_a. */
  _Alignas(256) struct nc_ping ping;
  struct nc_flow flow;
  uint64_t gap_limit;
  /* Written by the controller before either wakes. */
  _Alignas(256) struct nc_visit_plan plan;
  struct nc_lines *lines_a, *lines_b;
  uint64_t deadline_ns; /* CLOCK_MONOTONIC */
  /* Written by A for the controller. */
  _Alignas(256) double elapsed_ns;
  uint32_t batch1_lap;
  /* By either. */
  _Atomic int32_t error;
  _Atomic uint32_t cut;
} shared;

/* ---- on the two threads */

static void wake_partner(void) {
  atomic_fetch_add(&shared.arrivals, 1);
  nc_futex_wake(&shared.arrivals);
}

static bool meet(struct nc_worker *w) {
  uint32_t mine = w->initiator ? 1 : 2;
  for (int i = 1;; i++) {
    if (atomic_fetch_or(&shared.met, mine) == (mine ^ 3)) return true;
    wake_partner();
    uint64_t until = nc_clock_ns(CLOCK_MONOTONIC) + RENDEZVOUS_NS;
    while (nc_clock_ns(CLOCK_MONOTONIC) < until) {
      if (atomic_load(&shared.met) == 3) return true;
      if (atomic_load_explicit(&shared.stop, memory_order_relaxed) != 0) return false;
      nc_pause();
    }
    /* Take the word back, or learn that the partner came in this very moment. Who comes after that raises
     * `arrivals` beyond what was seen before, and the sleep ends at once. */
    uint32_t seen = atomic_load(&shared.arrivals), alone = mine;
    if (!atomic_compare_exchange_strong(&shared.met, &alone, 0)) return true;
    if (i == MAX_MEETINGS) return false;
    nc_futex_wait(&shared.arrivals, seen, shared.deadline_ns);
    if (nc_clock_ns(CLOCK_MONOTONIC) >= shared.deadline_ns) return false;
  }
}

/* Both have left the step before; A then prepares the next, and both start it. */
static bool sync_begin(struct nc_worker *w, uint64_t beat) {
  w->record = &w->records[NC_OF_NOTHING];
  w->slot = 0;
  if (w->initiator) return nc_wait_for(w, &shared.beat_b, beat, false);
  atomic_store_explicit(&shared.beat_b, beat, memory_order_release);
  return nc_wait_for(w, &shared.beat_a, beat, false);
}

static void sync_end(struct nc_worker *w, uint64_t beat, enum nc_record_of of) {
  if (w->initiator) atomic_store_explicit(&shared.beat_a, beat, memory_order_release);
  w->gap_limit = shared.gap_limit;
  w->record = &w->records[of];
}

static double median_round(const struct nc_record *r) {
  uint64_t sorted[NC_MAX_GROUPS];
  for (uint32_t i = 0; i < r->done; i++) {
    uint32_t at = i;
    for (; at > 0 && sorted[at - 1] > r->ticks[i]; at--) sorted[at] = sorted[at - 1];
    sorted[at] = r->ticks[i];
  }
  double ticks = r->done == 0 ? 1 : (double)sorted[r->done / 2] / NC_GROUP_ROUNDS;
  return ticks < 1 ? 1 : ticks;
}

/* `most` or as many as fit into a step, at least `least`. */
static uint32_t fit(double each_ticks, uint32_t least, uint32_t most) {
  double n = (double)shared.plan.step_ns / (each_ticks * nc_timebase.ns_per_tick);
  return n <= least ? least : n >= most ? most : (uint32_t)n;
}

static uint32_t fit_rounds(double each_ticks, uint32_t most) {
  return fit(each_ticks, NC_GROUP_ROUNDS, most) / NC_GROUP_ROUNDS * NC_GROUP_ROUNDS;
}

static void set_limit(double round_trip, double times) {
  uint64_t least = nc_ns_to_ticks(GAP_NS), by_ruler = (uint64_t)(times * round_trip);
  shared.gap_limit = by_ruler > least ? by_ruler : least;
}

/* Rounds and items for the time they may take, from the ruler's round trip: how many of those each costs was
 * measured on two kinds of machine, and only decides how many there are. */
static void prepare(enum nc_record_of of, double round_trip) {
  struct nc_ping *ping = &shared.ping;
  struct nc_flow *flow = &shared.flow;
  struct nc_lines *lines = shared.lines_a;
  uint32_t stride = shared.plan.stride_bytes;
  struct nc_ring_view words = nc_view(lines->ring, NULL, lines->ring_index, stride);
  struct nc_ring_view slots = nc_view(NULL, lines->slot, lines->slot_index, stride);
  nc_ping_reset(ping);
  set_limit(round_trip, GAP_ROUND_TRIPS);
  switch (of) {
  case NC_OF_RULER_BEFORE:
  case NC_OF_RULER_AFTER:
    ping->rounds = fit_rounds(round_trip, RULER_ROUNDS);
    return;
  case NC_OF_STORE2:
    ping->rounds = fit_rounds(2.5 * round_trip, NC_MAX_GROUPS * NC_GROUP_ROUNDS);
    return;
  case NC_OF_RING1:
    ping->rounds = fit_rounds(3 * round_trip, NC_MAX_GROUPS * NC_GROUP_ROUNDS);
    return;
  case NC_OF_EXPERIENCED: {
    uint64_t least = nc_ns_to_ticks(5000), paced = (uint64_t)(4 * 2.5 * round_trip);
    ping->interval = paced > least ? paced : least;
    ping->rounds = fit((double)ping->interval, 1, NC_MAX_EXPERIENCED);
    return;
  }
  case NC_OF_BATCH512:
    *flow = (struct nc_flow){.kind = NC_KIND_BATCH512, .ring = words, .warm_laps = 4, .lap = NC_RING_WORDS};
    flow->laps = fit(80 * round_trip, 4 + 1, 4 + NC_MAX_LAPS) - 4;
    break;
  case NC_OF_BATCH1: /* at most one lap of the ring, in sixteenths of at least 64 */
    *flow = (struct nc_flow){.kind = NC_KIND_BATCH1, .ring = words, .warm_laps = 1, .laps = NC_MAX_LAPS};
    flow->lap = fit(NC_MAX_LAPS * 64 * round_trip / 4, 1, NC_RING_WORDS / NC_MAX_LAPS / 64) * 64;
    shared.batch1_lap = flow->lap;
    break;
  case NC_OF_LINE:
    *flow = (struct nc_flow){.kind = NC_KIND_LINE, .ring = slots, .warm_laps = 4, .lap = LINE_LAP};
    nc_line_shape(flow);
    flow->laps = fit(80 * round_trip, 4 + 1, 4 + NC_MAX_LAPS) - 4;
    break;
  default:
    return;
  }
  set_limit(round_trip, 2 * GAP_ROUND_TRIPS);
  nc_flow_reset(flow);
}

/* One step, on both threads. False: leave; the other is told. */
static bool step(struct nc_worker *w, enum nc_record_of of, uint64_t *beat, double *round_trip) {
  const bool pause = shared.plan.spin == NC_SPIN_PAUSE;
  ++*beat;
  bool going = sync_begin(w, *beat);
  if (going) {
    if (w->initiator) prepare(of, *round_trip);
    sync_end(w, *beat, of);
    switch (of) {
    case NC_OF_RULER_BEFORE:
    case NC_OF_RULER_AFTER:
      going = nc_ping_run(w, &shared.ping, NC_CAS1, pause);
      break;
    case NC_OF_STORE2:
      going = nc_ping_run(w, &shared.ping, NC_STORES, pause);
      break;
    case NC_OF_RING1:
      going = nc_ping_run(w, &shared.ping, NC_HOPS, pause);
      break;
    case NC_OF_EXPERIENCED:
      going = nc_experience(w, &shared.ping, pause);
      break;
    default:
      going = w->initiator ? nc_produce(w, &shared.flow, pause) : nc_consume(w, &shared.flow, pause);
      break;
    }
  }
  if (going && of == NC_OF_RULER_BEFORE) *round_trip = median_round(w->record);
  return going;
}

static bool warm_up(struct nc_worker *w, uint64_t *beat, double *round_trip) {
  w->gap_limit = INT64_MAX; /* no ruler yet, and nothing timed that a gap could hurt */
  w->last = nc_ticks();
  uint64_t until = w->last + nc_ns_to_ticks(WAKE_CORE_NS);
  while (nc_ticks() < until)
    if (!nc_check(w)) return false;
  w->evidence.hertz_before = nc_alu_hertz();
  ++*beat;
  if (!sync_begin(w, *beat)) return false;
  if (w->initiator) nc_ping_reset(&shared.ping);
  sync_end(w, *beat, NC_OF_NOTHING);
  uint64_t smallest = nc_ping_warm(w, &shared.ping, shared.plan.spin == NC_SPIN_PAUSE);
  *round_trip = (double)smallest;
  return smallest != 0;
}

static const struct {
  uint32_t bit;
  enum nc_record_of of;
} order[] = {
    {NC_STORE2, NC_OF_STORE2},           {NC_RING1, NC_OF_RING1},   {NC_EXPERIENCED, NC_OF_EXPERIENCED},
    {NC_RING_BATCH512, NC_OF_BATCH512}, {NC_RING_BATCH1, NC_OF_BATCH1}, {NC_RING_LINE, NC_OF_LINE},
};

static bool all_steps(struct nc_worker *w) {
  uint64_t beat = 0;
  double round_trip;
  if (!warm_up(w, &beat, &round_trip)) return false;
  if (!step(w, NC_OF_RULER_BEFORE, &beat, &round_trip)) return false;
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if ((shared.plan.steps & order[i].bit) != 0 && !step(w, order[i].of, &beat, &round_trip)) return false;
  if (!step(w, NC_OF_RULER_AFTER, &beat, &round_trip)) return false;
  w->evidence.hertz_after = nc_alu_hertz();
  return true;
}

static void visit_job(struct nc_worker *w) {
  const struct nc_visit_plan *plan = &shared.plan;
  nc_evidence_begin(w);
  w->stop = &shared.stop;
  uint64_t now = nc_clock_ns(CLOCK_MONOTONIC);
  uint64_t left = now < shared.deadline_ns ? shared.deadline_ns - now : 0;
  w->deadline = nc_ticks() + nc_ns_to_ticks((double)left);
  if (plan->pinned != 0 && !nc_on_cpu(w->initiator ? plan->cpu_a : plan->cpu_b)) {
    atomic_store(&shared.error, -EINVAL); /* the CPU went, or the pin was wiped, in this very moment */
    atomic_store(&shared.stop, 1);
    wake_partner();
  } else if (meet(w)) {
    nc_evidence_mark(w);
    uint64_t start = nc_ticks();
    if (!all_steps(w)) {
      atomic_store(&shared.cut, 1);
      atomic_store(&shared.stop, 1);
    }
    if (w->initiator) shared.elapsed_ns = (double)(nc_ticks() - start) * nc_timebase.ns_per_tick;
  } else {
    atomic_store(&shared.stop, 1);
    wake_partner();
  }
  nc_evidence_end(w);
}

/* ---- on the caller's thread */

static struct nc_pingpong pingpong(enum nc_record_of of) {
  const struct nc_record *a = &nc_worker_a.records[of], *b = &nc_worker_b.records[of];
  struct nc_pingpong out = {.groups = a->done};
  for (uint32_t i = 0; i < a->done; i++) {
    out.round_trip_ns[i] = (double)a->ticks[i] / NC_GROUP_ROUNDS * nc_timebase.ns_per_tick;
    out.gap_ns[i] = (double)(a->gap_in[i] + b->gap_in[i]) * nc_timebase.ns_per_tick;
  }
  return out;
}

/* A lap is clean when neither side had a gap in it, nor in the laps before it that fill one ring: the ring that
 * stood full after a stall of the consumer is then drained too fast. */
static struct nc_ring ring(enum nc_record_of of, uint32_t lap_words, uint32_t ring_words) {
  const struct nc_record *a = &nc_worker_a.records[of], *b = &nc_worker_b.records[of];
  struct nc_ring out = {.laps = b->done, .corrupt = b->corrupt};
  uint32_t reach = lap_words == 0 ? 0 : (ring_words + lap_words - 1) / lap_words;
  uint32_t dirty = 0;
  uint64_t ticks = 0;
  for (uint32_t i = 0; i < b->done; i++) {
    if (a->gap_in[i] + b->gap_in[i] != 0) dirty = reach + 1;
    if (dirty > 0) {
      dirty--;
      continue;
    }
    out.clean_laps++;
    out.items += lap_words;
    ticks += b->ticks[i];
  }
  out.elapsed_ns = (double)ticks * nc_timebase.ns_per_tick;
  return out;
}

static void collect(struct nc_visit *out) {
  out->elapsed_ns = shared.elapsed_ns;
  out->ruler_before = pingpong(NC_OF_RULER_BEFORE);
  out->ruler_after = pingpong(NC_OF_RULER_AFTER);
  out->store2 = pingpong(NC_OF_STORE2);
  out->ring1 = pingpong(NC_OF_RING1);
  out->experienced = nc_worker_a.records[NC_OF_EXPERIENCED].done;
  for (uint32_t i = 0; i < out->experienced; i++)
    out->experienced_ns[i] = (double)nc_worker_a.experienced[i] / 2 * nc_timebase.ns_per_tick;
  out->ring_batch512 = ring(NC_OF_BATCH512, NC_RING_WORDS, NC_RING_WORDS);
  out->ring_batch1 = ring(NC_OF_BATCH1, shared.batch1_lap, NC_RING_WORDS);
  out->ring_line = ring(NC_OF_LINE, LINE_LAP * NC_SLOT_WORDS, NC_RING_SLOTS * NC_SLOT_WORDS);
}

static bool in_range(const struct nc_visit_plan *p) {
  const uint32_t all = NC_STORE2 | NC_RING1 | NC_EXPERIENCED | NC_RING_BATCH512 | NC_RING_BATCH1 | NC_RING_LINE;
  bool stride = p->stride_bytes == 64 || p->stride_bytes == 128 || p->stride_bytes == 256;
  bool nodes = p->node_a >= -1 && p->node_a < NC_MAX_NODES && p->node_b >= -1 && p->node_b < NC_MAX_NODES;
  return stride && nodes && p->cpu_a != p->cpu_b && (p->steps & ~all) == 0 && p->spin <= NC_SPIN_PAUSE &&
         p->pinned <= 1 && p->offset < NC_OFFSETS && p->reserved == 0 && p->step_ns > 0 &&
         p->deadline_ns > 0 && p->deadline_ns <= NC_MAX_DEADLINE_NS;
}

static int prepare_visit(const struct nc_visit_plan *plan, uint64_t deadline_ns) {
  if (!nc_allowed(plan->cpu_a) || !nc_allowed(plan->cpu_b)) return -EINVAL;
  /* Places with thread B, so before the pins. */
  int error = nc_lines_on(plan->node_a, deadline_ns, &shared.lines_a);
  if (error == 0) error = nc_lines_on(plan->node_b, deadline_ns, &shared.lines_b);
  if (error == 0) error = nc_pin(nc_worker_a.tid, plan->pinned != 0 ? plan->cpu_a : -1);
  if (error == 0) error = nc_pin(nc_worker_b.tid, plan->pinned != 0 ? plan->cpu_b : -1);
  return error;
}

static void reset(const struct nc_visit_plan *plan, uint64_t deadline_ns) {
  size_t offset = (size_t)plan->offset * NC_OFFSET_BYTES;
  struct nc_lines *a = shared.lines_a, *b = shared.lines_b;
  shared.plan = *plan;
  shared.deadline_ns = deadline_ns;
  shared.elapsed_ns = 0;
  shared.gap_limit = INT64_MAX;
  shared.batch1_lap = 0;
  shared.ping = (struct nc_ping){
      .x = (_Atomic uint64_t *)(void *)(a->ping + offset),
      .y = (_Atomic uint64_t *)(void *)(b->ping + offset + plan->stride_bytes),
      .there = nc_view(a->hop[0], NULL, a->hop_index[0], plan->stride_bytes),
      .back = nc_view(b->hop[1], NULL, b->hop_index[1], plan->stride_bytes),
  };
  atomic_store(&shared.met, 0);
  atomic_store(&shared.arrivals, 0);
  atomic_store(&shared.stop, 0);
  atomic_store(&shared.beat_a, 0);
  atomic_store(&shared.beat_b, 0);
  atomic_store(&shared.error, 0);
  atomic_store(&shared.cut, 0);
}

static int visit(const struct nc_visit_plan *plan, struct nc_visit *out, uint64_t deadline_ns) {
  int error = prepare_visit(plan, deadline_ns);
  if (error != 0) return error;
  reset(plan, deadline_ns);
  nc_post(&nc_worker_a, visit_job, NULL);
  nc_post(&nc_worker_b, visit_job, NULL);
  uint64_t patience = deadline_ns + NC_GRACE_NS;
  bool back = nc_wait(&nc_worker_a, patience) && nc_wait(&nc_worker_b, patience);
  bool met = atomic_load(&shared.met) == 3;
  if (!back) {
    atomic_store(&shared.stop, 1);
  } else {
    if (atomic_load(&shared.error) != 0) return atomic_load(&shared.error);
    out->a = nc_worker_a.evidence;
    out->b = nc_worker_b.evidence;
    if (met) collect(out); /* else the records are those of the visit before */
  }
  out->outcome = !met ? NC_NOT_COSCHEDULED : !back || atomic_load(&shared.cut) != 0 ? NC_DEADLINE : NC_DONE;
  out->page_node_a = nc_lines_node(shared.lines_a, plan->node_a);
  out->page_node_b = nc_lines_node(shared.lines_b, plan->node_b);
  return 0;
}

int nc_visit(const struct nc_visit_plan *plan, struct nc_visit *out) {
  uint64_t called = nc_clock_ns(CLOCK_MONOTONIC), spent = nc_clock_ns(CLOCK_THREAD_CPUTIME_ID);
  memset(out, 0, sizeof *out);
  if (!in_range(plan)) return -EINVAL;
  int error = nc_take();
  if (error != 0) return error;
  error = visit(plan, out, called + plan->deadline_ns);
  out->a.cpu_ns += nc_clock_ns(CLOCK_THREAD_CPUTIME_ID) - spent;
  nc_leave();
  return error;
}
