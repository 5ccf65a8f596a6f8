package import Domain

/// Brings a GitSource's newest commit into the store.
package struct SourceController: Sendable {
    private let objects: ObjectPorts
    private let source: SourcePorts

    /// A controller of its ports.
    package init(objects: ObjectPorts, source: SourcePorts) {
        self.objects = objects
        self.source = source
    }

    /// One look at a source: ref, load, plan, apply, status.
    package func reconcile(_ claimed: ClaimedKey) async -> Outcome {
        do {
            guard let stored = try await objects.stored(claimed.key) else { return .done }
            let spec: GitSourceSpec = try (stored.object.spec ?? [:]).decode()
            let interval = Duration(text: spec.interval) ?? .seconds(60)
            let isSuspended =
                spec.suspend || stored.object.metadata.annotations?["agirunner.dev/suspend"] == "true"
            let planned = isSuspended ? plannedCommit(stored) : nil
            guard !isSuspended || planned != nil else {
                try await say(.ready(reason: "Suspended", message: "the source is suspended"), claimed, [:])
                return .done
            }
            return try await reconcile(stored, spec, claimed, planned: planned, interval: interval)
        } catch let failure as Failure {
            return await settle(failure, claimed)
        } catch {
            return await settle(
                Failure(.internal, "the source could not be reconciled", cause: error),
                claimed
            )
        }
    }

    private func reconcile(
        _ stored: Stored,
        _ spec: GitSourceSpec,
        _ claimed: ClaimedKey,
        planned: CommitID?,
        interval: Duration
    ) async throws -> Outcome {
        let name = stored.object.metadata.name
        let found: CommitID? = if let planned { planned } else { try await source.tip(name, spec) }
        guard let tip = found else {
            let message = "\(describe(spec.ref)) does not exist in \(spec.url); what was applied before stays"
            try await say(.failing(reason: "ReferenceNotFound", message: message), claimed, [:])
            return .again(after: interval)
        }
        let request = stored.object.metadata.annotations?[GitSourceSpec.reconcileAt]
        guard needsApply(stored, tip: tip, request: request) else { return .again(after: interval) }
        let revision = try await source.load(name, spec, tip)
        let plan = plan(try await planInput(revision, spec, source: name))
        let diagnostics = (revision.diagnostics + plan.conflicts).sorted()
        if !plan.isEmpty || stored.object.status?["appliedCommit"]?.string != tip.text {
            try await objects.apply(
                RevisionWrite(
                    source: name,
                    commit: tip,
                    author: revision.author,
                    message: revision.message,
                    steps: plan.writes,
                    declaredCount: revision.declared.count + revision.heldBack.count,
                    heldBackCount: revision.heldBack.count,
                    diagnostics: diagnostics
                ),
                claimed
            )
        }
        try await markReadiness(plan, revision, claimed)
        try await say(
            readiness(of: revision, plan, tip),
            claimed,
            [
                "observedCommit": .string(tip.text), "appliedCommit": .string(tip.text),
                "author": .string(revision.author), "lastHandledReconcileAt": request.map(Value.string),
                "declared": .integer(Int64(revision.declared.count + revision.heldBack.count)),
                "heldBack": .integer(Int64(revision.heldBack.count)),
                "diagnostics": .array(try diagnostics.prefix(50).map { try Value(encoding: $0) }),
            ]
        )
        return .again(after: interval)
    }

    /// The commit that a suspended source was asked to apply once; nil when what the plan was based on is no
    /// longer in force, as after it was carried out.
    private func plannedCommit(_ stored: Stored) -> CommitID? {
        guard let text = stored.object.metadata.annotations?[GitSourceSpec.applyPlan],
            let dots = text.firstRange(of: "..")
        else { return nil }
        let commit = CommitID(String(text[dots.upperBound...]))
        let applied = stored.object.status?["appliedCommit"]?.string ?? ""
        return applied == text[..<dots.lowerBound] && applied != commit.text ? commit : nil
    }

    /// Whether anything could differ: another commit, another spec, somebody asked, the last look came to no
    /// end, or what the commit declares was not wholly applied, which may be possible by now.
    private func needsApply(_ stored: Stored, tip: CommitID, request: String?) -> Bool {
        let status = stored.object.status
        return status?["appliedCommit"]?.string != tip.text
            || status?["observedGeneration"]?.integer != stored.object.metadata.generation
            || status?["lastHandledReconcileAt"]?.string != request
            || status?["diagnostics"]?.array?.isEmpty == false || wasCutShort(stored)
    }

    /// Whether the last look did not judge the commit: there was no answer, or the source was suspended.
    private func wasCutShort(_ stored: Stored) -> Bool {
        (stored.object.status?["conditions"]?.array ?? []).contains { condition in
            condition["type"] == "Reconciling"
                || condition["type"] == "Ready" && condition["reason"] == "Suspended"
        }
    }

    private func planInput(
        _ revision: LoadedRevision,
        _ spec: GitSourceSpec,
        source: String
    ) async throws -> PlanInput {
        var stored = try await objects.ofSource(source)
        let known = Set(stored.map(\.object.key))
        for declared in revision.declared where !known.contains(declared.object.key) {
            if let other = try await objects.stored(declared.object.key) { stored.append(other) }
        }
        return PlanInput(
            declared: revision.declared,
            stored: stored,
            source: source,
            prune: spec.prune,
            heldBack: Set(revision.heldBack.keys),
            hasErrors: revision.diagnostics.contains { $0.severity == .error }
        )
    }

    /// What is written is ready; what an error holds back says so, and its last good version stays in force.
    private func markReadiness(_ plan: Plan, _ revision: LoadedRevision, _ claimed: ClaimedKey) async throws {
        for step in plan.steps where step.declared != nil && isPassive(step.key.kind) {
            try await say(.ready(reason: "Applied", message: "in force"), of: step.key, claimed, [:])
        }
        for (key, diagnostic) in revision.heldBack where isPassive(key.kind) {
            let message = "\(diagnostic.path):\(diagnostic.span.start.line): \(diagnostic.message)"
            try await say(.stalled(reason: "InvalidFile", message: message), of: key, claimed, [:])
        }
    }

    /// Whether a kind has no controller of its own, so that being stored is all there is to it.
    private func isPassive(_ kind: String) -> Bool { !["GitSource", "Workflow", "Decision"].contains(kind) }

    private func readiness(of revision: LoadedRevision, _ plan: Plan, _ tip: CommitID) -> Readiness {
        let total = revision.declared.count + revision.heldBack.count
        let errors = revision.diagnostics.filter { $0.severity == .error }.count + plan.conflicts.count
        let applied =
            "applied \(revision.declared.count - plan.conflicts.count) of \(total) objects of \(tip.short)"
        if let first = plan.conflicts.first {
            return .stalled(reason: "OwnershipConflict", message: first.message)
        }
        if errors > 0 {
            let noun = errors == 1 ? "error" : "errors"
            return .stalled(
                reason: "InvalidFiles",
                message: "\(applied); \(errors) \(noun), see status.diagnostics"
            )
        }
        if let brake = plan.brake { return .stalled(reason: "PruneRefused", message: "\(applied); \(brake)") }
        return .ready(reason: "Applied", message: applied)
    }

    private func settle(_ failure: Failure, _ claimed: ClaimedKey) async -> Outcome {
        do {
            try await say(
                .failing(
                    reason: conditionReason(failure),
                    message: "\(failure); what was applied before stays"
                ),
                claimed,
                [:]
            )
        } catch {
            // The store is the part that fails; the key is released with back-off, which is all there is to
            // say.
        }
        return .failed(failure)
    }

    private func say(_ readiness: Readiness, _ claimed: ClaimedKey, _ members: [String: Value?]) async throws
    {
        try await say(readiness, of: claimed.key, claimed, members)
    }

    private func say(
        _ readiness: Readiness,
        of key: ObjectKey,
        _ claimed: ClaimedKey,
        _ members: [String: Value?]
    ) async throws {
        let members = members.compactMapValues { $0 }
        try await objects.setStatus(key, claimed, nil) { stored, now in
            status(of: stored, readiness, now: now, members: members)
        }
    }

    private func describe(_ ref: GitSourceSpec.Reference) -> String {
        ref.branch.map { "branch '\($0)'" } ?? ref.tag.map { "tag '\($0)'" } ?? "commit \(ref.commit ?? "?")"
    }
}

/// The CamelCase word for a failure: its reason, such as `repository_missing`, else its code.
private func conditionReason(_ failure: Failure) -> String {
    (failure.reason ?? failure.code.rawValue).split(separator: "_")
        .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}

/// An object's status with new members and the conditions of its readiness.
func status(of stored: Stored, _ readiness: Readiness, now: Timestamp, members: [String: Value]) -> Value {
    var status = stored.object.status?.object ?? [:]
    // A status that cannot be read is one of an older version: its conditions begin anew.
    let old: [Condition] = (try? stored.object.status?["conditions"]?.decode()) ?? []
    let generation = stored.object.metadata.generation
    let conditions = readiness.conditions(after: old, now: now, generation: generation)
    status["conditions"] = (try? Value(encoding: conditions)) ?? .array([])  // Conditions always encode.
    status["observedGeneration"] = generation.map(Value.integer)
    for (key, value) in members { status[key] = value }
    return .object(status)
}
