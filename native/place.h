/* place.h: memory on a node of our choice, and where the kernel says it lies. */
#ifndef NC_PLACE_H
#define NC_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"

#define NC_MAX_NODES 1024

/* Between pages that nobody may touch: else the kernel makes one mapping of it and a like neighbour, and counts
 * the pages of both where it is asked for those of one. */
struct nc_mapping {
  void *start; /* NULL: none. Aligned to a huge page. */
  void *reserved;
  size_t reserved_bytes;
};
int nc_map(size_t bytes, int advice, struct nc_mapping *out); /* advice: as madvise takes it. 0 or -ENOMEM */
void nc_unmap(struct nc_mapping *mapping);

/* Asks for the node for pages that are yet to come, wherever they are first touched from; or for nothing any more. 0, or
 * -errno of mbind(). */
int nc_prefer(void *start, size_t bytes, int node);
int nc_forget_policy(void *start, size_t bytes);

/* Prefers the node for the range where the kernel lets us, then has `touch` write it first, from a CPU of the node
 * where it does not (seccomp profiles forbid mbind). node -1: no wish. Where the pages came to lie is for nc_find
 * to say. 0; -EINVAL, -EPERM as nc_memory says; -EBUSY: thread B did not run by `deadline_ns` (CLOCK_MONOTONIC) and
 * will still touch the range when it does. */
int nc_place(void *start, size_t bytes, int node, void (*touch)(void *argument), void *argument, uint64_t deadline_ns);

/* Of `count` <= 64 pages of one mapping: how many the kernel located, how many of these lie on `node`, and in
 * `elsewhere` the node of one that does not (untouched where there is none). */
struct nc_found {
  uint32_t checked, on_node;
  int32_t elsewhere;
};
struct nc_found nc_find(void *const *pages, size_t count, int node);

/* The lines of a node, made or made again where they lie elsewhere. */
int nc_lines_on(int node, uint64_t deadline_ns, struct nc_lines **out);
int32_t nc_lines_node(struct nc_lines *lines, int wanted); /* -1: unknown */

#endif
