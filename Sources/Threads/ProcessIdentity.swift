internal import CLinux

/// A process of this boot, told apart from a later one that was given the same number.
package struct ProcessIdentity: Sendable, Codable, Hashable {
    package let pid: Int32
    /// Clock ticks between the boot and the start of the process, field 22 of `/proc/PID/stat`.
    package let startTime: UInt64

    package init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// The process that has the number now; nil when there is none, or none that can be looked at.
    package static func current(pid: Int32) -> ProcessIdentity? {
        // Who must tell the two apart asks `find`.
        (try? find(pid: pid)) ?? nil
    }

    /// The process that has the number now; nil when there is none.
    ///
    /// - Throws: `SystemError` when it cannot be looked at, which does not say that it is gone.
    package static func find(pid: Int32) throws(SystemError) -> ProcessIdentity? {
        try processState(pid).map { ProcessIdentity(pid: pid, startTime: $0.start_time) }
    }

    /// The calling process.
    package static var own: ProcessIdentity? { current(pid: ag_own_pid()) }

    /// The processes among whose arguments are these, one after the other; those of others that are closed to
    /// us are missing.
    ///
    /// One that is becoming another program has no arguments at that moment, and is missing too.
    /// - Throws: `SystemError` when the processes cannot be listed or one cannot be looked at.
    package static func all(calledWith arguments: [String]) throws(SystemError) -> [ProcessIdentity] {
        let wanted = Array("\0\(arguments.joined(separator: "\0"))\0".utf8)
        var found: [ProcessIdentity] = []
        for pid in try allNumbers() {
            do {
                guard let process = try find(pid: pid) else { continue }
                if try fileContent("/proc/\(pid)/cmdline").contains(wanted) { found.append(process) }
            } catch {
                guard [.notFound, .notPermitted].contains(error.code) else { throw error }
            }
        }
        return found
    }

    /// Names the time since the machine was started: process numbers and start times mean nothing after it.
    ///
    /// Empty where there is no `/proc`.
    package static var currentBoot: String {
        // Without it there is nothing to tell boots apart by, and the start times still do.
        let bytes = (try? fileContent("/proc/sys/kernel/random/boot_id")) ?? []
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    /// Whether the process runs; one that has ended and waits to be reaped does not.
    ///
    /// One that cannot be looked at, as when there is no descriptor left, counts as running: whoever takes it
    /// for gone would give away what it uses.
    package var isAlive: Bool {
        do { return try presentState.map { !$0.hasEnded } ?? false } catch { return true }
    }

    /// Sends a signal to this process and no other.
    ///
    /// - Returns: false when the process has ended.
    /// - Throws: `SystemError.notPermitted`.
    package func signal(_ signal: Signal) throws(SystemError) -> Bool {
        guard let pidfd = try openPidfd() else { return false }
        let result = ag_pidfd_signal(pidfd.raw, signal.rawValue)
        if result == -ESRCH { return false }
        _ = try checked(result, "pidfd_send_signal", "process \(pid)")
        return true
    }

    /// Kills every process of the group and session that this process leads, itself last.
    ///
    /// The leader is stopped first: as long as it is there, even as one that waits to be reaped, its number
    /// cannot be given to another group. When it is gone nothing is killed, since what is left cannot be told
    /// from strangers.
    /// - Returns: false when the leader is gone.
    /// - Throws: `SystemError` after killing what may be killed and can be seen; `.invalid` for the caller
    /// itself.
    package func killGroup() throws(SystemError) -> Bool {
        guard pid > 1, pid != ag_own_pid() else {
            throw SystemError(code: .invalid, message: "Process \(pid) may not be killed", call: "killGroup")
        }
        guard let leader = try openPidfd() else { return false }
        _ = ag_pidfd_signal(leader.raw, SIGSTOP)
        var failure: SystemError?
        var seen: Set<ProcessIdentity> = [self]
        // Rounds, because a process may have forked just before it was killed; a dying one forks no more.
        for _ in 0..<100 {
            var found: Set<ProcessIdentity> = []
            do { found = try groupMembers().subtracting(seen) } catch { failure = error }
            if found.isEmpty { break }
            seen.formUnion(found)
            for member in found {
                do { if try presentState != nil { _ = try member.signal(.kill) } } catch { failure = error }
            }
        }
        let result = ag_pidfd_signal(leader.raw, Signal.kill.rawValue)
        if result != -ESRCH { _ = try checked(result, "pidfd_send_signal", "process \(pid)") }
        if let failure { throw failure }
        return true
    }

    /// A descriptor of exactly this process; nil when it is gone.
    ///
    /// The start time is read after opening: if it is ours then, the descriptor was ours from the beginning.
    func openPidfd() throws(SystemError) -> OwnedDescriptor? {
        let result = ag_pidfd_open(pid)
        if result == -ESRCH || result == -EINVAL { return nil }
        let descriptor = OwnedDescriptor(try checked(result, "pidfd_open", "process \(pid)"))
        if try presentState == nil { return nil }
        return consume descriptor
    }

    private var presentState: ag_process_state? {
        get throws(SystemError) {
            try processState(pid).flatMap { $0.start_time == startTime ? $0 : nil }
        }
    }

    private func groupMembers() throws(SystemError) -> Set<ProcessIdentity> {
        var members: Set<ProcessIdentity> = []
        for other in try ProcessIdentity.allNumbers() {
            guard let state = try visibleState(other), !state.hasEnded else { continue }
            if state.group == pid || state.session == pid {
                members.insert(ProcessIdentity(pid: other, startTime: state.start_time))
            }
        }
        return members
    }

    private static func allNumbers() throws(SystemError) -> ArraySlice<pid_t> {
        var pids = [pid_t](repeating: 0, count: 65_536)
        let count = try checked(unsafe ag_processes(&pids, pids.count), "opendir", "/proc")
        return pids.prefix(Int(count))
    }
}

/// What `/proc` says about a process; nil when it is gone.
private func processState(_ pid: Int32) throws(SystemError) -> ag_process_state? {
    var state = ag_process_state()
    let result = unsafe ag_process_state(pid, &state)
    if result == -ESRCH { return nil }
    _ = try checked(result, "read", "process \(pid)")
    return state
}

/// The same of a process among all of the host, of which those of others may be closed to us (hidepid).
private func visibleState(_ pid: Int32) throws(SystemError) -> ag_process_state? {
    do { return try processState(pid) } catch {
        if error.code == .notPermitted { return nil }
        throw error
    }
}

extension ag_process_state {
    fileprivate var hasEnded: Bool { state == 90 || state == 88 }  // Z and X
}
