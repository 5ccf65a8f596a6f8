internal import CLinux

/// How a process ended.
package enum ExitStatus: Sendable, Equatable {
    /// It ended by itself with this code.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)
    /// It has ended, but it was not our child (or was reaped already), so nobody told us how.
    case unknown
}

/// How the process of a pidfd ended; nil while it runs.
func exitStatus(_ pidfd: Int32, reap: Bool) throws(SystemError) -> ExitStatus? {
    var end = ag_exit()
    let result = unsafe ag_exit_of_child(pidfd, reap ? 1 : 0, &end)
    if result == -ECHILD { return .unknown }
    guard try checked(result, "waitid") > 0 else { return nil }
    return end.was_signalled != 0 ? .signalled(end.value) : .exited(end.value)
}
