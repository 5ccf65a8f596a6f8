package import ArgumentParser
import Domain

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
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target)
        guard ["Task", "Attempt"].contains(target.kind.name) else {
            throw CommandFailure("only tasks and attempts have logs; see 'agirunner get tasks'")
        }
        let path =
            client.path(target.kind, namespace: connection.namespace, name: try target.required()) + "/log"
        let query = client.query([("follow", follow ? "true" : nil)])
        try await client.transport.lines(path + query, [("Accept", "text/plain")]) { line in
            environment.output(String(decoding: line, as: UTF8.self))
            return true
        }
    }
}
