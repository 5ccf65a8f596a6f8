internal import Domain

// What a source says of itself: conditions, counts and events.
extension SourceController {
    /// The members of a status about what a commit declares, with those about what it does not delete.
    func told(
        _ revision: LoadedRevision,
        _ diagnostics: [Diagnostic],
        _ guarded: [String: Value?]
    ) throws -> [String: Value?] {
        let members: [String: Value?] = [
            "author": .string(revision.author),
            "declared": .integer(Int64(revision.declared.count + revision.heldBack.count)),
            "heldBack": .integer(Int64(revision.heldBack.count)),
            "diagnostics": .array(try shown(diagnostics).map { try Value(encoding: $0) }),
        ]
        return members.merging(guarded) { $1 }
    }

    /// The diagnostics that a status has room for, in their order; an error is never left out for a warning.
    func shown(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        let errors = diagnostics.filter { $0.severity == .error }
        let warnings = diagnostics.filter { $0.severity == .warning }
        return Array((errors + warnings).prefix(GitSourceStatus.diagnosticLimit)).sorted()
    }

    func readiness(
        of revision: LoadedRevision,
        _ plan: Plan,
        _ input: PlanInput,
        _ look: SourceLook
    ) -> Readiness {
        let total = revision.declared.count + revision.heldBack.count
        let errors = revision.diagnostics.filter { $0.severity == .error }.count + plan.conflicts.count
        let waiting = plan.steps.filter { $0.act == .wait }
        let missing = plan.conflicts.count + waiting.count
        let applied =
            "applied \(revision.declared.count - missing) of \(total) objects of \(look.tip.short)"
            + (look.tip == look.newest
                ? "" : ", rolled back from \(look.newest.short) until the next commit")
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
        if let first = waiting.first {
            let more = waiting.count == 1 ? "" : " (and \(waiting.count - 1) more)"
            let message = "\(applied); \(first.key) \(first.reason ?? "waits")\(more)"
            return .reconciling(reason: dependencyNotReady, message: message)
        }
        if let brake = plan.brake {
            let way = plan.refused.isEmpty ? "" : "; agirunner approve gitsource/\(input.source) lets it"
            return .stalled(reason: "PruneRefused", message: "\(applied); \(brake)\(way)")
        }
        let warnings = revision.diagnostics.count { $0.severity == .warning }
        let doubts =
            warnings == 0 ? "" : "; \(warnings) warning\(warnings == 1 ? "" : "s"), see status.diagnostics"
        return .ready(reason: "Applied", message: applied + heldWords(plan) + driftWords(input) + doubts)
    }

    func settle(_ failure: Failure, _ stored: Stored?, _ claimed: ClaimedKey) async -> Outcome {
        guard let stored else { return .failed(failure) }
        let message = "\(failure); what was applied before stays"
        do {
            try await say(.failing(reason: conditionReason(failure), message: message), stored, claimed)
        } catch {
            // The store is the part that fails; the key is released with back-off, which is all there is to
            // say.
        }
        return .failed(failure)
    }

    /// Writes how the source is doing, with an event when that is news; `stored` is the source as it was.
    func say(
        _ readiness: Readiness,
        _ stored: Stored,
        _ claimed: ClaimedKey,
        _ members: [String: Value?] = [:]
    ) async throws {
        let members = members.compactMapValues { $0 }
        let event = sourceEvent(readiness, before: stored)
        try await objects.setStatus(claimed.key, claimed, event) { stored, now in
            status(of: stored, readiness, now: now, members: members)
        }
    }

    func say(_ readiness: Readiness, of key: ObjectKey, _ claimed: ClaimedKey) async throws {
        try await objects.setStatus(key, claimed, nil) { stored, now in
            status(of: stored, readiness, now: now, members: [:])
        }
    }
}

/// The CamelCase word for a failure: its reason, such as `repository_missing`, else its code.
private func conditionReason(_ failure: Failure) -> String {
    (failure.reason ?? failure.code.rawValue).split(separator: "_")
        .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}

/// The event of a source that is doing otherwise than before; nil when it is not.
private func sourceEvent(_ readiness: Readiness, before stored: Stored) -> PlainEvent? {
    let before = stored.object.status?.condition("Ready")?["reason"]?.string
    let (reason, message) = readiness.words
    guard reason != before else { return nil }
    return PlainEvent(
        type: "source.state_changed",
        subject: stored.object.key,
        actor: "controller",
        data: ["reason": .string(reason), "message": .string(message)]
    )
}

/// An object's status with new members and the conditions of its readiness; a member that is null goes.
func status(of stored: Stored, _ readiness: Readiness, now: Timestamp, members: [String: Value]) -> Value {
    let generation = stored.object.metadata.generation
    var status = readiness.status(after: stored.object.status, generation: generation, now: now)
    status["observedGeneration"] = generation.map(Value.integer)
    for (key, value) in members { status[key] = value.isNull ? nil : value }
    return SourceVerification.shown(
        in: status,
        after: stored.object.status,
        generation: generation,
        now: now
    )
}
