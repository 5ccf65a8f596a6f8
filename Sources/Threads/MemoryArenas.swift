internal import CLinux

/// Limits how many heaps the C library keeps side by side; called once in `main`, before any other thread.
///
/// Without it there are up to eight for each processor, and each keeps what it ever needed: a control plane
/// that worked hard once would stay as large as that for ever.
/// - Throws: `SystemError` when the C library refuses.
package func limitMemoryArenas(to count: Int32) throws { _ = try checked(ag_limit_arenas(count), "mallopt") }
