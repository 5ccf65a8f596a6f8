internal import Domain

// What a plan is made from: all that a source has, or only what a commit changes.
extension SourceController {
    /// The changes of a commit, when the plan of them is the plan of everything.
    ///
    /// That is so while the store holds what the commit before declared, whole and faultless, and nothing is
    /// deleted: the brake counts all objects. Whoever asks for a look wants drift to be found, too. The
    /// newest revision tells whether another control plane has written meanwhile.
    private func changesToPlan(
        _ revision: LoadedRevision,
        _ stored: Stored,
        _ request: String?
    ) async throws -> LoadedChanges? {
        let status = stored.object.status
        guard let changes = revision.changes, changes.removed.isEmpty, changes.base != revision.commit,
            status?["appliedCommit"]?.string == changes.base.text,
            status?["observedGeneration"]?.integer == stored.object.metadata.generation,
            status?["lastHandledReconcileAt"]?.string == request,
            !hadErrors(status), wasApplied(stored),
            !revision.diagnostics.contains(where: { $0.severity == .error })
        else { return nil }
        let newest = try await objects.newestApplied(stored.object.metadata.name)
        return newest == changes.base ? changes : nil
    }

    /// The input of a plan of everything.
    func planInput(
        _ revision: LoadedRevision,
        _ spec: GitSourceSpec,
        source: String
    ) async throws -> PlanInput {
        var stored = try await objects.ofSource(source)
        let known = Set(stored.map(\.object.key))
        let others = revision.declared.map(\.object.key).filter { !known.contains($0) }
        stored += try await objects.storedAmong(others)
        var input = PlanInput(
            declared: revision.declared,
            stored: stored,
            source: source,
            prune: spec.prune,
            heldBack: Set(revision.heldBack.keys),
            hasErrors: revision.diagnostics.contains { $0.severity == .error }
        )
        input.drift = spec.drift
        let missing = missing(input)
        if !missing.isEmpty { input.inUse = try await objects.inUse(missing) }
        input.live = try await live(input)
        input.dependencies = try await dependencies(of: revision.declared)
        return input
    }

    /// The input of a plan of what a commit changes; nil when the whole has to be planned.
    func partialInput(_ revision: LoadedRevision, _ look: SourceLook) async throws -> PlanInput? {
        guard let changes = try await changesToPlan(revision, look.stored, look.request) else { return nil }
        let stored = try await objects.storedAmong(changes.put.map(\.object.key))
        // What was held and is declared again changes how many are held, which only the whole tells.
        guard !stored.contains(where: { PruneHold.condition(of: $0.object.status) != nil }) else {
            return nil
        }
        var input = PlanInput(
            declared: changes.put,
            stored: stored,
            source: look.name,
            prune: look.spec.prune,
            heldBack: [],
            hasErrors: false
        )
        input.drift = look.spec.drift
        input.live = try await live(input)
        input.dependencies = try await dependencies(of: changes.put)
        return input
    }

    /// What runs have under the names of new objects.
    private func live(_ input: PlanInput) async throws -> [ObjectKey: String] {
        let keys = input.declared.map(\.object.key).filter { Kind.named($0.kind)?.isAlsoLive == true }
        guard !keys.isEmpty else { return [:] }
        let known = Set(input.stored.map(\.object.key))
        return try await objects.live(keys.filter { !known.contains($0) })
    }

    /// What objects depend on by their annotation, as it is stored.
    private func dependencies(of declared: [Declared]) async throws -> [ObjectKey: Stored] {
        let keys = Set(declared.flatMap(\.object.dependencies)).sorted()
        guard !keys.isEmpty else { return [:] }
        let stored = try await objects.storedAmong(keys)
        return Dictionary(stored.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether everything of the last look was applied: no conflict, and no brake on deletions.
    private func wasApplied(_ stored: Stored) -> Bool {
        stored.object.status?.condition("Ready")?["reason"] == "Applied"
    }
}

extension ApplyStep {
    /// This step as one of a commit.
    func of(_ commit: CommitID) -> ApplyStep {
        guard case .put(var declared) = self else { return self }
        declared.origin.commit = commit
        return .put(declared)
    }
}
