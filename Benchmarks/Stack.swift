import Domain
import Foundation
import Glibc
import Outbound
import Support
import Synchronization
import Threads

/// One whole installation in a state folder of its own, with the programs beside this one.
final class Stack: Sendable {
    /// Steps of the runs whose loop is measured.
    static let steps = [10, 200]

    let folder: TemporaryFolder
    let http: HTTPClient
    let up: ProcessIdentity

    var state: String { "\(folder.path)/state" }
    var configuration: String { "\(state)/repositories/config" }
    var controlSocket: String { "\(state)/run/control.sock" }
    var database: Database { Database(host: "\(state)/run/postgres", name: "agirunner") }

    private init(_ folder: TemporaryFolder) throws {
        self.folder = folder
        http = try HTTPClient()
        let log = "\(folder.path)/up.log"
        let arguments = ["up", "\(folder.path)/example", "--port", "0"]
        let command = Command(
            executable: "\(programFolder)/agirunner",
            arguments: arguments,
            environment: Stack.environment(folder),
            directory: folder.path
        )
        up = try DetachedProcess(command, output: .file(log), errorOutput: .file(log)).start()
    }

    /// Starts `agirunner up` on a copy of First light, whose own run is led to its end.
    static func started() async throws -> Stack {
        let folder = try await TemporaryFolder()
        // Postgres runs as another user when root starts it, and must be able to pass through.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        try FileManager.default.copyItem(
            atPath: "\(repositoryRoot)/examples/first-light",
            toPath: "\(folder.path)/example"
        )
        for (path, text) in Declarations.files(steps: steps) {
            try folder.write(text, to: "example/config/\(path)")
        }
        let stack = try Stack(folder)
        do {
            try await stack.waitForStart()
            let run = "workflow/fix-division"
            try await stack.agirunner("wait", run, "--for", "gate", "--timeout", "90s")
            try await stack.agirunner("approve", run, "--note", "Looks right.")
            try await stack.agirunner("wait", run, "--for", "phase=completed", "--timeout", "60s")
        } catch {
            try await stack.stop()
            throw error
        }
        return stack
    }

    /// Starts `agirunner up` on a repository that declares nothing.
    static func empty() async throws -> Stack {
        let folder = try await TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        try folder.write("Nothing yet.\n", to: "example/config/README.md")
        let stack = try Stack(folder)
        do { try await stack.waitForStart() } catch {
            try await stack.stop()
            throw error
        }
        return stack
    }

    private func waitForStart() async throws {
        try await wait(for: "`agirunner up`", within: .seconds(120)) {
            if !up.isAlive { throw BenchmarkError("up ended: \(folder.read("up.log") ?? "")") }
            return (folder.read("up.log") ?? "").contains("everything runs")
        }
    }

    /// Asks `up` to end, as Ctrl-C does, and kills what is left after a minute.
    func stop() async throws {
        _ = try up.signal(.interrupt)
        if try await DetachedProcess.waitForExit(up, until: .after(.seconds(60))) == nil {
            for process in ProcessTree(below: up.pid).processes { Glibc.kill(process, SIGKILL) }
            _ = try await DetachedProcess.waitForExit(up, until: .after(.seconds(10)))
            throw BenchmarkError("up did not end within a minute and was killed")
        }
    }

    /// Runs a verb of the command line, which must succeed, and answers what it printed.
    @discardableResult
    func agirunner(_ arguments: String...) async throws -> String {
        try await output(
            of: "\(programFolder)/agirunner",
            arguments,
            environment: Stack.environment(folder),
            directory: folder.path
        )
    }

    /// Runs git in the repository of the configuration, or in another one.
    func git(_ arguments: String..., in repository: String? = nil) async throws {
        try await git(arguments, in: repository)
    }

    /// Runs git and answers what it printed.
    @discardableResult
    func git(_ arguments: [String], in repository: String?, input: String = "") async throws -> String {
        try await output(
            of: "/usr/bin/git",
            arguments,
            environment: Stack.environment(folder),
            directory: repository ?? configuration,
            input: input
        )
    }

    /// Declares workflows with one commit and waits until all of them have completed.
    func complete(_ names: [String]) async throws {
        let watch = try await WorkflowWatch(self)
        try declare(names)
        try await git("add", "-A")
        try await git("commit", "-q", "-m", "Declare \(names.count) runs")
        for name in names { try await watch.until(name, within: .seconds(180)) { $0 == "completed" } }
    }

    /// Creates workflows through the control door and waits until all of them have completed.
    func create(_ names: [String]) async throws {
        let watch = try await WorkflowWatch(self)
        let runs = try await TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: "\(runs.path)/runs",
            withIntermediateDirectories: true
        )
        try declare(names, in: runs.path)
        try await agirunner("create", "-f", "\(runs.path)/runs")
        for name in names { try await watch.until(name, within: .seconds(180)) { $0 == "completed" } }
    }

    /// Writes the files of some workflows, into the configuration or another folder, without a commit.
    func declare(_ names: [String], in folder: String? = nil) throws {
        for name in names {
            let path = "\(folder ?? configuration)/runs/\(name).yaml"
            let text = Declarations.workflow(name)
            guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
                throw BenchmarkError("cannot write \(path)")
            }
        }
    }

    /// A request of the control door.
    func request(_ path: String, accept: String = "application/json") -> HTTPRequest {
        HTTPRequest(
            url: "http://agirunner\(path)",
            unixSocketPath: controlSocket,
            headers: [("Accept", accept)]
        )
    }

    static func environment(_ folder: TemporaryFolder) -> [String: String] {
        [
            "PATH": "\(programFolder):/usr/bin:/bin", "HOME": folder.path,
            "AGIRUNNER_STATE": "\(folder.path)/state", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8",
            "GIT_AUTHOR_NAME": "New User", "GIT_AUTHOR_EMAIL": "user@example.org",
            "GIT_COMMITTER_NAME": "New User", "GIT_COMMITTER_EMAIL": "user@example.org",
        ]
    }
}

/// Where the sources of this package lie.
private let repositoryRoot = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    .joined(separator: "/")

/// The path of the resources of the benchmark's namespace.
let namespacePath = "/apis/agirunner.dev/v1/namespaces/default"
