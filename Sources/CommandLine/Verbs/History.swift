package import ArgumentParser
import Domain

/// `agirunner history`.
package struct History: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "List the commits of a source that were applied, newest first.",
        discussion: "Example: agirunner history gitsource/main"
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "gitsource/NAME.") var target: String
    @Option(name: .shortAndLong, help: "table or json.") var output = "table"
    @Option(help: "How many, at most.") var limit = 20

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        guard ["table", "json"].contains(output) else {
            throw CommandFailure("-o must be table or json, not '\(output)'")
        }
        guard limit > 0 else { throw CommandFailure("--limit must be at least 1") }
        let target = try Target(self.target)
        guard target.kind.name == "GitSource" else { throw CommandFailure("only a gitsource has a history") }
        let name = try target.required()
        let client = try connection.client()
        let revisions = try await appliedRevisions(of: name, client)
        if revisions.isEmpty {
            // Tells a source without history from one that does not exist.
            _ = try await client.get(target.kind, namespace: nil, name: name)
            environment.notice("gitsource/\(name) has applied no commit yet")
        }
        let shown = revisions.prefix(limit)
        if output == "json" {
            return environment.output(Value.array(try shown.map { try Value(encoding: $0) }).prettyJSON)
        }
        guard !shown.isEmpty else { return }
        for line in table(Array(shown), now: environment.now()) { environment.output(line) }
        if revisions.count > limit { environment.notice("… \(revisions.count - limit) more; see --limit") }
    }

    private func table(_ revisions: [Object], now: Timestamp) -> [String] {
        var table = TableText([
            "Commit", "Phase", "Applied", "Author", "Made", "Changed", "Deleted", "Held-Back", "Message",
        ])
        for revision in revisions {
            let status = revision.status ?? .null
            let time = status["finishedAt"]?.string.flatMap { Timestamp($0) }
            table.add([
                CommitID(cell(status["commit"])).short, cell(status["phase"]),
                time.map { (now - $0).roughText + " ago" } ?? "<none>", cell(status["author"]),
                cell(status["created"]), cell(status["changed"]), cell(status["removed"]),
                cell(status["heldBack"]), cell(status["failure"] ?? status["message"]),
            ])
        }
        return table.lines()
    }
}
