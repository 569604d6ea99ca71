#include "smaps.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static uint64_t huge_bytes(void) {
  unsigned long long bytes = 0;
  FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
  if (file == NULL) return 0;
  if (fscanf(file, "%llu", &bytes) != 1) bytes = 0;
  fclose(file);
  return bytes;
}

/* > 7f1e60200000-7f1e60a00000 rw-p 00000000 00:00 0
 * > KernelPageSize:        4 kB
 * > Rss:                8192 kB
 * > AnonHugePages:      8192 kB */
uint64_t nc_page_bytes(const void *start) {
  unsigned long long page = 0, resident = 0, huge = 0, from, to, value;
  bool inside = false;
  char line[512];
  FILE *file = fopen("/proc/self/smaps", "re");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "%llx-%llx ", &from, &to) == 2) {
      if (inside) break;
      inside = from <= (uintptr_t)start && (uintptr_t)start < to;
    }
    if (!inside) continue;
    if (sscanf(line, "KernelPageSize: %llu kB", &value) == 1) page = value;
    if (sscanf(line, "Rss: %llu kB", &value) == 1) resident = value;
    if (sscanf(line, "AnonHugePages: %llu kB", &value) == 1) huge = value;
  }
  fclose(file);
  if (huge == 0) return page * 1024;
  return huge == resident ? huge_bytes() : 0;
}
