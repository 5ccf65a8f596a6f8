package import ArgumentParser
import Catalog
import Domain
import Reconciler

/// `agirunner tree`.
package struct Tree: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Show what belongs to a source or a run, or what any other object uses and is used by.",
        discussion: """
            A source is shown by file, a run by who owns whom. Of every other kind that is declared it shows \
            what an object refers to, and what refers to it.

            Examples:
              agirunner tree gitsource/main
              agirunner tree workflow/fix-division
              agirunner tree skill/careful-review
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME.") var target: String

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target)
        let name = try target.required()
        let root: TreeNode
        switch target.kind.name {
        case "GitSource":
            let source = try await client.get(target.kind, namespace: nil, name: name)
            root = sourceTree(source, try await storedObjects(client).map(\.object))
        case "Workflow":
            let run = try await client.get(target.kind, namespace: connection.namespace, name: name)
            root = runTree(run, try await parts(of: name, client))
        case let kind where target.kind.isDeclared:
            let key = ObjectKey(
                kind,
                namespace: target.kind.isNamespaced ? connection.namespace : nil,
                name: name
            )
            // Tells one that does not exist from one that nothing uses.
            _ = try await client.get(target.kind, namespace: key.namespace, name: name)
            root = UsageTree(try await storedObjects(client).map(\.object)).tree(of: key)
        default: throw CommandFailure("what is live belongs to a run: agirunner tree workflow/NAME")
        }
        for line in root.lines() { environment.output(printable(line)) }
    }

    /// Everything that controllers made for a run.
    private func parts(of workflow: String, _ client: ControlClient) async throws -> [Object] {
        var parts: [Object] = []
        for kind: Kind in [.workItem, .task, .attempt, .handoff, .gate, .escalation] {
            parts += try await client.list(
                kind,
                namespace: connection.namespace,
                labels: "\(LiveLabel.workflow)=\(workflow)"
            )
        }
        return parts
    }
}

/// A line with lines below it.
struct TreeNode: Equatable {
    let text: String
    var children: [TreeNode] = []

    /// The lines with the branches drawn.
    func lines() -> [String] { [text] + below(indent: "") }

    private func below(indent: String) -> [String] {
        children.enumerated().flatMap { index, child in
            let isLast = index == children.count - 1
            return ["\(indent)\(isLast ? "└── " : "├── ")\(child.text)"]
                + child.below(indent: indent + (isLast ? "    " : "│   "))
        }
    }
}

/// What a source declared, by file and in the order of the file.
func sourceTree(_ source: Object, _ objects: [Object]) -> TreeNode {
    let own = objects.filter { $0.origin.gitSource == source.metadata.name }
    let files = Dictionary(grouping: own) { $0.origin.path ?? "?" }
    let applied = source.status?["appliedCommit"]?.string.map { CommitID($0).short } ?? "nothing"
    return TreeNode(
        text: "gitsource/\(source.metadata.name) at \(applied)\(standing(source))",
        children: files.sorted { $0.key < $1.key }.map { path, objects in
            TreeNode(
                text: path,
                children: objects.sorted { ($0.origin.line ?? 0, $0.key) < ($1.origin.line ?? 0, $1.key) }
                    .map { TreeNode(text: title($0) + standing($0)) }
            )
        }
    )
}

/// A run and its parts, each below its owner and oldest first.
func runTree(_ run: Object, _ parts: [Object]) -> TreeNode {
    let owned = Dictionary(grouping: parts) { $0.metadata.ownerReferences?.first?.uid }
    func node(_ object: Object, depth: Int) -> TreeNode {
        // An owner that owns itself would never end; no real tree is that deep.
        let below = depth < 10 ? owned[object.metadata.uid] ?? [] : []
        return TreeNode(
            text: title(object) + standing(object),
            children: below.sorted(by: isOlder).map { node($0, depth: depth + 1) }
        )
    }
    return node(run, depth: 0)
}

private func isOlder(_ left: Object, _ right: Object) -> Bool {
    let zero = Timestamp(microseconds: 0)
    return (left.metadata.creationTimestamp ?? zero, left.key)
        < (right.metadata.creationTimestamp ?? zero, right.key)
}
