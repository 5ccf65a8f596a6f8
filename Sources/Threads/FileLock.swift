internal import CLinux

/// An exclusive lock on a file, held until it goes out of scope or the process ends in any way.
///
/// The file holds the number of the owning process, for people and for `owner(ofLockAt:)`; it is never
/// removed.
package struct FileLock: ~Copyable {
    private let descriptor: OwnedDescriptor

    /// Takes the lock at once or not at all; makes the file with mode 0600 when it is missing.
    ///
    /// - Throws: `SystemError.busy`, naming the owner, when another process or another `FileLock` holds it.
    package init(path: String) throws(SystemError) {
        let descriptor = OwnedDescriptor(try checked(unsafe ag_open_lock_file(path), "open", path))
        let result = ag_lock_exclusively(descriptor.raw)
        if result == -EAGAIN {
            let owner = FileLock.owner(ofLockAt: path).map { "process \($0)" } ?? "another process"
            throw SystemError(
                code: .busy,
                message: "\(path) is locked by \(owner)",
                call: "flock",
                errno: EAGAIN
            )
        }
        _ = try checked(result, "flock", path)
        let text = Array("\(ag_own_pid())\n".utf8)
        _ = try checked(unsafe ag_replace_content(descriptor.raw, text, text.count), "write", path)
        self.descriptor = descriptor
    }

    // Closing is not enough: a child that is being started by somebody else right now has a copy of the
    // descriptor until it becomes another program, and would hold the lock for that long.
    deinit { _ = ag_unlock(descriptor.raw) }

    /// The process that wrote itself into the file last, whether or not it still holds the lock.
    package static func owner(ofLockAt path: String) -> Int32? {
        let opened = unsafe ag_open_read(path)
        guard opened >= 0 else { return nil }
        let descriptor = OwnedDescriptor(opened)
        // An unreadable file names no owner.
        guard let bytes = try? readChunk(descriptor.raw, capacity: 32) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self))
    }
}

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
