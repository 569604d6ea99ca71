#include "steps.h"

#define RELEASE_LINES 16
#define LOOK_LINES 64
#define SINGLE_CHECK 64 /* items of batch 1 between two looks at the clock */

void nc_flow_reset(const struct nc_flow *f) {
  atomic_store_explicit(f->ring.written, 0, memory_order_relaxed);
  atomic_store_explicit(f->ring.released, 0, memory_order_relaxed);
  for (uint32_t i = 0; f->kind == NC_KIND_LINE && i < f->slots; i++)
    atomic_store_explicit(&f->ring.slot[i].sequence, 0, memory_order_relaxed);
}

/* Measured: Zen 4 is fastest with 64 lines and 4 ahead (1.4 G words/s; 0.85 with 512 lines). A Sapphire Rapids
 * class Xeon, whose lines take three times as long, wants more of both: 0.65 G with 64 and 4, 1.05 with 256 and
 * 12. Arm was not measured. */
void nc_line_shape(struct nc_flow *f) {
  f->slots = nc_intel ? 256 : 64;
  f->ahead = nc_intel ? 12 : 4;
}

/* Where a side is among the laps. Warm laps share slot 0 with the first timed one: a stall in the last of them
 * may leave that one a full ring. */
struct place {
  uint64_t edge, start;
  uint32_t lap;
};

/* Both sides look at the clock here, every batch; `n` items are through. */
NC_ALWAYS_INLINE bool look(struct nc_worker *w, const struct nc_flow *f, struct place *at, uint64_t n) {
  if (n != at->edge) return nc_check(w);
  if (!nc_check_edge(w)) return false;
  at->edge += f->lap;
  at->lap++;
  if (at->lap > f->warm_laps) w->slot = at->lap - f->warm_laps;
  return true;
}

/* The consumer's lap, closed where `look` has just passed an edge. */
NC_ALWAYS_INLINE void tick(struct nc_worker *w, const struct nc_flow *f, struct place *at, uint64_t n) {
  if (n + f->lap != at->edge || at->lap < f->warm_laps) return;
  uint64_t now = nc_ticks();
  if (at->lap > f->warm_laps) {
    w->record->ticks[w->slot - 1] = now - at->start;
    w->record->done = w->slot;
  }
  at->start = now;
}

/* Out of the way: nobody expects this to run. */
__attribute__((cold, noinline)) static void count_different(struct nc_worker *w, const uint64_t *word, uint64_t words, uint64_t first) {
  for (uint64_t i = 0; i < words; i++) w->record->corrupt += word[i] != first + i;
}

NC_ALWAYS_INLINE uint64_t total(const struct nc_flow *f) {
  return (uint64_t)(f->warm_laps + f->laps) * f->lap;
}

NC_ALWAYS_INLINE bool produce(struct nc_worker *w, const struct nc_flow *f, const uint64_t batch, const bool pause) {
  const struct nc_ring_view ring = f->ring;
  struct place at = {f->lap, 0, 0};
  uint64_t freed = 0;
  for (uint64_t n = 0, end = total(f); n < end;) {
    while (NC_RING_WORDS - (n - freed) < batch) {
      freed = atomic_load_explicit(ring.released, memory_order_acquire);
      if (NC_RING_WORDS - (n - freed) < batch && !nc_again(w, pause, NC_POLLS_LOAD)) return false;
    }
    uint64_t *to = ring.word + n % NC_RING_WORDS;
    for (uint64_t i = 0; i < batch; i++) to[i] = n + i;
    n += batch;
    nc_before_publish();
    atomic_store_explicit(ring.written, n, memory_order_release);
    if (batch == 1 && n % SINGLE_CHECK != 0) continue;
    if (!look(w, f, &at, n)) return false;
  }
  return true;
}

NC_ALWAYS_INLINE bool consume(struct nc_worker *w, const struct nc_flow *f, const uint64_t batch, const bool pause) {
  const struct nc_ring_view ring = f->ring;
  struct place at = {f->lap, 0, 0};
  uint64_t written = 0;
  for (uint64_t n = 0, end = total(f); n < end;) {
    /* One look at the index for each item: a consumer that lags would else drain its backlog for one look, and
     * the number would tell how far it lagged (56 to 567 M/s on one machine) and not what an item costs. */
    if (batch == 1) written = n;
    while (written == n) {
      written = atomic_load_explicit(ring.written, memory_order_acquire);
      if (written == n && !nc_again(w, pause, NC_POLLS_LOAD)) return false;
    }
    const uint64_t *from = ring.word + n % NC_RING_WORDS;
    uint64_t different = 0;
    for (uint64_t i = 0; i < batch; i++) different |= from[i] ^ (n + i);
    if (__builtin_expect(different != 0, 0)) count_different(w, from, batch, n);
    n += batch;
    nc_before_publish();
    atomic_store_explicit(ring.released, n, memory_order_release);
    if (batch == 1 && n % SINGLE_CHECK != 0) continue;
    if (!look(w, f, &at, n)) return false;
    tick(w, f, &at, n);
  }
  return true;
}

NC_ALWAYS_INLINE bool produce_lines(struct nc_worker *w, const struct nc_flow *f, const bool pause) {
  const struct nc_ring_view ring = f->ring;
  const uint64_t slots = f->slots, mask = slots - 1, ahead = f->ahead;
  struct place at = {f->lap, 0, 0};
  uint64_t freed = 0;
  for (uint64_t n = 0, end = total(f); n < end; n++) {
    while (n - freed >= slots) {
      freed = atomic_load_explicit(ring.released, memory_order_acquire);
      if (n - freed >= slots && !nc_again(w, pause, NC_POLLS_LOAD)) return false;
    }
    nc_prefetch_write(&ring.slot[(n + ahead) & mask]);
    struct nc_slot *slot = &ring.slot[n & mask];
    for (uint64_t i = 0; i < NC_SLOT_WORDS; i++) slot->word[i] = n + i;
    nc_before_publish();
    atomic_store_explicit(&slot->sequence, n + 1, memory_order_release);
    if ((n + 1) % LOOK_LINES == 0 && !look(w, f, &at, n + 1)) return false;
  }
  return true;
}

NC_ALWAYS_INLINE bool consume_lines(struct nc_worker *w, const struct nc_flow *f, const bool pause) {
  const struct nc_ring_view ring = f->ring;
  const uint64_t slots = f->slots, mask = slots - 1, ahead = f->ahead;
  struct place at = {f->lap, 0, 0};
  for (uint64_t n = 0, end = total(f); n < end;) {
    nc_prefetch_read(&ring.slot[(n + ahead) & mask]);
    struct nc_slot *slot = &ring.slot[n & mask];
    if (!nc_wait_for(w, &slot->sequence, n + 1, pause)) return false;
    uint64_t different = 0;
    for (uint64_t i = 0; i < NC_SLOT_WORDS; i++) different |= slot->word[i] ^ (n + i);
    if (__builtin_expect(different != 0, 0)) count_different(w, slot->word, NC_SLOT_WORDS, n);
    n++;
    if (n % RELEASE_LINES != 0) continue;
    nc_before_publish();
    atomic_store_explicit(ring.released, n, memory_order_release);
    if (n % LOOK_LINES != 0) continue;
    if (!look(w, f, &at, n)) return false;
    tick(w, f, &at, n);
  }
  return true;
}

NC_ALWAYS_INLINE bool run(struct nc_worker *w, const struct nc_flow *f, const bool producer, const bool pause) {
  w->last = nc_ticks_rough();
  w->slot = 0;
  switch (f->kind) {
  case NC_KIND_BATCH512:
    return producer ? produce(w, f, 512, pause) : consume(w, f, 512, pause);
  case NC_KIND_BATCH1:
    return producer ? produce(w, f, 1, pause) : consume(w, f, 1, pause);
  case NC_KIND_LINE:
    return producer ? produce_lines(w, f, pause) : consume_lines(w, f, pause);
  }
  return false;
}

/* The loops over words are as wide as the CPU can make them: with 16 bytes at a time a near link waits for us. */
NC_TIMED static bool narrow(struct nc_worker *w, const struct nc_flow *f, bool producer, bool pause) {
  if (producer) return pause ? run(w, f, true, true) : run(w, f, true, false);
  return pause ? run(w, f, false, true) : run(w, f, false, false);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) NC_TIMED static bool wide(struct nc_worker *w, const struct nc_flow *f, bool producer, bool pause) {
  if (producer) return pause ? run(w, f, true, true) : run(w, f, true, false);
  return pause ? run(w, f, false, true) : run(w, f, false, false);
}
#else
#define wide narrow
#endif

bool nc_produce(struct nc_worker *w, const struct nc_flow *f, bool pause) {
  return nc_wide ? wide(w, f, true, pause) : narrow(w, f, true, pause);
}

bool nc_consume(struct nc_worker *w, const struct nc_flow *f, bool pause) {
  return nc_wide ? wide(w, f, false, pause) : narrow(w, f, false, pause);
}
