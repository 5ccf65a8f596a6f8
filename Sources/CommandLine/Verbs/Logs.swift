package import ArgumentParser
import Domain
import Synchronization

/// `agirunner logs`.
package struct Logs: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Show what a task's or an attempt's runtime wrote."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "task/NAME or attempt/NAME.") var target: String
    @Flag(name: .shortAndLong, help: "Go on until the task is done.") var follow = false

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let client = try connection.client()
        let target = try Target(self.target)
        guard ["Task", "Attempt"].contains(target.kind.name) else {
            throw CommandFailure("only tasks and attempts have logs; see 'agirunner get tasks'")
        }
        let reader = LogReader(client, target.kind, connection.namespace, try target.required())
        try await follow ? reader.follow() : reader.read(follows: false)
    }
}

/// Prints the log of a task or an attempt.
private final class LogReader: Sendable {
    let client: ControlClient
    let kind: Kind
    let namespace: String
    let name: String
    /// The cursor of the last line that was printed.
    private let cursor = Mutex<Int64?>(nil)

    init(_ client: ControlClient, _ kind: Kind, _ namespace: String, _ name: String) {
        self.client = client
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// Prints lines until the task or attempt is over, however often the server ends the stream before.
    func follow() async throws {
        // A name that is wrong, or a server that is not there, is told at once.
        _ = try await isOver()
        try await client.following { answered in
            // Asked before the lines: when it was over then, they are the last ones.
            let isOver = try await isOver()
            answered()
            try await read(follows: !isOver)
            return !isOver
        }
    }

    /// Prints the lines after those that were printed.
    func read(follows: Bool) async throws {
        let environment = try CommandEnvironment.required()
        let query = client.query([
            ("follow", follows ? "true" : nil), ("after", cursor.withLock { $0 }.map { "\($0)" }),
        ])
        let path = client.path(kind, namespace: namespace, name: name) + "/log" + query
        // Only lines of JSON say where one message ends, and from where to go on.
        try await client.transport.lines(path, [("Accept", "application/x-ndjson")]) { line in
            let entry = try Value(json: line)
            let head = "\(cell(entry["time"])) \(cell(entry["attempt"])) \(cell(entry["source"])): "
            environment.output(head + printableLines(entry["message"]?.string ?? "", indent: "    "))
            if let number = entry["cursor"]?.integer { self.cursor.withLock { $0 = number } }
            return true
        }
    }

    private func isOver() async throws -> Bool {
        let object = try await client.get(kind, namespace: namespace, name: name)
        guard let state = object.status?["state"]?.string else { return true }
        if kind.name == "Attempt" { return state != AttemptState.live.rawValue }
        return TaskState(rawValue: state)?.isSettled ?? true
    }
}
