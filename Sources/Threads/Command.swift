internal import CLinux

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

    /// The command behind a door that opens when a file is there, so that it never runs before it is
    /// recorded.
    ///
    /// It ends with 75 when the folder of the file is gone, or after ten seconds.
    package func gated(by file: String) -> Command {
        var gated = self
        let door =
            "n=0; until [ -e \"$0\" ]; do n=$((n+1)); [ $n -gt 200 ] || [ ! -d \"${0%/*}\" ] && exit 75; "
            + "sleep 0.05; done; exec \"$@\""
        gated.executable = "/bin/sh"
        gated.arguments = ["-c", door, file, executable] + arguments
        return gated
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
    package func spawn(input: Int32, output: Int32, error: Int32) throws(SystemError) -> ProcessIdentity {
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
