/* What the helper reads of the kernel's text: smaps, numa_maps, the CPUs of a node. */
#include "../place.h"
#include "../smaps.h"
#include "../worker.h"
#include "../control.h"
#include "kernel.h"

static void touch(void *page) {
  *(char *)page = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = {data, size};
  uint8_t said[16];
  const uint8_t which = take_byte(&in) % 3;
  take(&in, said, sizeof said);
  static char page[4096];
  void *const pages[] = {page, page + 1};
  CLAIM(nc_take() == 0);
  kernel_file(in.data, in.size);
  kernel_begin(&(struct input){said, sizeof said});
  if (which == 0) {
    const uint64_t bytes = nc_page_bytes(page);
    (void)bytes;
  } else if (which == 1) {
    const struct nc_found found = nc_find(pages, 2, said[15] % 4);
    (void)found;
  } else {
    const int error = nc_place(page, sizeof page, said[15] % 4, touch, page, nc_clock_ns(CLOCK_MONOTONIC) + 1000000000u);
    CLAIM(error <= 0 && error > -4096);
  }
  kernel_end();
  nc_leave();
  return 0;
}
