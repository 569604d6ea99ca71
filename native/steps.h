/* steps.h: the timed loops. Each is called by both threads at once, and returns false when it had to leave early. */
#ifndef NC_STEPS_H
#define NC_STEPS_H

#include "lines.h"
#include "worker.h"

/* ---- pingpong.c: rounds in groups of NC_GROUP_ROUNDS; the initiator's clock, in the record */

struct nc_ping {
  _Atomic uint64_t *x, *y;         /* written by the initiator, by the answerer; CAS uses x alone */
  struct nc_ring_view there, back; /* rings of the one-item ping-pong */
  uint32_t rounds;
  uint64_t interval; /* ticks between two experienced hand-offs */
};

enum nc_pattern { NC_CAS1, NC_STORES, NC_HOPS };

void nc_ping_reset(const struct nc_ping *p); /* one thread, both waiting */
/* Smallest single round trip in ticks, gaps not looked for: what the limits are made of. 0: left early. */
uint64_t nc_ping_warm(struct nc_worker *w, const struct nc_ping *p, bool pause);
bool nc_ping_run(struct nc_worker *w, const struct nc_ping *p, enum nc_pattern pattern, bool pause);
/* w->experienced[i] in ticks, record->done of them. */
bool nc_experience(struct nc_worker *w, const struct nc_ping *p, bool pause);

/* ---- ring.c: laps by the consumer's clock, in the record */

enum nc_ring_kind { NC_KIND_BATCH512, NC_KIND_BATCH1, NC_KIND_LINE };

struct nc_flow {
  enum nc_ring_kind kind;
  struct nc_ring_view ring;
  uint32_t warm_laps, laps; /* warm_laps >= 1, laps <= NC_MAX_LAPS */
  uint32_t lap;         /* words, or lines of the line ring; a multiple of 512, 64 and 64 */
  uint32_t slots, ahead; /* of the line ring: a power of two; lines prefetched ahead of both sides */
};

void nc_flow_reset(const struct nc_flow *f);
/* What suits this CPU. Fixed for a machine, so that its series stays comparable with itself. */
void nc_line_shape(struct nc_flow *f);
bool nc_produce(struct nc_worker *w, const struct nc_flow *f, bool pause);
bool nc_consume(struct nc_worker *w, const struct nc_flow *f, bool pause);

#endif
