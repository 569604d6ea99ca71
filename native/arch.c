#include "arch.h"

bool nc_wide, nc_flush_opt, nc_intel;

#if defined(__x86_64__)
#include <cpuid.h>

void nc_arch_start(void) {
  unsigned int a, b, c, d;
  nc_wide = __builtin_cpu_supports("avx2") != 0;
  nc_flush_opt = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 23)) != 0;
  nc_intel = __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx;
}
#else
void nc_arch_start(void) {}
#endif
