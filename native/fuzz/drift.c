/* nc_drift: plan, the moment of stopping and what the kernel says of the pages are the fuzzer's. */
#include <errno.h>

#include "kernel.h"

/* What is slow by contract and not by mistake: the reader writes all of the buffer first. */
#define BYTES ((uint64_t)4 << 20)

static struct nc_drift *out;
static uint32_t sleeps_left;

static void stop_in_time(void) {
  if (sleeps_left > 0 && --sleeps_left == 0) __atomic_store_n(&out->stop, 1, __ATOMIC_RELAXED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = {data, size};
  const uint8_t wild = take_byte(&in), stop_after = take_byte(&in);
  struct nc_drift_plan plan;
  take(&in, &plan, sizeof plan);
  FIELD(wild, 0, plan.buffer_node, 0);
  FIELD(wild, 1, plan.reader_cpu, kernel_cpu((uint32_t)plan.reader_cpu));
  FIELD(wild, 2, plan.bytes, (1 + plan.bytes % 4) << 20);
  FIELD(wild, 3, plan.seconds, 1 + plan.seconds % 8);
  FIELD(wild, 4, plan.huge_pages, plan.huge_pages % 2);
  if (plan.bytes > BYTES && plan.bytes <= 1u << 30 && plan.bytes % (1u << 20) == 0) plan.bytes = BYTES;

  out = malloc(sizeof *out);
  CLAIM(out != NULL);
  memset(out, 0xa5, sizeof *out);
  out->stop = stop_after == 0xff;
  sleeps_left = stop_after;
  kernel_on_sleep = stop_in_time;
  kernel_begin(&in);
  const int error = nc_drift(&plan, out);
  kernel_end();
  CLAIM(error <= 0 && error > -4096);
  CLAIM(out->row_count < NC_DRIFT_ROWS + 1u && (out->row_count == 0 || out->row_count <= plan.seconds + 1));
  const uint64_t pages = out->page_bytes == 0 ? 0 : plan.bytes / out->page_bytes;
  for (uint32_t i = 0; i < out->row_count; i++) {
    const struct nc_drift_row *row = &out->rows[i];
    uint64_t sum = row->pages_unknown;
    for (int node = 0; node < NC_DRIFT_NODES; node++) sum += row->pages[node];
    CLAIM(sum == pages);
    CLAIM(i == 0 ? row->elapsed_ns == 0 : row->elapsed_ns >= row[-1].elapsed_ns && row->passes >= row[-1].passes);
  }
  free(out);
  return 0;
}
