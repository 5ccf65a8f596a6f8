package import ArgumentParser
import Catalog
import Domain
import Reconciler

/// `agirunner trace`.
package struct Trace: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Show where an object comes from: its owners, source, commit, file and line.",
        discussion: "Examples: agirunner trace role/developer · agirunner trace task/fix-division-1-1"
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME.") var target: String

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target)
        let first = try await client.get(
            target.kind,
            namespace: connection.namespace,
            name: try target.required()
        )
        let chain = try await owners(of: first, client)
        var rows = chain.enumerated().map { index, object in
            (index == 0 ? "Object" : "Owner", title(object) + standing(object))
        }
        if let declared = chain.last { rows += try await origin(of: declared, client) }
        for (name, value) in rows {
            environment.output(
                "\(name):" + String(repeating: " ", count: 10 - name.count) + printable(value)
            )
        }
    }

    /// The object and what it belongs to, up to what was declared.
    private func owners(of object: Object, _ client: ControlClient) async throws -> [Object] {
        var chain = [object]
        // A chain is work item, task, attempt below a run; the bound keeps a wrong one from going round.
        while chain.count < 10, let last = chain.last, let owner = last.metadata.ownerReferences?.first,
            let kind = Kind.named(owner.kind)
        {
            guard
                let found = try await client.find(
                    kind,
                    namespace: last.metadata.namespace,
                    name: owner.name
                )
            else { break }
            chain.append(found)
        }
        return chain
    }

    private func origin(of object: Object, _ client: ControlClient) async throws -> [(String, String)] {
        let origin = object.origin
        guard let name = origin.gitSource ?? object.status?["source"]?.string else {
            let user = origin.appliedBy.map { "applied by \($0) on the control door" }
            return [("Source", user ?? "none: a controller made it")]
        }
        var rows: [(String, String)] = []
        if let place = FilePlace(origin) { rows.append(("File", "\(place)")) }
        if let commit = origin.commit {
            let revisions = try await appliedRevisions(of: name, client)
            let revision = revisions.first { $0.status?["commit"]?.string == commit.text }?.status
            let words = revision.map { "  \(cell($0["author"])): \(cell($0["message"]))" } ?? ""
            rows.append(("Commit", commit.text + words))
        }
        guard let source = try await client.find(.gitSource, namespace: nil, name: name) else {
            return rows + [("Source", "gitsource/\(name), which is gone")]
        }
        let reference = source.spec?["ref"]?.object?.sorted { $0.key < $1.key }
            .map { "\($0.key) \(cell($0.value))" }.first
        // A URL that cannot be read has been refused, and is shown by nobody.
        let url = source.spec?["url"]?.string.flatMap { try? RemoteURL($0) }?.description
        let place = [url, reference].compactMap(\.self).joined(separator: ", ")
        rows.append(("Source", "gitsource/\(name) (\(place))"))
        let applied = source.status?["appliedCommit"]?.string.map { CommitID($0).short } ?? "nothing"
        rows.append(("Applied", applied + standing(source)))
        return rows
    }
}
