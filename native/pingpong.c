#include "steps.h"

#define WARM_ROUNDS 16
#define SETTLE_ROUNDS 4
#define CHECK_ROUNDS 4

void nc_ping_reset(const struct nc_ping *p) {
  atomic_store_explicit(p->x, 0, memory_order_relaxed);
  atomic_store_explicit(p->y, 0, memory_order_relaxed);
  const struct nc_ring_view *views[] = {&p->there, &p->back};
  for (int i = 0; i < 2; i++) {
    atomic_store_explicit(views[i]->written, 0, memory_order_relaxed);
    atomic_store_explicit(views[i]->released, 0, memory_order_relaxed);
  }
}

/* Takes the turn by compare-and-swap, and does nothing else: every poll asks for the line as its writer. The
 * count of polls lies in memory on purpose: with it in a register the failing side asks more often, steals the
 * line more often, and a round trip took 205 ns in place of 140 on a Sapphire Rapids class Xeon. */
NC_ALWAYS_INLINE bool cas(struct nc_worker *w, _Atomic uint64_t *line, uint64_t from, uint64_t to, const bool pause) {
  if (nc_delay() != 0) { /* a CAS both waits and publishes: to delay the second alone, wait by loads */
    if (!nc_wait_for(w, line, from, pause)) return false;
    nc_before_publish();
  }
  for (;;) {
    uint64_t expected = from;
    if (atomic_compare_exchange_strong_explicit(line, &expected, to, memory_order_acq_rel, memory_order_relaxed))
      return true;
    if (!nc_again(w, pause, NC_POLLS_CAS)) return false;
  }
}

NC_ALWAYS_INLINE void put(_Atomic uint64_t *line, uint64_t value) {
  nc_before_publish();
  atomic_store_explicit(line, value, memory_order_release);
}

/* One item into a ring, as a producer of single items does it: the released index is read only when the ring
 * looks full by the copy kept from last time. */
NC_ALWAYS_INLINE bool push(struct nc_worker *w, const struct nc_ring_view *ring, uint64_t n, uint64_t *freed, const bool pause) {
  while (n - *freed >= NC_HOP_WORDS) {
    *freed = atomic_load_explicit(ring->released, memory_order_acquire);
    if (n - *freed >= NC_HOP_WORDS && !nc_again(w, pause, NC_POLLS_LOAD)) return false;
  }
  ring->word[n % NC_HOP_WORDS] = n;
  put(ring->written, n + 1);
  return true;
}

NC_ALWAYS_INLINE bool pop(struct nc_worker *w, const struct nc_ring_view *ring, uint64_t n, const bool pause) {
  if (!nc_wait_for(w, ring->written, n + 1, pause)) return false;
  w->record->corrupt += ring->word[n % NC_HOP_WORDS] != n;
  atomic_store_explicit(ring->released, n + 1, memory_order_release);
  return true;
}

/* Round i (from 0) on the initiator's side. After the hand-off there is dead time: the clock is looked at there. */
NC_ALWAYS_INLINE bool ask(struct nc_worker *w, const struct nc_ping *p, uint64_t i, uint64_t *freed, const enum nc_pattern pattern, const bool pause) {
  bool look = i % CHECK_ROUNDS == 0;
  switch (pattern) {
  case NC_CAS1:
    return cas(w, p->x, 0, 1, pause) && (!look || nc_check(w));
  case NC_STORES:
    put(p->x, i + 1);
    return (!look || nc_check(w)) && nc_wait_for(w, p->y, i + 1, pause);
  case NC_HOPS:
    return push(w, &p->there, i, freed, pause) && (!look || nc_check(w)) && pop(w, &p->back, i, pause);
  }
  return false;
}

NC_ALWAYS_INLINE bool answer(struct nc_worker *w, const struct nc_ping *p, uint64_t i, uint64_t *freed, const enum nc_pattern pattern, const bool pause) {
  switch (pattern) {
  case NC_CAS1:
    return cas(w, p->x, 1, 0, pause);
  case NC_STORES:
    if (!nc_wait_for(w, p->x, i + 1, pause)) return false;
    put(p->y, i + 1);
    return true;
  case NC_HOPS:
    return pop(w, &p->there, i, pause) && push(w, &p->back, i, freed, pause);
  }
  return false;
}

NC_ALWAYS_INLINE bool ask_all(struct nc_worker *w, const struct nc_ping *p, const enum nc_pattern pattern, const bool pause) {
  uint64_t freed = 0;
  uint64_t i = 0;
  for (; i < SETTLE_ROUNDS; i++)
    if (!ask(w, p, i, &freed, pattern, pause)) return false;
  uint64_t start = w->last = nc_ticks();
  for (uint32_t group = 0; group < p->rounds / NC_GROUP_ROUNDS; group++) {
    w->slot = group;
    for (uint32_t round = 0; round < NC_GROUP_ROUNDS; round++, i++)
      if (!ask(w, p, i, &freed, pattern, pause)) return false;
    uint64_t end = nc_ticks();
    nc_charge(w, end);
    w->record->ticks[group] = end - start;
    w->record->done = group + 1;
    start = end;
  }
  return true;
}

NC_ALWAYS_INLINE bool answer_all(struct nc_worker *w, const struct nc_ping *p, const enum nc_pattern pattern, const bool pause) {
  uint64_t freed = 0;
  uint64_t i = 0;
  for (; i < SETTLE_ROUNDS; i++)
    if (!answer(w, p, i, &freed, pattern, pause)) return false;
  w->last = nc_ticks_rough();
  for (uint32_t group = 0; group < p->rounds / NC_GROUP_ROUNDS; group++) {
    w->slot = group;
    for (uint32_t round = 1; round <= NC_GROUP_ROUNDS; round++, i++) {
      if (!answer(w, p, i, &freed, pattern, pause)) return false;
      if (round % CHECK_ROUNDS != 0) continue;
      /* A stall after the last answer hurts the next group: the initiator has closed this one by then. */
      if (!(round == NC_GROUP_ROUNDS ? nc_check_edge(w) : nc_check(w))) return false;
    }
  }
  return true;
}

NC_ALWAYS_INLINE bool run(struct nc_worker *w, const struct nc_ping *p, const enum nc_pattern pattern, const bool pause) {
  return w->initiator ? ask_all(w, p, pattern, pause) : answer_all(w, p, pattern, pause);
}

NC_TIMED bool nc_ping_run(struct nc_worker *w, const struct nc_ping *p, enum nc_pattern pattern, bool pause) {
  switch (pattern) {
  case NC_CAS1:
    return pause ? run(w, p, NC_CAS1, true) : run(w, p, NC_CAS1, false);
  case NC_STORES:
    return pause ? run(w, p, NC_STORES, true) : run(w, p, NC_STORES, false);
  case NC_HOPS:
    return pause ? run(w, p, NC_HOPS, true) : run(w, p, NC_HOPS, false);
  }
  return false;
}

NC_TIMED uint64_t nc_ping_warm(struct nc_worker *w, const struct nc_ping *p, bool pause) {
  uint64_t best = UINT64_MAX, freed = 0, start = w->last = nc_ticks();
  w->gap_limit = INT64_MAX;
  for (uint64_t i = 0; i < WARM_ROUNDS; i++) {
    bool going = w->initiator ? ask(w, p, i, &freed, NC_CAS1, pause) : answer(w, p, i, &freed, NC_CAS1, pause);
    if (!going) return 0;
    uint64_t end = nc_ticks();
    if (i > 0 && end - start < best) best = end - start;
    start = end;
  }
  return best == 0 ? 1 : best;
}

/* Hand-offs at fixed times. One that comes late makes those behind it late: each is timed from when it was due,
 * and none is left out, so that a stall counts as often as it would have been met. */
NC_TIMED bool nc_experience(struct nc_worker *w, const struct nc_ping *p, bool pause) {
  uint64_t due = nc_ticks();
  w->slot = 0;
  w->last = due;
  for (uint64_t i = 0; i < p->rounds; i++) {
    if (!w->initiator) {
      if (!answer(w, p, i, NULL, NC_STORES, pause)) return false;
      continue;
    }
    due += p->interval;
    while ((int64_t)(nc_ticks() - due) < 0)
      if (!nc_again(w, pause, NC_POLLS_SLOW)) return false;
    put(p->x, i + 1);
    if (!nc_wait_for(w, p->y, i + 1, pause)) return false;
    w->experienced[i] = nc_ticks() - due;
    w->record->done = (uint32_t)i + 1;
  }
  return true;
}
