internal import Domain
internal import Glibc
internal import Threads

/// The calls on files and folders that `up` needs, each with an error that names call and path.
enum FileSystem {
    /// What is known of a file or folder.
    struct Entry: Equatable {
        let isFolder: Bool
        /// Permission bits alone.
        let mode: UInt32
        let userID: UInt32
        let groupID: UInt32
        /// Bytes.
        let size: Int64
        let inode: UInt64
        /// Nanoseconds since 1970.
        let modified: Int64
    }

    /// The entry a path leads to, through links; nil when there is none.
    static func entry(_ path: String) -> Entry? {
        var found = stat()
        guard unsafe stat(path, &found) == 0 else { return nil }
        return Entry(
            isFolder: found.st_mode & S_IFMT == S_IFDIR,
            mode: found.st_mode & 0o7777,
            userID: found.st_uid,
            groupID: found.st_gid,
            size: Int64(found.st_size),
            inode: UInt64(found.st_ino),
            modified: Int64(found.st_mtim.tv_sec) * 1_000_000_000 + Int64(found.st_mtim.tv_nsec)
        )
    }

    static func isExecutable(_ path: String) -> Bool {
        unsafe access(path, X_OK) == 0 && entry(path)?.isFolder == false
    }

    /// The names in a folder, sorted, without `.` and `..`; empty when it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let listing = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(listing) }
        var names: [String] = []
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Where a symbolic link leads, without following further; nil when it is none or cannot be read.
    static func target(ofLink path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &bytes, bytes.count)
        return count > 0
            ? String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// The first bytes of a file; nil when it cannot be read.
    static func content(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        // Why it cannot be read makes no difference to anybody here.
        try? fileContent(path, limit: limit)
    }

    /// The last bytes of a file; nil when it cannot be read.
    static func end(of path: String, limit: Int) -> [UInt8]? {
        guard let size = entry(path)?.size else { return nil }
        // As above.
        return try? fileContent(path, from: max(0, size - Int64(limit)), limit: limit)
    }

    static func text(_ path: String) -> String? { content(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Replaces a file as a whole: a reader sees the old content or the new one, never a part.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws {
        let partial = path + ".partial"
        unlink(partial)
        let descriptor = unsafe open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("open", partial) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", partial) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("fsync", partial) }
        try move(partial, to: path)
    }

    static func move(_ path: String, to other: String) throws {
        guard unsafe rename(path, other) == 0 else { throw failure("rename", path) }
    }

    /// Removes a file; one that is missing is no error.
    static func removeFile(_ path: String) throws {
        guard unsafe Glibc.unlink(path) == 0 || errno == ENOENT else { throw failure("unlink", path) }
    }

    /// Makes the folder and those above it that are missing; an existing one keeps its mode.
    static func makeFolder(_ path: String, mode: UInt32) throws {
        if entry(path)?.isFolder == true { return }
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        if !parent.isEmpty { try makeFolder("/" + parent, mode: 0o755) }
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
        try setMode(path, mode)  // whatever the umask says
    }

    /// Empties a file that others go on writing to.
    static func empty(_ path: String) throws {
        guard unsafe truncate(path, 0) == 0 else { throw failure("truncate", path) }
    }

    static func setMode(_ path: String, _ mode: UInt32) throws {
        guard unsafe chmod(path, mode) == 0 else { throw failure("chmod", path) }
    }

    static func setOwner(_ path: String, _ account: Command.Account) throws {
        guard unsafe chown(path, account.userID, account.groupID) == 0 else { throw failure("chown", path) }
    }

    /// The path from the root, with `.` and `..` resolved as text.
    static func absolute(_ path: String) -> String {
        var parts: [Substring] = []
        let whole = path.hasPrefix("/") ? path : (target(ofLink: "/proc/self/cwd") ?? "") + "/" + path
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The path that links lead to, as the kernel shows it; the path itself when there is nothing.
    static func resolved(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func unlink(_ path: String) { _ = unsafe Glibc.unlink(path) }

    private static func failure(_ call: String, _ path: String) -> Failure {
        let number = errno
        let code: Failure.Code =
            switch number {
            case EACCES, EPERM, EROFS: .forbidden
            case ENOENT, ENOTDIR: .notFound
            case ENOSPC, EMFILE, ENFILE, EDQUOT: .exhausted
            default: .internal
            }
        return Failure(code, "\(call) of \(path) failed", outside: "errno \(number)")
    }
}
