internal import CLinux
internal import Domain
internal import Threads

/// What `/proc` says about the processes of the host at one moment.
///
/// What cannot be read is a `Failure` and not taken for a process that is gone; only those of others, where
/// the host closes them to us (hidepid), are passed over.
enum ProcessTable {
    /// What a process and all its descendants hold.
    struct Usage {
        var processes = 0
        /// Bytes of private and shared memory in use; a page that two processes share counts twice.
        var memory: Int64 = 0
    }

    /// The use of everything below a process, itself not counted.
    ///
    /// An orphan goes to the first process of its PID namespace, so nothing leaves the tree of its
    /// bubblewrap.
    static func usage(below root: Int32) throws -> Usage {
        var children: [Int32: [Int32]] = [:]
        for pid in try all() {
            guard let state = try state(pid) else { continue }
            children[state.parent, default: []].append(pid)
        }
        var usage = Usage()
        var rest = children[root] ?? []
        while let pid = rest.popLast() {
            guard let status = try status(pid) else { continue }
            usage.processes += Int(status["Threads:"] ?? 1)
            usage.memory += ((status["RssAnon:"] ?? 0) + (status["RssShmem:"] ?? 0)) * 1024
            rest += children[pid] ?? []
        }
        return usage
    }

    /// The processes whose real user this is, those that wait to be reaped included.
    static func all(ofUser userID: UInt32) throws -> [Int32] {
        try all().filter { try user(of: $0) == userID }
    }

    /// The real user of a process; nil when it is gone.
    static func user(of pid: Int32) throws -> UInt32? {
        try status(pid)?["Uid:"].flatMap { UInt32(exactly: $0) }
    }

    static func children(of parent: Int32) throws -> [Int32] {
        try all().filter { try state($0)?.parent == parent }
    }

    /// The processes of a session that have not ended.
    static func all(inSession session: Int32) throws -> [Int32] {
        try all().filter { pid in
            try state(pid).map { $0.session == session && $0.state != 90 } ?? false  // 90: Z
        }
    }

    static func hasEnded(_ pid: Int32) throws -> Bool {
        guard let state = try state(pid) else { return true }
        return state.state == 90
    }

    private static func all() throws -> ArraySlice<Int32> {
        var pids = [Int32](repeating: 0, count: 65_536)
        let count = try answer(unsafe ag_processes(&pids, pids.count), "opendir", "/proc")
        return pids.prefix(Int(count))
    }

    private static func state(_ pid: Int32) throws -> ag_process_state? {
        var state = ag_process_state()
        let result = unsafe ag_process_state(pid, &state)
        if isGone(result) || [-EACCES, -EPERM].contains(result) { return nil }
        _ = try answer(result, "read", "The state of process \(pid)")
        return state
    }

    /// The first number of each line of `/proc/PID/status` that has one; nil when the process is gone.
    private static func status(_ pid: Int32) throws -> [Substring: Int64]? {
        let text: String?
        do { text = try smallFile("/proc/\(pid)/status") } catch let failure as Failure
            where failure.code == .forbidden
        { return nil }
        guard let text else { return nil }
        var result: [Substring: Int64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(maxSplits: 2, omittingEmptySubsequences: true) { $0 == "\t" || $0 == " " }
            if words.count > 1, let number = Int64(words[1]) { result[words[0]] = number }
        }
        return result
    }
}

/// The text of a file of at most 64 KiB on the host; nil when there is none.
///
/// - Throws: `Failure` when it cannot be read, which does not say that it is gone.
func smallFile(_ path: String) throws -> String? {
    do { return String(decoding: try fileContent(path, limit: 65_536), as: UTF8.self) } catch {
        // What `/proc` says of a process may go while it is read.
        if error.code == .notFound { return nil }
        _ = try answer(-error.errno, error.call, path)
        throw error
    }
}

/// Whether a call has found that what it was asked for does not exist.
private func isGone<Number: SignedInteger>(_ result: Number) -> Bool {
    result == -Number(ENOENT) || result == -Number(ESRCH)
}
