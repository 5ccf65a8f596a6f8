internal import CLinux
internal import Domain
internal import Threads

/// Starts a program as the leader of a session of its own, with these three descriptors and no other.
///
/// bubblewrap dies with the *thread* that started it (PR_SET_PDEATHSIG), so the caller's thread must outlive
/// it.
/// - Throws: `Failure.invalid` for a NUL or too long an argument, `.notFound`, `.exhausted`.
func spawnSession(
    _ arguments: [String],
    environment: [String],
    input: Int32,
    output: Int32,
    error: Int32
) throws -> Int32 {
    guard !(arguments + environment).contains(where: { $0.utf8.contains(0) }) else {
        throw Failure(.invalid, "An argument of a command holds a NUL")
    }
    let pid = unsafe withCStrings(arguments) { argv in
        unsafe withCStrings(environment) { envp in
            unsafe ag_spawn_session(arguments[0], argv, envp, nil, input, output, error)
        }
    }
    return try answer(pid, "posix_spawn", "Starting \(arguments[0])")
}
