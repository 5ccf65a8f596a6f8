internal import FoundationEssentials
package import Store
internal import Threads

/// A private Postgres cluster below `/tmp` that ends with this process, however that ends.
///
/// The server runs as an unprivileged user when the tests run as root, because it refuses root. A watchdog in
/// a session of its own looks after this process; when it is gone, the watchdog stops the server and removes
/// the folder. Nothing needs to be called at the end, so a crash leaves nothing behind either.
package final class TemporaryCluster: Sendable {
    /// The folder of the socket, the data and the log.
    package let folder: String
    private let binaries: String
    private let account: Command.Account?

    /// The cluster that the suites of one test process share; made when it is first asked for.
    package static func shared() async throws -> TemporaryCluster { try await sharedCluster.value }

    /// Makes a cluster and starts its server: about two seconds.
    package init() async throws {
        account = try unprivilegedAccount()
        binaries = try serverBinaries()
        let made = try await ChildProcess(
            Command(executable: "/usr/bin/mktemp", arguments: ["-d", "/tmp/ag.XXXXXX"], account: account)
        ).run(until: .after(.seconds(10)))
        folder = String(decoding: made.standardOutput.prefix { $0 != 10 }, as: UTF8.self)
        guard made.succeeded, folder.hasPrefix("/tmp/ag.") else { throw SupportError("mktemp failed") }
        try startWatchdog()
        try await server(
            "initdb",
            [
                "-D", data, "-U", "agirunner", "--auth=trust", "--no-sync", "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
        )
        try await start()
    }

    /// Settings for a store in a schema of its own in this cluster.
    package func settings(schema: String?, connections: Int = 4) -> StoreSettings {
        StoreSettings(
            host: folder,
            database: "postgres",
            user: "agirunner",
            schema: schema,
            connections: connections,
            applicationName: "tests"
        )
    }

    /// Starts the server.
    package func start() async throws {
        let options = [
            "listen_addresses=", "unix_socket_directories=\(folder)", "fsync=off", "full_page_writes=off",
            "max_connections=300", "shared_buffers=64MB", "autovacuum=off",
        ]
        try await server(
            "pg_ctl",
            [
                "-D", data, "-w", "-t", "60", "-l", "\(folder)/log", "-o",
                options.map { "-c \($0)" }.joined(separator: " "), "start",
            ]
        )
    }

    /// Stops the server as a crash would: without a word to its clients.
    package func stop() async throws {
        try await server("pg_ctl", ["-D", data, "-m", "immediate", "-w", "-t", "60", "stop"])
    }

    private var data: String { "\(folder)/data" }

    private func server(_ program: String, _ arguments: [String]) async throws {
        let output = try await ChildProcess(
            Command(
                executable: "\(binaries)/\(program)",
                arguments: arguments,
                environment: ["PATH": "/usr/bin:/bin"],
                directory: folder,
                account: account
            )
        ).run(until: .after(.seconds(90)))
        guard output.succeeded else {
            let message = String(decoding: output.standardError, as: UTF8.self)
            throw SupportError("\(program) failed: \(output.status) \(message)")
        }
    }

    private func startWatchdog() throws {
        guard let own = ProcessIdentity.own else { throw SupportError("this process has no identity") }
        // Field 22 of stat is the start time; what precedes the last `)` may hold blanks.
        let script = """
            start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
            while [ "$(start "$1")" = "$2" ]; do sleep 0.2; done
            "$3/pg_ctl" -D "$4/data" -m immediate -w -t 20 stop >/dev/null 2>&1
            rm -rf "$4"
            """
        let command = Command(
            executable: "/bin/sh",
            arguments: ["-c", script, "watchdog", "\(own.pid)", "\(own.startTime)", binaries, folder],
            environment: ["PATH": "/usr/bin:/bin"],
            directory: "/",
            account: account
        )
        _ = try DetachedProcess(command).start()
    }
}

/// What a test's surroundings refused.
package struct SupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

// One cluster for a test process, whoever asks first; a task, so that all others wait for that one.
private let sharedCluster = Task { try await TemporaryCluster() }

private func serverBinaries() throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = try FileManager.default.contentsOfDirectory(atPath: root)
    guard let newest = versions.compactMap({ Int($0) }).max() else {
        throw SupportError("there is no Postgres below \(root)")
    }
    return "\(root)/\(newest)/bin"
}

/// `postgres`, or `nobody` where there is none; nil when the tests do not run as root.
private func unprivilegedAccount() throws -> Command.Account? {
    let status = try text(ofFile: "/proc/self/status")
    let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
    guard let fields = line?.split(whereSeparator: \.isWhitespace), fields.count > 2, fields[2] == "0" else {
        return nil
    }
    let entries = try text(ofFile: "/etc/passwd").split(separator: "\n").map { $0.split(separator: ":") }
    for name in ["postgres", "nobody"] {
        guard let entry = entries.first(where: { $0.first == name[...] }), entry.count > 3,
            let user = UInt32(entry[2]), let group = UInt32(entry[3])
        else { continue }
        return Command.Account(userID: user, groupID: group)
    }
    throw SupportError("there is neither a user postgres nor a user nobody")
}

private func text(ofFile path: String) throws -> String {
    // Files below /proc say they are empty, so they are read to their end instead of by their size.
    guard let handle = FileManager.default.contents(atPath: path) else {
        throw SupportError("cannot read \(path)")
    }
    return String(decoding: handle, as: UTF8.self)
}
