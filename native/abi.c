#include "numacanary.h"

/* A field added or moved by accident changes a size: raise NC_ABI with it. */
_Static_assert(sizeof(struct nc_clock) == 24, "nc_clock");
_Static_assert(sizeof(struct nc_visit_plan) == 56, "nc_visit_plan");
_Static_assert(sizeof(struct nc_thread) == 64, "nc_thread");
_Static_assert(sizeof(struct nc_pingpong) == 1032, "nc_pingpong");
_Static_assert(sizeof(struct nc_ring) == 32, "nc_ring");
_Static_assert(sizeof(struct nc_visit) == 24 + 2 * 64 + 4 * 1032 + 3 * 32 + 1024, "nc_visit");
_Static_assert(sizeof(struct nc_memory_plan) == 32, "nc_memory_plan");
_Static_assert(sizeof(struct nc_memory) == 32 + 64 + 1024, "nc_memory");
_Static_assert(sizeof(struct nc_perf_event) == 56, "nc_perf_event");
_Static_assert(sizeof(struct nc_perf_reading) == 32, "nc_perf_reading");
_Static_assert(sizeof(struct nc_calibration_plan) == 24, "nc_calibration_plan");
_Static_assert(sizeof(struct nc_calibration) == 40, "nc_calibration");
_Static_assert(sizeof(struct nc_drift_plan) == 24, "nc_drift_plan");
_Static_assert(sizeof(struct nc_drift_row) == 24 + 4 * NC_DRIFT_NODES, "nc_drift_row");
_Static_assert(sizeof(struct nc_drift) == 32 + NC_DRIFT_ROWS * sizeof(struct nc_drift_row), "nc_drift");

uint32_t nc_abi(void) {
  return NC_ABI;
}

uint32_t nc_sizeof_clock(void) {
  return sizeof(struct nc_clock);
}

uint32_t nc_sizeof_visit_plan(void) {
  return sizeof(struct nc_visit_plan);
}

uint32_t nc_sizeof_visit(void) {
  return sizeof(struct nc_visit);
}

uint32_t nc_sizeof_memory_plan(void) {
  return sizeof(struct nc_memory_plan);
}

uint32_t nc_sizeof_memory(void) {
  return sizeof(struct nc_memory);
}

uint32_t nc_sizeof_perf_event(void) {
  return sizeof(struct nc_perf_event);
}

uint32_t nc_sizeof_perf_reading(void) {
  return sizeof(struct nc_perf_reading);
}

uint32_t nc_sizeof_calibration_plan(void) {
  return sizeof(struct nc_calibration_plan);
}

uint32_t nc_sizeof_calibration(void) {
  return sizeof(struct nc_calibration);
}

uint32_t nc_sizeof_drift_plan(void) {
  return sizeof(struct nc_drift_plan);
}

uint32_t nc_sizeof_drift(void) {
  return sizeof(struct nc_drift);
}
