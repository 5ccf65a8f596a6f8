import Domain
import Foundation
import Glibc
import Support
import Synchronization
import Threads

/// One installation under test: the programs as they were built, in a state folder of its own.
///
/// Everything is real: Postgres, git, the sandboxes, the sockets. Only the thinking is scripted.
final class System: Sendable {
    let folder: TemporaryFolder
    /// Runs everything as this user; nil for the one who runs the tests.
    let account: Command.Account?
    private let up = Mutex<ProcessIdentity?>(nil)

    var state: String { "\(folder.path)/state" }
    var configuration: String { "\(state)/repositories/config" }
    var workspace: String { "\(state)/repositories/workspaces/calculator.git" }

    /// What every installation under test finds in its environment.
    static let spareSecret = "spare:token-of-the-environment-5Tq"

    private init(account: Command.Account?) async throws {
        folder = try await TemporaryFolder()
        self.account = account
        // Postgres runs as another user when root starts it, and must be able to pass through.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        guard let account else { return }
        try FileManager.default.setAttributes(
            [.ownerAccountID: account.userID, .groupOwnerAccountID: account.groupID],
            ofItemAtPath: folder.path
        )
    }

    /// Starts `agirunner up` on an example, hands the running system to the body, and stops everything.
    static func running(
        _ example: String = "first-light",
        as account: Command.Account? = nil,
        _ body: (System) async throws -> Void
    ) async throws {
        try await with(as: account) { system in
            try await system.start(example: example)
            try await body(system)
            try await system.stop()
        }
    }

    /// Hands over a system that does not run yet; whatever still runs of it at the end is stopped.
    ///
    /// - Throws: what the body throws, with the end of the logs; an error when something is left running.
    static func with(as account: Command.Account? = nil, _ body: (System) async throws -> Void) async throws {
        let system = try await System(account: account)
        do { try await body(system) } catch {
            let story = try await system.shell(
                """
                agirunner get workflows,tasks,attempts,escalations,gitsources 2>&1 || true
                agirunner events 2>&1 | tail -n 12 || true
                agirunner get gitsources -o yaml --show-managed-fields 2>&1 | tail -n 150 || true
                tail -n 12 '\(system.state)'/logs/*.log up.log 2>&1 || true
                """
            )
            try await system.kill()
            throw SupportError("\(error)\n\(story.output)")
        }
        let left = system.processes
        try await system.kill()
        guard left.isEmpty else { throw SupportError("these were left running: \(left)") }
    }

    /// Starts `agirunner up` and waits until everything runs.
    ///
    /// Leases are short, so that what was killed is noticed within seconds. A port of 0 is any free one. The
    /// machine is changed for this installation alone, when there is something to change.
    func start(
        example: String? = "first-light",
        port: Int = 0,
        on machine: Machine? = nil
    ) async throws {
        let arguments =
            ["up", "--port", "\(port)", "--heartbeat", "1s", "--lease", "5s"]
            + (example.map { ["\(Repository.root)/examples/\($0)"] } ?? [])
        let log = "\(folder.path)/up.log"
        // An earlier `up` of this folder wrote it.
        if folder.read("up.log") != nil { try folder.remove("up.log") }
        let started = try DetachedProcess(
            machine.map { $0.command(command(program("agirunner"), arguments)) }
                ?? command(program("agirunner"), arguments),
            output: .file(log),
            errorOutput: .file(log)
        ).start()
        up.withLock { $0 = started }
        let folder = folder
        _ = await eventually(within: .seconds(120)) {
            (folder.read("up.log") ?? "").contains("everything runs") || !started.isAlive
        }
        guard (folder.read("up.log") ?? "").contains("everything runs") else {
            throw SupportError("up did not start")
        }
    }

    /// Asks `up` to end, as Ctrl-C does, and waits until it has.
    func stop() async throws {
        guard let running = up.withLock({ $0 }) else { return }
        _ = try running.signal(.interrupt)
        guard try await DetachedProcess.waitForExit(running, until: .after(.seconds(60))) != nil else {
            throw SupportError("up did not end within a minute")
        }
        up.withLock { $0 = nil }
    }

    /// The command lines of everything that runs below this system's folder, whoever started it.
    var processes: [String: Int32] {
        // Nothing can be read where there is no /proc, and nothing else of these tests runs there.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let numbers = names.compactMap { Int32($0) }
        return numbers.reduce(into: [:]) { found, number in
            let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
            let text = String(decoding: line, as: UTF8.self).replacing("\0", with: " ")
            if text.contains(folder.path) { found[text] = number }
        }
    }

    /// The processes that `up` and the fleet have on record, by program; runtimes under `agirunner-runtime`.
    func recorded(_ program: String) async throws -> [Int32] {
        let place = program == "agirunner-runtime" ? "runtimes/*/record.json" : "processes/\(program).json"
        let found = try await shell("cat '\(state)'/\(place) 2>/dev/null || true")
        return found.output.matches(of: /"pid":\s*([0-9]+)/).compactMap { Int32($0.1) }
    }

    /// The process of `up`; nil when it was not started.
    var upProcess: Int32? { up.withLock { $0?.pid } }

    /// Starts a program that runs beside this installation; what it prints goes to a file of the folder.
    func background(_ executable: String, _ arguments: [String], log: String) throws -> ProcessIdentity {
        let file = "\(folder.path)/\(log)"
        let command = command(executable, arguments)
        return try DetachedProcess(command, output: .file(file), errorOutput: .file(file)).start()
    }

    /// Ends everything at once, as losing the machine would.
    func kill() async throws {
        if let running = up.withLock({ $0 }) { _ = try running.killGroup() }
        _ = await eventually(within: .seconds(10)) { [self] in
            for number in processes.values { Glibc.kill(number, SIGKILL) }
            return processes.isEmpty
        }
        if let running = up.withLock({ $0 }) {
            _ = try await DetachedProcess.waitForExit(running, until: .after(.seconds(10)))
        }
        up.withLock { $0 = nil }
    }

    /// Runs a verb of the command line and answers what it printed.
    func agirunner(_ arguments: String..., within limit: Duration = .seconds(60)) async throws -> Answer {
        try await run(command(program("agirunner"), arguments), within: limit)
    }

    /// Runs a verb that must succeed and answers its standard output.
    @discardableResult
    func must(_ arguments: String..., within limit: Duration = .seconds(60)) async throws -> String {
        let answer = try await run(command(program("agirunner"), arguments), within: limit)
        guard answer.code == 0 else {
            throw SupportError(
                "agirunner \(arguments.joined(separator: " ")): \(answer.code) \(answer.error)"
            )
        }
        return answer.output
    }

    /// Runs a script whose `agirunner` is the one under test.
    func shell(_ script: String, within limit: Duration = .seconds(60)) async throws -> Answer {
        try await run(command("/bin/bash", ["-euc", script]), within: limit)
    }

    /// What a command printed and how it ended.
    struct Answer: Sendable {
        let code: Int32
        var output: String
        let error: String
    }

    private func run(_ command: Command, within limit: Duration) async throws -> Answer {
        let output = try await ChildProcess(command).run(until: .after(limit))
        guard case .exited(let code) = output.status else {
            throw SupportError("\(command.executable) \(command.arguments) ended with \(output.status)")
        }
        return Answer(
            code: code,
            output: String(decoding: output.standardOutput, as: UTF8.self),
            error: String(decoding: output.standardError, as: UTF8.self)
        )
    }

    private func command(_ executable: String, _ arguments: [String]) -> Command {
        let environment = [
            "PATH": "\(programFolder):/usr/bin:/bin", "HOME": folder.path, "AGIRUNNER_STATE": state,
            "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
            // A secret for stores of the type env.
            "AGIRUNNER_SECRET_spare": System.spareSecret,
            // Nothing of ours may ask a proxy for a unix socket.
            "http_proxy": "http://127.0.0.1:1",
            "GIT_AUTHOR_NAME": "New User", "GIT_AUTHOR_EMAIL": "user@example.org",
            "GIT_COMMITTER_NAME": "New User", "GIT_COMMITTER_EMAIL": "user@example.org",
        ]
        return Command(
            executable: executable,
            arguments: arguments,
            environment: environment,
            directory: folder.path,
            account: account
        )
    }
}

/// Where the sources of this package lie.
enum Repository {
    static var root: String { repositoryRoot }

    /// The text of a file of the package.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }
}

/// The folder of the programs, which is that of the test program as well.
let programFolder: String = {
    // Without /proc nothing of this can run, and the first test says so.
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
}()

func program(_ name: String) -> String { "\(programFolder)/\(name)" }

/// Looks again and again until something holds; false when it does not in time.
func eventually(within limit: Duration, _ holds: @Sendable () async throws -> Bool) async rethrows -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
        if try await holds() { return true }
        // Ends early when the test is cancelled; the next look or the deadline ends the loop.
        try? await clock.sleep(for: .milliseconds(50))
    }
    return try await holds()
}

/// Whoever runs the tests and, when that is root, a plain user as well: `nobody`.
let users: [Command.Account?] =
    geteuid() == 0 ? [nil, Command.Account(userID: 65_534, groupID: 65_534)] : [nil]
