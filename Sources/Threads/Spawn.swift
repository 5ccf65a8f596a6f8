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

/// What to start: program, arguments, environment, folder.
///
/// No variable is inherited and nothing is searched on a PATH.
package struct Command: Sendable {
    /// The user and group a process is given instead of those of its parent.
    package struct Account: Sendable, Equatable {
        package let userID: UInt32
        package let groupID: UInt32

        package init(userID: UInt32, groupID: UInt32) {
            self.userID = userID
            self.groupID = groupID
        }
    }

    /// An absolute path.
    package var executable: String
    /// Without the program's name.
    package var arguments: [String]
    package var environment: [String: String]
    /// The working folder; nil keeps that of the parent.
    package var directory: String?
    /// Drops to this account by `setpriv --reuid --regid --clear-groups`; the parent must be root.
    package var account: Account?

    package init(
        executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String? = nil,
        account: Account? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.account = account
    }

    private var argumentVector: [String] {
        guard let account else { return [executable] + arguments }
        return [
            "/usr/bin/setpriv", "--reuid", "\(account.userID)", "--regid", "\(account.groupID)",
            "--clear-groups",
            "--", executable,
        ] + arguments
    }

    /// Starts the process as the leader of its own session, with default signals and only these descriptors.
    ///
    /// - Throws: `SystemError.notFound` and `.notPermitted` for the program or folder, `.invalid` for a NUL.
    func spawn(input: Int32, output: Int32, error: Int32) throws(SystemError) -> ProcessIdentity {
        let vector = argumentVector
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        let everything = vector + variables + [executable, directory ?? ""]
        if everything.contains(where: { $0.utf8.contains(0) }) {
            throw SystemError(
                code: .invalid,
                message: "A NUL inside an argument or variable",
                call: "posix_spawn"
            )
        }
        let pid = unsafe withCStrings(vector) { argv in
            unsafe withCStrings(variables) { envp in
                if let directory {
                    unsafe ag_spawn_session(vector[0], argv, envp, directory, input, output, error)
                } else {
                    unsafe ag_spawn_session(vector[0], argv, envp, nil, input, output, error)
                }
            }
        }
        _ = try checked(pid, "posix_spawn", executable)
        let identity: ProcessIdentity?
        do { identity = try ProcessIdentity.find(pid: pid) } catch {
            // It would run without anybody who could name it.
            _ = ag_kill_group(pid, SIGKILL)
            throw error
        }
        guard let identity else {
            // Only possible where SIGCHLD is ignored and the child has ended already.
            throw SystemError(code: .notFound, message: "The process ended at once", call: "posix_spawn")
        }
        return identity
    }
}

/// Lends an array of C strings that ends with a null, as `execve` wants it.
package func withCStrings<Value>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8.map { CChar(bitPattern: $0) })
        bytes.append(0)
    }
    bytes.append(0)  // never empty, so that there is a base address
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        // At least one byte and one element: both have a base address.
        guard let base = buffer.baseAddress else { preconditionFailure("no address") }
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
        for offset in offsets { unsafe pointers.append(base + offset) }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { list in
            guard let first = list.baseAddress else { preconditionFailure("no address") }
            return unsafe body(first)
        }
    }
}
