/* lines.h: the shared memory of the visits, one arena for each memory node, made at first use and kept.
 *
 *   ping      64 offsets x 512 B, 8 pages: line x at the offset, line y one stride further
 *   ring      4096 words, 32 KiB
 *   slots     256 lines, of which the line ring uses 64 or all
 *   hop       twice 512 words: there and back of the one-item ping-pong
 *   index     one page for each of these rings: written index, and one stride further the released one */
#ifndef NC_LINES_H
#define NC_LINES_H

#include <stdatomic.h>
#include <stdint.h>

#include "arch.h"

#define NC_OFFSETS 64
#define NC_OFFSET_BYTES 512
#define NC_RING_WORDS 4096
#define NC_RING_SLOTS 256 /* room for; how many of them a ring uses is nc_flow.slots */
#define NC_HOP_WORDS 512
#define NC_SLOT_WORDS 7
#define NC_PAGE 4096

struct nc_slot {
  uint64_t word[NC_SLOT_WORDS];
  _Atomic uint64_t sequence;
};
_Static_assert(sizeof(struct nc_slot) == NC_LINE, "a slot is a line");

struct nc_lines {
  unsigned char ping[NC_OFFSETS * NC_OFFSET_BYTES];
  uint64_t ring[NC_RING_WORDS];
  struct nc_slot slot[NC_RING_SLOTS];
  uint64_t hop[2][NC_HOP_WORDS];
  unsigned char ring_index[NC_PAGE], slot_index[NC_PAGE], hop_index[2][NC_PAGE];
};

/* A ring as its two sides see it. */
struct nc_ring_view {
  uint64_t *word;
  struct nc_slot *slot;
  _Atomic uint64_t *written, *released;
};

static inline struct nc_ring_view nc_view(uint64_t *word, struct nc_slot *slot, unsigned char *index, uint32_t stride) {
  return (struct nc_ring_view){word, slot, (_Atomic uint64_t *)(void *)index, (_Atomic uint64_t *)(void *)(index + stride)};
}

#endif
