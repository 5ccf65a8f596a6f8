internal import CLinux

/// Tells when files or folders change; a change between two waits is not lost.
///
/// Watch the folder of a file that is replaced by renaming, as git does with refs: a watch follows the file
/// itself.
package final class FileWatch: Sendable {
    private let descriptor: OwnedDescriptor

    /// - Throws: `SystemError.notFound` for a missing path, `.failed` at the user's limit of watches.
    package init(paths: [String]) throws(SystemError) {
        descriptor = OwnedDescriptor(try checked(ag_inotify(), "inotify_init"))
        for path in paths { try add(path) }
    }

    /// Watches one more file, or one more folder without the folders in it; adding twice is harmless.
    ///
    /// - Throws: as `init`.
    package func add(_ path: String) throws(SystemError) {
        _ = try checked(unsafe ag_inotify_add(descriptor.raw, path), "inotify_add_watch", path)
    }

    /// Waits for changes since the last call and takes them all as one.
    ///
    /// *Cancellation*: ends the wait; changes stay for the next call.
    /// - Returns: false when nothing changed before the deadline.
    /// - Throws: `CancellationError`, or `SystemError` when there is no thread or descriptor left.
    package func next(until deadline: Deadline) async throws -> Bool {
        try await onOwnThread("file-watch") { [self] cancelled in
            let results = try poll(
                [
                    PollInterest(descriptor.raw, readable: true),
                    PollInterest(cancelled.fileDescriptor, readable: true),
                ],
                until: deadline
            )
            if results[1].isReady { throw CancellationError() }
            guard results[0].isReady else { return false }
            _ = try checked(ag_drain(descriptor.raw), "read")
            return true
        }
    }
}
