package import Domain

/// Brings a GitSource's newest commit into the store.
package struct SourceController: Sendable {
    let objects: ObjectPorts
    private let source: SourcePorts

    /// A controller of its ports.
    package init(objects: ObjectPorts, source: SourcePorts) {
        self.objects = objects
        self.source = source
    }

    /// One look at a source: ref, load, plan, apply, status.
    package func reconcile(_ claimed: ClaimedKey) async -> Outcome {
        var known: Stored?
        do {
            guard let stored = try await objects.stored(claimed.key) else { return .done }
            known = stored
            let spec: GitSourceSpec = try (stored.object.spec ?? [:]).decode()
            // Sources that were stored before the interval had a least one must not keep the loop busy.
            let wanted = max(.seconds(1), Duration(text: spec.interval) ?? .seconds(60))
            let interval = jittered(wanted, for: stored.object.metadata.name)
            let isSuspended =
                spec.suspend || stored.object.metadata.annotations?[DoorAnnotations.suspend] == "true"
            let planned = isSuspended ? plannedCommit(stored) : nil
            guard !isSuspended || planned != nil else {
                let suspended = Readiness.ready(reason: "Suspended", message: "the source is suspended")
                try await say(suspended, stored, claimed)
                return .done
            }
            return try await reconcile(stored, spec, claimed, planned: planned, interval: interval)
        } catch let failure as Failure {
            return await settle(failure, known, claimed)
        } catch {
            let failure = Failure(.internal, "the source could not be reconciled", cause: error)
            return await settle(failure, known, claimed)
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
        guard let newest = found else {
            let message = "\(describe(spec.ref)) does not exist in \(spec.url); what was applied before stays"
            try await say(.failing(reason: "ReferenceNotFound", message: message), stored, claimed)
            return .again(after: interval)
        }
        let tip = planned == nil ? rolledBack(stored, from: newest) ?? newest : newest
        let request = stored.object.metadata.annotations?[GitSourceSpec.reconcileAt]
        let policies = try await policyVersion(spec)
        guard needsApply(stored, tip, request, policies) else { return .again(after: interval) }
        if let waits = try await unreadySource(spec) {
            try await say(.reconciling(reason: dependencyNotReady, message: waits), stored, claimed)
            return .again(after: min(interval, dependencyPause))
        }
        let revision = try await source.load(name, spec, tip)
        let partial = try await partialInput(revision, spec, stored, request)
        var input =
            if let partial { partial } else { try await planInput(revision, spec, source: name) }
        input.isPruneApproved = GitSourceStatus.approvedPrune(stored.object.status)?.commit == tip
        let plan = plan(input)
        let diagnostics = (revision.diagnostics + plan.conflicts).sorted()
        if !plan.isEmpty || stored.object.status?["appliedCommit"]?.string != tip.text {
            try await objects.apply(
                RevisionWrite(
                    source: name,
                    commit: tip,
                    author: revision.author,
                    message: revision.message,
                    // What was declared by an earlier commit, too, is written as this one's.
                    steps: plan.writes.map { $0.of(tip) },
                    declaredCount: revision.declared.count + revision.heldBack.count,
                    heldBackCount: revision.heldBack.count,
                    diagnostics: shown(diagnostics)
                ),
                claimed
            )
        }
        try await markReadiness(input, revision, claimed)
        try await markHolds(plan, input, claimed)
        if planned == nil, tip == newest { try await noteRewriting(stored, tip) }
        try await say(
            readiness(of: revision, plan, tip, notYet: tip == newest ? nil : newest, source: name),
            stored,
            claimed,
            try told(revision, diagnostics, guarded(plan, tip, isWhole: partial == nil)).merging([
                "observedCommit": .string(newest.text), "appliedCommit": .string(tip.text),
                "lastHandledReconcileAt": request.map(Value.string), "policies": .string(policies),
            ]) { $1 }
        )
        return .again(after: plan.waits ? min(interval, dependencyPause) : interval)
    }

    /// The members of a status about what a commit declares, with those about what it does not delete.
    private func told(
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

    /// Tells, as an event, that a branch no longer holds the commit that was in force: it is applied like any
    /// other, but somebody should know.
    private func noteRewriting(_ stored: Stored, _ tip: CommitID) async throws {
        let status = stored.object.status
        // Another ref, or another repository, has a history of its own.
        guard let text = status?["appliedCommit"]?.string, text != tip.text,
            status?["observedGeneration"]?.integer == stored.object.metadata.generation,
            try await !source.follows(stored.object.metadata.name, tip, CommitID(text))
        else { return }
        try await objects.record(
            PlainEvent(
                type: "source.history_rewritten",
                subject: stored.object.key,
                actor: "controller",
                data: ["from": .string(text), "to": .string(tip.text)]
            )
        )
    }

    /// The diagnostics that a status has room for, in their order; an error is never left out for a warning.
    private func shown(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        let errors = diagnostics.filter { $0.severity == .error }
        let warnings = diagnostics.filter { $0.severity == .warning }
        return Array((errors + warnings).prefix(GitSourceStatus.diagnosticLimit)).sorted()
    }

    /// Whether the last look found an error; warnings are no reason to look again.
    func hadErrors(_ status: Value?) -> Bool {
        status?["diagnostics"]?.array?.contains { $0["severity"] != "warning" } == true
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

    /// The earlier commit that somebody put in force in place of this one; nil when nobody did.
    private func rolledBack(_ stored: Stored, from tip: CommitID) -> CommitID? {
        guard let text = stored.object.metadata.annotations?[GitSourceSpec.rollback],
            let dots = text.firstRange(of: ".."), text[..<dots.lowerBound] == tip.text
        else { return nil }
        return CommitID(String(text[dots.upperBound...]))
    }

    /// Whether anything could differ: another commit, spec or Policy, somebody asked, the last look came to
    /// no end, or what the commit declares was not wholly applied, which may be possible by now.
    private func needsApply(_ stored: Stored, _ tip: CommitID, _ request: String?, _ policies: String) -> Bool
    {
        let status = stored.object.status
        return status?["appliedCommit"]?.string != tip.text
            || status?["observedGeneration"]?.integer != stored.object.metadata.generation
            || status?["lastHandledReconcileAt"]?.string != request
            || status?["policies"]?.string ?? "" != policies
            || hadErrors(status) || wasCutShort(stored) || isPruneApproved(stored, tip) || holdsForRun(stored)
    }

    /// Whether the last look did not judge the commit: there was no answer, or the source was suspended.
    private func wasCutShort(_ stored: Stored) -> Bool {
        (stored.object.status?["conditions"]?.array ?? []).contains { condition in
            condition["type"] == "Reconciling"
                || condition["type"] == "Ready" && condition["reason"] == "Suspended"
        }
    }

    /// What an error holds back says so, and its last good version stays in force; what is held back no more
    /// says that, too, whether or not it was written.
    private func markReadiness(
        _ input: PlanInput,
        _ revision: LoadedRevision,
        _ claimed: ClaimedKey
    ) async throws {
        for stored in input.stored where !Kind.isControlled(stored.object.kind) {
            guard stored.origin.gitSource == input.source, isHeldBack(stored),
                !input.heldBack.contains(stored.object.key)
            else { continue }
            try await say(.inForce, of: stored.object.key, claimed)
        }
        for (key, diagnostic) in revision.heldBack where !Kind.isControlled(key.kind) {
            let message = "\(diagnostic.path):\(diagnostic.span.start.line): \(diagnostic.message)"
            try await say(.stalled(reason: heldBackReason, message: message), of: key, claimed)
        }
    }

    private func isHeldBack(_ stored: Stored) -> Bool {
        (stored.object.status?["conditions"]?.array ?? []).contains { condition in
            condition["type"] == "Ready" && condition["reason"]?.string == heldBackReason
        }
    }

    private func readiness(
        of revision: LoadedRevision,
        _ plan: Plan,
        _ tip: CommitID,
        notYet newest: CommitID?,
        source: String
    ) -> Readiness {
        let total = revision.declared.count + revision.heldBack.count
        let errors = revision.diagnostics.filter { $0.severity == .error }.count + plan.conflicts.count
        let waiting = plan.steps.filter { $0.act == .wait }
        let missing = plan.conflicts.count + waiting.count
        let applied =
            "applied \(revision.declared.count - missing) of \(total) objects of \(tip.short)"
            + (newest.map { ", rolled back from \($0.short) until the next commit" } ?? "")
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
            let way = plan.refused.isEmpty ? "" : "; agirunner approve gitsource/\(source) lets it"
            return .stalled(reason: "PruneRefused", message: "\(applied); \(brake)\(way)")
        }
        let warnings = revision.diagnostics.count { $0.severity == .warning }
        let doubts =
            warnings == 0 ? "" : "; \(warnings) warning\(warnings == 1 ? "" : "s"), see status.diagnostics"
        return .ready(reason: "Applied", message: applied + heldWords(plan) + doubts)
    }

    private func settle(_ failure: Failure, _ stored: Stored?, _ claimed: ClaimedKey) async -> Outcome {
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
    private func say(
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

    private func say(_ readiness: Readiness, of key: ObjectKey, _ claimed: ClaimedKey) async throws {
        try await objects.setStatus(key, claimed, nil) { stored, now in
            status(of: stored, readiness, now: now, members: [:])
        }
    }

    private func describe(_ ref: GitSourceSpec.Reference) -> String {
        ref.branch.map { "branch '\($0)'" } ?? ref.tag.map { "tag '\($0)'" } ?? "commit \(ref.commit ?? "?")"
    }
}

/// Why an object is not ready that an error keeps out of a commit.
private let heldBackReason = "InvalidFile"

/// The CamelCase word for a failure: its reason, such as `repository_missing`, else its code.
private func conditionReason(_ failure: Failure) -> String {
    (failure.reason ?? failure.code.rawValue).split(separator: "_")
        .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}

/// The event of a source that is doing otherwise than before; nil when it is not.
private func sourceEvent(_ readiness: Readiness, before stored: Stored) -> PlainEvent? {
    let conditions = stored.object.status?["conditions"]?.array ?? []
    let before = conditions.first { $0["type"] == "Ready" }?["reason"]?.string
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
    var status = stored.object.status?.object ?? [:]
    // A status that cannot be read is one of an older version: its conditions begin anew.
    let old: [Condition] = (try? stored.object.status?["conditions"]?.decode()) ?? []
    let generation = stored.object.metadata.generation
    let conditions = readiness.conditions(after: old, now: now, generation: generation)
    status["conditions"] = (try? Value(encoding: conditions)) ?? .array([])  // Conditions always encode.
    status["observedGeneration"] = generation.map(Value.integer)
    status = PruneHold.kept(from: stored.object.status, in: .object(status)).object ?? status
    for (key, value) in members { status[key] = value.isNull ? nil : value }
    return .object(status)
}
