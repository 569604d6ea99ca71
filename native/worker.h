/* worker.h: one of the two parked threads, and how it watches itself while it waits.
 *
 * A gap is time in which the thread did not poll and which cannot be its own doing. It is found by reading the
 * clock every few polls and after every fourth hand-off, never by looking at the value measured: a slow link
 * makes the wait longer, not the polls rarer. Between two readings lie at most 4 hand-offs of a ping-pong
 * (about 10 round trips of the ruler) or 64 line transfers of a ring (32 of them, were none to overlap); the
 * limits of 20 and 40 round trips keep clear of both. */
#ifndef NC_WORKER_H
#define NC_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "clock.h"
#include "numacanary.h"

#define NC_MAX_CPUS 8192 /* as many as any kernel can be built for */
#define NC_MAX_LAPS 16
#define NC_SLOTS (NC_MAX_GROUPS + 2) /* groups or laps; a gap at an edge is charged to the next one, too */

/* What one thread noted during one step. Ticks are the initiator's, or of a ring the consumer's. */
struct nc_record {
  uint32_t done; /* slots closed */
  uint64_t ticks[NC_SLOTS], gap_in[NC_SLOTS], corrupt;
};

enum nc_record_of {
  NC_OF_NOTHING, /* between the steps */
  NC_OF_RULER_BEFORE,
  NC_OF_RULER_AFTER,
  NC_OF_STORE2,
  NC_OF_RING1,
  NC_OF_EXPERIENCED,
  NC_OF_BATCH512,
  NC_OF_BATCH1,
  NC_OF_LINE,
  NC_RECORDS
};

struct nc_worker {
  /* Parking: the controller raises `posted` and wakes; the thread raises `done` to it and wakes. */
  _Alignas(4096) _Atomic uint32_t posted;
  _Alignas(256) _Atomic uint32_t done;
  void (*job)(struct nc_worker *);
  void *argument;
  pid_t tid;
  bool initiator;

  /* Private to the running thread; read by the controller once `done` == `posted`. */
  _Alignas(4096) uint64_t last; /* last reading of the clock by check() */
  uint64_t gap_limit, deadline;
  uint32_t polls, slot;
  _Atomic uint32_t *stop;
  struct nc_record *record;
  uint64_t gaps, gap_ticks;
  struct nc_thread evidence;
  uint64_t experienced[NC_MAX_EXPERIENCED];
  struct nc_record records[NC_RECORDS];
};

/* ---- threads.c */
extern struct nc_worker nc_worker_a, nc_worker_b;
int nc_threads_start(void);              /* 0 or -errno; makes both, once */
bool nc_threads_parked(void);
int nc_spawn(pthread_t *thread, void *(*body)(void *), void *argument); /* joinable; every signal blocked */
int nc_pin(pid_t tid, int cpu); /* tid 0: the caller; cpu -1: every CPU the process may use */
bool nc_allowed(int cpu);
int nc_allowed_count(void);
void nc_post(struct nc_worker *w, void (*job)(struct nc_worker *), void *argument);
bool nc_wait(struct nc_worker *w, uint64_t until_ns); /* CLOCK_MONOTONIC; false: not done by then */
bool nc_on_cpu(int cpu);
void nc_evidence_begin(struct nc_worker *w); /* first instruction of a job */
void nc_evidence_mark(struct nc_worker *w);  /* start of the timed part */
void nc_evidence_end(struct nc_worker *w);

/* ---- alu.c */
double nc_alu_hertz(void);

NC_ALWAYS_INLINE void nc_charge(struct nc_worker *w, uint64_t now) {
  int64_t since = (int64_t)(now - w->last); /* may be negative where an unpinned thread changed CPUs */
  w->last = now;
  if (__builtin_expect(since > (int64_t)w->gap_limit, 0)) {
    w->gaps++;
    w->gap_ticks += (uint64_t)since;
    w->record->gap_in[w->slot] += (uint64_t)since;
  }
}

/* Reads the clock, notes a gap; false: leave at once. */
NC_ALWAYS_INLINE bool nc_check(struct nc_worker *w) {
  uint64_t now = nc_ticks_rough();
  nc_charge(w, now);
  return now < w->deadline && atomic_load_explicit(w->stop, memory_order_relaxed) == 0;
}

/* A check whose gap may have hurt the slot that comes next as well: at the edge of a group, nobody can say. */
NC_ALWAYS_INLINE bool nc_check_edge(struct nc_worker *w) {
  uint64_t before = w->record->gap_in[w->slot];
  bool going = nc_check(w);
  w->record->gap_in[w->slot + 1] += w->record->gap_in[w->slot] - before;
  return going;
}

/* Polls between two looks at the clock. While hand-offs succeed they look for themselves, so these count only
 * while a partner stalls, when its line stays ours: a load then costs a nanosecond or two, a failed CAS seven,
 * PAUSE up to 50. */
#define NC_POLLS_LOAD 128
#define NC_POLLS_CAS 64
#define NC_POLLS_SLOW 16

NC_ALWAYS_INLINE bool nc_again(struct nc_worker *w, const bool pause, const uint32_t every) {
  if (pause) nc_pause();
  return ++w->polls % (pause ? NC_POLLS_SLOW : every) != 0 || nc_check(w);
}

NC_ALWAYS_INLINE bool nc_wait_for(struct nc_worker *w, _Atomic uint64_t *line, uint64_t value, const bool pause) {
  while (atomic_load_explicit(line, memory_order_acquire) != value)
    if (!nc_again(w, pause, NC_POLLS_LOAD)) return false;
  return true;
}

#ifdef NC_TEST_DELAY
extern _Atomic uint64_t nc_test_delay_ticks;
NC_ALWAYS_INLINE uint64_t nc_delay(void) {
  return atomic_load_explicit(&nc_test_delay_ticks, memory_order_relaxed);
}
NC_ALWAYS_INLINE void nc_before_publish(void) {
  uint64_t delay = nc_delay();
  if (delay == 0) return;
  uint64_t start = nc_ticks();
  while (nc_ticks() - start < delay) continue;
}
#else
NC_ALWAYS_INLINE uint64_t nc_delay(void) {
  return 0;
}
NC_ALWAYS_INLINE void nc_before_publish(void) {}
#endif

#endif
