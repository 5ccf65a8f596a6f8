internal import CLinux

/// Gives the memory that a large piece of work has freed back to the system.
///
/// glibc keeps what threads have freed for the next time they need it, which after the largest piece of work
/// of a process's life is never. It takes milliseconds, so it is for after such work only.
package func releaseFreeMemory() { ag_release_free_memory() }
