internal import CLinux

/// Gives the memory that large pieces of work have freed back to the system.
///
/// glibc keeps what threads have freed for the next time they need it, which after the largest piece of work
/// of a process's life is never. It takes milliseconds, so it is for a time at which nobody waits.
package func releaseFreeMemory() { ag_release_free_memory() }
