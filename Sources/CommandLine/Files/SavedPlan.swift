import Catalog
import Domain
import Reconciler

/// A plan in a file: what was shown to people, and what it was made from, by which it is known whether it
/// still holds.
struct SavedPlan: Codable, Equatable {
    /// One object that the plan was made from.
    struct Base: Codable, Equatable {
        let key: ObjectKey
        /// The digest of what people declare of it and of who owns it; a status may move meanwhile.
        let digest: Digest
    }

    private static let format = "agirunner.dev/plan/v1"

    let format: String
    let source: String
    /// The digest of the source's spec, which decides what is read and how much may be deleted.
    let sourceDigest: Digest
    /// The commit that was in force; nil when none was.
    let appliedCommit: CommitID?
    let commit: CommitID
    /// Sorted by key.
    let objects: [Base]
    /// Everything the commit declares, sorted: whoever else makes one of these objects meanwhile is seen.
    let declared: [ObjectKey]
    /// Without secrets, for whoever approves it.
    let report: ChangeReport

    /// The plan of a commit.
    init(
        _ input: PlanInput,
        _ report: ChangeReport,
        _ view: SourceView,
        commit: CommitID
    ) {
        format = Self.format
        source = view.name
        sourceDigest = digest(of: view.source.spec ?? [:])
        appliedCommit = view.appliedCommit
        self.commit = commit
        objects = input.stored.map { Base(key: $0.object.key, digest: Self.contentDigest($0)) }
            .sorted { $0.key < $1.key }
        declared = input.declared.map(\.object.key).sorted()
        self.report = report
    }

    /// Reads a saved plan.
    ///
    /// - Throws: `CommandFailure` for a file that is none.
    init(bytes: [UInt8], path: String) throws {
        do {
            self = try Value(json: bytes).decode()
        } catch {
            throw CommandFailure("\(path) is no saved plan; make one with 'agirunner plan --revision … -o'")
        }
        guard format == Self.format else {
            throw CommandFailure("\(path) is a plan of another version (\(format)); make it again")
        }
    }

    /// The text of the file.
    func text() throws -> String { try Value(encoding: self).prettyJSON + "\n" }

    /// What has changed since the plan was made, a line each; nothing when it still holds.
    func stale(in view: SourceView) -> [String] {
        var lines: [String] = []
        if digest(of: view.source.spec ?? [:]) != sourceDigest {
            lines.append("GitSource/\(source) has another spec")
        }
        if view.appliedCommit != appliedCommit {
            let (then, now) = (appliedCommit?.short ?? "nothing", view.appliedCommit?.short ?? "nothing")
            lines.append("GitSource/\(source) has applied \(now); the plan is based on \(then)")
        }
        let declared = Set(declared)
        let now = view.stored.filter { $0.origin.gitSource == source || declared.contains($0.object.key) }
        let live = Dictionary(
            now.map { ($0.object.key, Self.contentDigest($0)) },
            uniquingKeysWith: { first, _ in first }
        )
        for base in objects {
            guard let found = live[base.key] else {
                lines.append("\(base.key) is gone")
                continue
            }
            if found != base.digest { lines.append("\(base.key) has changed") }
        }
        let known = Set(objects.map(\.key))
        lines += live.keys.filter { !known.contains($0) }.sorted().map { "\($0) is new" }
        return lines
    }

    private static func contentDigest(_ stored: Stored) -> Digest {
        let metadata = stored.object.metadata
        return Catalog.digest(
            of: .members([
                "uid": metadata.uid.map { .string($0.text) },
                "spec": stored.object.spec,
                "labels": .object((metadata.labels ?? [:]).mapValues { .string($0) }),
                "annotations": .object((metadata.annotations ?? [:]).mapValues { .string($0) }),
                "source": stored.origin.gitSource.map(Value.string),
                "appliedBy": stored.origin.appliedBy.map(Value.string),
            ])
        )
    }
}

/// Has the server apply the commit of a saved plan, if everything is as it was when the plan was made.
///
/// - Throws: `CommandFailure` that names what went stale, before anything was asked for; or says what the
///   server did instead.
func carryOut(_ path: String, _ client: ControlClient, within limit: Duration) async throws {
    let environment = try CommandEnvironment.required()
    let plan = try SavedPlan(bytes: readFile(path), path: path)
    let view = try await SourceView(plan.source, client)
    let stale = plan.stale(in: view)
    guard stale.isEmpty else {
        let shown = stale.prefix(20).map { "\n  \($0)" }.joined()
        let rest = stale.count > 20 ? "\n  … \(stale.count - 20) more" : ""
        throw CommandFailure("the plan is stale, and nothing was done; plan again\(shown)\(rest)")
    }
    guard plan.appliedCommit != plan.commit else {
        return environment.output("\(view.source.key.reference) unchanged")
    }
    let source = try await client.askForLook(
        at: plan.source,
        annotations: [
            GitSourceSpec.applyPlan: .string("\(plan.appliedCommit?.text ?? "")..\(plan.commit.text)")
        ],
        until: "applied \(plan.commit.short)",
        within: limit
    )
    let applied = source.status?["appliedCommit"]?.string.map { CommitID($0) }
    guard applied == plan.commit else {
        throw CommandFailure(
            "GitSource/\(plan.source) has applied \(applied?.short ?? "nothing") instead of "
                + "\(plan.commit.short): its ref leads there"
        )
    }
    environment.output("\(view.source.key.reference) applied \(plan.commit.short)")
}
