/* control.h: one call at a time, and the deadline of each. */
#ifndef NC_CONTROL_H
#define NC_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#define NC_MAX_DEADLINE_NS 500000000u
#define NC_GRACE_NS 10000000u /* past the deadline: a starved thread may need this long to see it */

/* 0, and the two threads are ours; -EBUSY, or what making them failed with. */
int nc_take(void);
void nc_leave(void);

#endif
