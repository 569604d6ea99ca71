#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control.h"
#include "place.h"
#include "worker.h"

#define PREFERRED_MANY 5 /* MPOL_PREFERRED_MANY, in headers since Linux 5.15 */
#define HUGE_BYTES ((size_t)2 << 20)
#define WORD_BITS (8 * sizeof(unsigned long))
#define MAX_PAGES 64

int nc_map(size_t bytes, int advice, struct nc_mapping *out) {
  const size_t reserved_bytes = bytes + 2 * HUGE_BYTES;
  void *reserved = mmap(NULL, reserved_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return -ENOMEM;
  void *start = (void *)(((uintptr_t)reserved / HUGE_BYTES + 1) * HUGE_BYTES);
  *out = (struct nc_mapping){start, reserved, reserved_bytes};
  if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) {
    nc_unmap(out);
    return -ENOMEM;
  }
  madvise(start, bytes, advice);
  return 0;
}

void nc_unmap(struct nc_mapping *mapping) {
  if (mapping->start != NULL) munmap(mapping->reserved, mapping->reserved_bytes);
  *mapping = (struct nc_mapping){0};
}

/* Static, since the thread may come to it after the call. */
static struct {
  void (*touch)(void *);
  void *argument;
} late;

static void touch_job(struct nc_worker *w) {
  (void)w;
  late.touch(late.argument);
}

/* > 0-3,8-11 */
static int first_allowed(const char *list) {
  while (*list >= '0' && *list <= '9') {
    char *end;
    long first = strtol(list, &end, 10), last = first;
    if (*end == '-') last = strtol(end + 1, &end, 10);
    for (long cpu = first; cpu <= last && cpu < NC_MAX_CPUS; cpu++)
      if (nc_allowed((int)cpu)) return (int)cpu;
    list = *end == ',' ? end + 1 : end;
  }
  return -1;
}

static int cpu_of_node(int node) {
  char path[64], list[4096];
  snprintf(path, sizeof path, "/sys/devices/system/node/node%d/cpulist", node);
  FILE *file = fopen(path, "re");
  if (file == NULL) return -1;
  bool read = fgets(list, sizeof list, file) != NULL;
  fclose(file);
  return read ? first_allowed(list) : -1;
}

static int set_policy(void *start, size_t bytes, int mode, int node) {
  unsigned long mask[NC_MAX_NODES / WORD_BITS] = {0};
  mask[(size_t)node / WORD_BITS] = 1ul << ((size_t)node % WORD_BITS);
  /* The kernel takes maxnode for one more than the bits it reads. */
  return syscall(SYS_mbind, start, bytes, mode, mask, (unsigned long)NC_MAX_NODES + 1, 0) < 0 ? -errno : 0;
}

/* Never MPOL_BIND: on a node that is full it has the kernel kill a process to make room for us. PREFERRED_MANY still
 * has the page cache of the node reclaimed in the background, which the old MPOL_PREFERRED does not. */
int nc_prefer(void *start, size_t bytes, int node) {
  int error = set_policy(start, bytes, PREFERRED_MANY, node);
  return error == -EINVAL ? set_policy(start, bytes, MPOL_PREFERRED, node) : error;
}

int nc_forget_policy(void *start, size_t bytes) {
  return syscall(SYS_mbind, start, bytes, MPOL_DEFAULT, NULL, 0, 0) < 0 ? -errno : 0;
}

int nc_place(void *start, size_t bytes, int node, void (*touch)(void *), void *argument, uint64_t deadline_ns) {
  int error = node < 0 ? 0 : nc_prefer(start, bytes, node);
  if (error == -EINVAL) return -EINVAL;
  int cpu = -1;
  if (error != 0) {
    cpu = cpu_of_node(node);
    /* A kernel without NUMA has one node and no file about it. */
    if (cpu < 0 && !(error == -ENOSYS && node == 0)) return -EPERM;
  }
  if (cpu < 0) {
    touch(argument);
    return 0;
  }
  error = nc_pin(nc_worker_b.tid, cpu);
  if (error != 0) return error;
  late.touch = touch;
  late.argument = argument;
  nc_post(&nc_worker_b, touch_job, NULL);
  return nc_wait(&nc_worker_b, deadline_ns + NC_GRACE_NS) ? 0 : -EBUSY;
}

/* > 7f1e60200000 default anon=512 dirty=512 active=0 N1=512 kernelpagesize_kB=4 */
static struct nc_found find_in_numa_maps(uintptr_t address, int node) {
  struct nc_found found = {0, 0, -1};
  char line[1024];
  char here[1024] = "";
  FILE *file = fopen("/proc/self/numa_maps", "re");
  if (file == NULL) return found;
  while (fgets(line, sizeof line, file) != NULL && strtoull(line, NULL, 16) <= address) memcpy(here, line, sizeof line);
  fclose(file);
  for (const char *at = strstr(here, " N"); at != NULL; at = strstr(at + 1, " N")) {
    int id;
    unsigned int pages;
    if (sscanf(at, " N%d=%u", &id, &pages) != 2) continue;
    found.checked += pages;
    if (id == node) found.on_node += pages;
    else found.elsewhere = id;
  }
  return found;
}

static bool ask_policy(void *page, int *node) {
  return syscall(SYS_get_mempolicy, node, NULL, 0, page, MPOL_F_NODE | MPOL_F_ADDR) == 0;
}

struct nc_found nc_find(void *const *pages, size_t count, int node) {
  struct nc_found found = {0, 0, -1};
  int status[MAX_PAGES];
  if (count > MAX_PAGES) count = MAX_PAGES;
  if (syscall(SYS_move_pages, 0, count, pages, NULL, status, 0) != 0) {
    for (size_t i = 0; i < count; i++)
      if (!ask_policy(pages[i], &status[i])) return find_in_numa_maps((uintptr_t)pages[0], node);
  }
  for (size_t i = 0; i < count; i++) {
    if (status[i] < 0) continue; /* not there any more: swapped, or never touched */
    found.checked++;
    if (status[i] == node) found.on_node++;
    else found.elsewhere = status[i];
  }
  return found;
}

/* ---- the lines */

static struct nc_mapping arena[NC_MAX_NODES + 1]; /* [0]: any node */

static void clear(void *lines) {
  memset(lines, 0, sizeof(struct nc_lines));
}

static int make(int node, uint64_t deadline_ns, struct nc_mapping *out) {
  int error = nc_map(sizeof(struct nc_lines), MADV_NOHUGEPAGE, out); /* khugepaged would move the pages under us */
  if (error != 0) return error;
  error = nc_place(out->start, sizeof(struct nc_lines), node, clear, out->start, deadline_ns);
  if (error != 0 && error != -EBUSY) nc_unmap(out);
  return error;
}

int32_t nc_lines_node(struct nc_lines *lines, int wanted) {
  void *pages[MAX_PAGES];
  size_t count = 0;
  for (size_t at = 0; at < sizeof *lines && count < MAX_PAGES; at += NC_PAGE) pages[count++] = (char *)lines + at;
  struct nc_found found = nc_find(pages, count, wanted);
  if (found.checked == 0) return -1;
  return found.on_node == found.checked ? wanted : found.elsewhere;
}

int nc_lines_on(int node, uint64_t deadline_ns, struct nc_lines **out) {
  struct nc_mapping *kept = &arena[node + 1];
  if (kept->start != NULL && node >= 0) {
    int32_t lies = nc_lines_node(kept->start, node);
    if (lies != -1 && lies != node) nc_unmap(kept);
  }
  int error = kept->start == NULL ? make(node, deadline_ns, kept) : 0;
  *out = kept->start;
  return error;
}
