#ifndef AG_CLINUX_FREE_MEMORY_H
#define AG_CLINUX_FREE_MEMORY_H

#include <malloc.h>

// Gives memory that was freed back to the system, whichever thread allocated it.
static inline void ag_release_free_memory(void) { malloc_trim(0); }

#endif
