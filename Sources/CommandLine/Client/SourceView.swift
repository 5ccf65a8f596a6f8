import Catalog
import Domain
import Reconciler
import Secrets

/// What a server says of one of its sources and of everything that is declared.
struct SourceView {
    let source: Object
    let spec: GitSourceSpec
    /// Every declared object, of all sources and people, sorted by key.
    let stored: [Stored]

    var name: String { source.metadata.name }

    /// The folder that the source reads, empty for the top of the repository.
    var folder: String { spec.path == "." ? "" : spec.path }

    /// The commit that is in force.
    var appliedCommit: CommitID? { source.status?["appliedCommit"]?.string.map { CommitID($0) } }

    /// Reads a source and what is declared; without a name, the only source there is.
    ///
    /// - Throws: `CommandFailure` when there is no such source, or several to choose from.
    init(_ name: String?, _ client: ControlClient) async throws {
        stored = try await storedObjects(client)
        let sources = stored.filter { $0.object.kind == "GitSource" }.map(\.object)
        let named = sources.filter { name == nil || $0.metadata.name == name }
        guard let found = named.first else {
            throw CommandFailure(
                name.map { "there is no GitSource '\($0)'; see 'agirunner get gitsources'" }
                    ?? "there is no GitSource yet; 'agirunner up' makes one"
            )
        }
        guard named.count == 1 else {
            let names = named.map(\.metadata.name).joined(separator: ", ")
            throw CommandFailure("name one of the sources with --source: \(names)")
        }
        source = found
        spec = try (found.spec ?? [:]).decode()
    }

    /// The options the control plane loads this source with, for a commit or for files that are in none.
    func options(commit: CommitID?) -> LoadOptions {
        var options = LoadOptions.source(name, spec, commit: commit ?? uncommitted, stored: stored)
        options.keepsPlaces = true
        return options
    }

    /// What the control plane would plan from.
    func planInput(_ loaded: Loaded) -> PlanInput {
        let declared = Set(loaded.objects.map(\.object.key))
        var input = PlanInput(
            declared: loaded.objects,
            stored: stored.filter { $0.origin.gitSource == name || declared.contains($0.object.key) },
            source: name,
            prune: spec.prune,
            heldBack: Set(loaded.heldBack.keys),
            hasErrors: loaded.hasErrors
        )
        input.drift = spec.drift
        input.inUse = inUse
        let needed = Set(loaded.objects.flatMap(\.object.dependencies))
        for object in stored where needed.contains(object.object.key) {
            input.dependencies[object.object.key] = object
        }
        return input
    }

    /// What runs use that have not ended, each with the first such run by name.
    private var inUse: [ObjectKey: String] {
        var found: [ObjectKey: String] = [:]
        for run in stored.map(\.object) where run.kind == Kind.workflow.name {
            guard run.status?["finishedAt"]?.string == nil else { continue }
            for words in run.status?["uses"]?.array ?? [] {
                guard let parts = words.string?.split(separator: "/"), parts.count == 2 else { continue }
                let key = ObjectKey(
                    String(parts[0]),
                    namespace: run.metadata.namespace,
                    name: String(parts[1])
                )
                if found[key] == nil { found[key] = run.metadata.name }
            }
        }
        return found
    }

    /// What may keep a plan from being carried out at once, for a person.
    var reservations: [String] {
        var lines: [String] = []
        if source.isSuspended { lines.append("is suspended: nothing is applied") }
        if let ready = source.readyCondition, ready["reason"] == "Frozen" {
            lines.append("is frozen: \(cell(ready["message"]))")
        } else if spec.freeze?.isEmpty == false {
            lines.append("has freeze windows, in which a commit waits")
        }
        if let mode = spec.verify?.mode, mode != .off {
            lines.append("verifies signatures, which the server alone looks at")
        }
        return lines.map { "GitSource/\(name) \($0)" }
    }
}

/// The names of those declared objects that runs have already, each with its run.
func liveNames(among declared: [Declared], _ client: ControlClient) async throws -> [ObjectKey: String] {
    let wanted = Set(declared.map(\.object.key).filter { $0.kind == Kind.workItem.name })
    guard !wanted.isEmpty else { return [:] }
    let items = try await client.list(.workItem, namespace: nil, fields: "declared=false")
    let runs = items.filter { wanted.contains($0.key) }.compactMap { item in
        item.metadata.labels?[LiveLabel.workflow].map { (item.key, $0) }
    }
    return Dictionary(runs, uniquingKeysWith: { first, _ in first })
}

/// Stands for the commit that files will be part of.
let uncommitted = CommitID(String(repeating: "0", count: 40))

/// Every declared object of a server, sorted by key; it only reads.
func storedObjects(_ client: ControlClient) async throws -> [Stored] {
    var found: [Stored] = []
    for kind in Kind.all where kind.isDeclared {
        for object in try await client.declared(kind) {
            found.append(
                Stored(object: object, digest: digest(of: object.spec ?? [:]), origin: object.origin)
            )
        }
    }
    return found.sorted { $0.object.key < $1.object.key }
}

/// The comparison that every verb uses: what looks like a credential, or is one in a URL, is not shown.
let fieldComparison = FieldComparison { text in
    // What is no URL at all carries no credential of one.
    looksLikeCredential(text) != nil || (try? RemoteURL(text)).map { $0.description != text } == true
}
