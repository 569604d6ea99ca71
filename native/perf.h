/* perf.h: the two system calls of a counter. */
#ifndef NC_PERF_H
#define NC_PERF_H

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "numacanary.h"

int nc_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group); /* sets its size; fd, or -errno */
ssize_t nc_perf_words(int fd, void *words, size_t bytes);                             /* bytes read, or -errno */

#endif
