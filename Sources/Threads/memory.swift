internal import CLinux

/// Limits how many heaps the C library keeps side by side; called once in `main`, before any other thread.
///
/// Without it there are up to eight for each processor, and each keeps what it ever needed.
/// - Throws: `SystemError` when the C library refuses.
package func limitMemoryArenas(to count: Int32) throws { _ = try checked(ag_limit_arenas(count), "mallopt") }

/// Gives the memory that large pieces of work have freed back to the system.
///
/// glibc keeps what threads have freed for the next time they need it, which after the largest piece of work
/// of a process's life is never. It takes milliseconds, so it is for a time at which nobody waits.
package func releaseFreeMemory() { ag_release_free_memory() }
