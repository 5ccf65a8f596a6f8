internal import Domain
internal import Threads

/// The private database cluster of an installation: reached by its unix socket alone, run by its own account.
struct PostgresCluster: Sendable {
    let installation: Installation
    let programs: PostgresPrograms
    /// Nil when the server runs as the user who runs `up`.
    let account: Command.Account?
    /// How long the processes of a killed server may take to end by themselves.
    var leftoverPatience: Duration = .seconds(10)

    static func dataFolder(_ installation: Installation) -> String { installation.database + "/data" }

    private var dataFolder: String { PostgresCluster.dataFolder(installation) }

    /// The server as a supervised program.
    func program(readyWithin: Duration) -> Program {
        var settings = [
            // No TCP at all; whoever may enter the socket's folder (mode 0700) is trusted.
            "listen_addresses": "", "unix_socket_directories": installation.databaseSocketFolder,
            "unix_socket_permissions": "0700", "cluster_name": "agirunner", "timezone": "UTC",
            "log_timezone": "UTC",
            // Sized for one machine and a few programs; without replicas, so the log may be minimal.
            "max_connections": "100", "shared_buffers": "64MB", "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_wal_size": "256MB",
        ]
        settings["logging_collector"] = "off"
        let options = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        return Program(
            name: "postgres",
            command: command("postgres", ["-D", dataFolder] + options),
            stops: [
                // Fast shutdown, then immediate shutdown, which the next start recovers from.
                StopStep(.interrupt, patience: .seconds(20)), StopStep(.quit, patience: .seconds(5)),
            ],
            readyWithin: readyWithin,
            prepare: { [self] in try await prepare() },
            isReady: { [self] in await acceptsConnections() }
        )
    }

    /// Whether the server takes connections now.
    func acceptsConnections() async -> Bool {
        let question = command(
            "pg_isready",
            ["-q", "-t", "2", "-h", installation.databaseSocketFolder, "-U", Installation.databaseUser]
        )
        // A probe that cannot be made is a server that is not ready; the caller asks again until its
        // deadline.
        return (try? await ChildProcess(question).run(until: .after(.seconds(5))))?.succeeded == true
    }

    /// Makes what a start needs: a cluster, and no process or lock file of an earlier server.
    func prepare() async throws {
        try await initialise()
        try await endLeftovers()
    }

    // The cluster is made beside its place and moved there as a whole, so that an interrupted one is never
    // used.
    private func initialise() async throws {
        if FileSystem.entry(dataFolder) != nil { return }
        let partial = installation.database + "/data.partial"
        try await run("/usr/bin/rm", ["-rf", partial], within: .seconds(60), asServer: false)
        try FileSystem.makeFolder(partial, mode: 0o700)
        if let account { try FileSystem.setOwner(partial, account) }
        try await run(
            programs.folder + "/initdb",
            [
                "-D", partial, "-U", Installation.databaseUser, "--auth-local=trust", "--auth-host=reject",
                "--encoding=UTF8", "--locale=C", "--no-instructions",
            ],
            within: .seconds(120)
        )
        try await run(
            programs.folder + "/postgres",
            // Otherwise it goes on after an error and says that all is well.
            ["--single", "-c", "exit_on_error=on", "-D", partial, "postgres"],
            input: "CREATE DATABASE \(Installation.databaseUser);\n",
            within: .seconds(60)
        )
        try FileSystem.move(partial, to: dataFolder)
    }

    /// Ends the processes that a server left which nobody supervises, then removes its lock files.
    ///
    /// After a kill −9 of the server its children end by themselves, and until then another one is refused.
    private func endLeftovers() async throws {
        let lockFile = dataFolder + "/postmaster.pid"
        if let server = lockFile.firstLineNumber.flatMap(ProcessIdentity.current), isOurs(server) {
            try await end(server, Signal.interrupt, within: .seconds(20))
        }
        let deadline = Deadline.after(leftoverPatience)
        for leftover in leftovers() where try await !hasEnded(leftover, until: deadline) {
            _ = try leftover.signal(.kill)
            _ = try await hasEnded(leftover, until: .after(.seconds(5)))
        }
        // The number in the files may belong to a stranger by now, and the server would respect that one for
        // ever. The state folder's lock keeps other servers away while they are removed.
        guard leftovers().isEmpty else { return }
        try FileSystem.removeFile(lockFile)
        try FileSystem.removeFile(installation.databaseSocketFolder + "/.s.PGSQL.5432.lock")
    }

    private func end(_ server: ProcessIdentity, _ signal: Signal, within patience: Duration) async throws {
        _ = try server.signal(signal)
        if try await hasEnded(server, until: .after(patience)) { return }
        _ = try server.signal(.quit)
        _ = try await hasEnded(server, until: .after(.seconds(5)))
    }

    private func hasEnded(_ process: ProcessIdentity, until deadline: Deadline) async throws -> Bool {
        try await DetachedProcess.waitForExit(process, until: deadline) != nil
    }

    /// Every process of a server on this data folder, which each has as its working folder.
    private func leftovers() -> [ProcessIdentity] {
        FileSystem.names(in: "/proc").compactMap { Int32($0) }.compactMap(ProcessIdentity.current)
            .filter { isOurs($0) && $0.isAlive }
    }

    private func isOurs(_ process: ProcessIdentity) -> Bool {
        let program = FileSystem.target(ofLink: "/proc/\(process.pid)/exe")?.split(separator: "/").last
        // The second is what an upgrade of the package leaves of a program that runs.
        return ["postgres", "postgres (deleted)"].contains(program)
            && FileSystem.target(ofLink: "/proc/\(process.pid)/cwd") == FileSystem.resolved(dataFolder)
    }

    private func command(_ name: String, _ arguments: [String]) -> Command {
        Command(
            executable: "\(programs.folder)/\(name)",
            arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"],
            directory: "/",
            account: account
        )
    }

    private func run(
        _ executable: String,
        _ arguments: [String],
        input: String = "",
        within patience: Duration,
        asServer: Bool = true
    ) async throws {
        let command = Command(
            executable: executable,
            arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"],
            directory: "/",
            account: asServer ? account : nil
        )
        let output = try await ChildProcess(command, standardInput: Array(input.utf8)).run(
            until: .after(patience)
        )
        guard output.succeeded else {
            throw Failure(
                .internal,
                "\(executable) failed: \(lastLines(of: output.standardError))",
                outside: "\(output.status)"
            )
        }
    }
}

extension String {
    /// The number on the first line of the file at this path; nil without one.
    fileprivate var firstLineNumber: Int32? {
        FileSystem.text(self).flatMap { $0.split(separator: "\n").first }.flatMap { Int32($0) }
    }
}

/// The end of what a program wrote, for a message.
func lastLines(of bytes: [UInt8], count: Int = 5) -> String {
    String(decoding: bytes.suffix(4096), as: UTF8.self).split(separator: "\n").suffix(count)
        .joined(separator: "\n")
}
