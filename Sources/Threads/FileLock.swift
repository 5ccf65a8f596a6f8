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
        // An unreadable file names no owner.
        guard let bytes = try? fileContent(path, limit: 32) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self))
    }
}
