package import Domain

/// Brings a GitSource's newest commit into the store.
package struct SourceController: Sendable {
    let objects: ObjectPorts
    let source: SourcePorts

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
                spec.suspend || stored.object.metadata.annotations?[GitSourceSpec.suspendAnnotation] == "true"
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
        let look = SourceLook(
            stored: stored,
            spec: spec,
            newest: newest,
            tip: planned == nil ? rolledBack(stored, from: newest) ?? newest : newest,
            isPlanned: planned != nil,
            request: stored.object.metadata.annotations?[GitSourceSpec.reconcileAt],
            policies: try await policyVersion(spec),
            // Who asks wants everything to be looked at, and so does who changed what a file declares.
            isAsked: claimed.priority == .people
        )
        guard look.isAsked || needsApply(look) else { return .again(after: interval) }
        if let waits = try await unreadySource(spec) {
            try await say(.reconciling(reason: dependencyNotReady, message: waits), stored, claimed)
            return .again(after: min(interval, dependencyPause))
        }
        let signed = try await verify(look)
        guard signed.isGood else { return try await refuse(look, claimed, signed, after: interval) }
        if let freeze = try await freeze(look) {
            guard let until = freeze.liftedUntil else {
                return try await wait(look, claimed, signed, freeze, after: interval)
            }
            try await noteLifting(look, freeze, until: until)
        }
        let done = try await apply(look, claimed)
        if !look.isPlanned, look.tip == newest { try await noteRewriting(stored, newest) }
        try await say(
            done.readiness,
            stored,
            claimed,
            done.members.merging(signed.members) { $1 }
                .merging(look.judgement) { $1 }.merging(["appliedCommit": .string(look.tip.text)]) { $1 }
        )
        return .again(after: done.plan.waits ? min(interval, dependencyPause) : interval)
    }

    /// What came of a commit, as its source tells it.
    struct Applied {
        let plan: Plan
        let readiness: Readiness
        let members: [String: Value?]
    }

    /// Loads, plans and writes a commit.
    func apply(_ look: SourceLook, _ claimed: ClaimedKey) async throws -> Applied {
        let (stored, tip) = (look.stored, look.tip)
        let revision = try await load(look)
        let partial = look.isAsked ? nil : try await partialInput(revision, look)
        var input =
            if let partial { partial } else { try await planInput(revision, look.spec, source: look.name) }
        input.isPruneApproved = GitSourceStatus.approvedPrune(stored.object.status)?.commit == tip
        let plan = plan(input)
        let diagnostics = (revision.diagnostics + plan.conflicts).sorted()
        if !plan.isEmpty || stored.object.status?["appliedCommit"]?.string != tip.text {
            try await objects.apply(write(plan, revision, look, shown(diagnostics)), claimed)
        }
        try await markReadiness(input, revision, claimed)
        try await markHolds(plan, input, claimed)
        let drift = try await drift(input, isWhole: partial == nil, claimed)
        return Applied(
            plan: plan,
            readiness: readiness(of: revision, plan, input, look),
            members: try told(revision, diagnostics, guarded(plan, tip, isWhole: partial == nil))
                .merging(drift) { $1 }
        )
    }

    /// Reads a commit; one that the source is rolled back to may be gone from a history that was rewritten.
    private func load(_ look: SourceLook) async throws -> LoadedRevision {
        do {
            return try await source.load(look.name, look.spec, look.tip)
        } catch let failure as Failure where failure.reason == "commit_missing" && look.tip != look.newest {
            throw Failure(
                .notFound,
                "The repository has commit \(look.tip.short) no more, to which the source is rolled back: "
                    + "name another one, or agirunner rollback gitsource/\(look.name) --release",
                reason: failure.reason
            )
        }
    }

    /// A plan as the store carries it out.
    private func write(
        _ plan: Plan,
        _ revision: LoadedRevision,
        _ look: SourceLook,
        _ diagnostics: [Diagnostic]
    ) -> RevisionWrite {
        var write = RevisionWrite(
            source: look.name,
            commit: revision.commit,
            author: revision.author,
            message: revision.message,
            // What was declared by an earlier commit, too, is written as this one's.
            steps: plan.writes.map { $0.of(revision.commit) },
            declaredCount: revision.declared.count + revision.heldBack.count,
            heldBackCount: revision.heldBack.count,
            diagnostics: diagnostics
        )
        write.drift = look.spec.drift
        return write
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
    private func needsApply(_ look: SourceLook) -> Bool {
        if isStillRejected(look) { return false }
        let (stored, status) = (look.stored, look.stored.object.status)
        return status?["appliedCommit"]?.string != look.tip.text
            || status?["lastHandledReconcileAt"]?.string != look.request || isJudgedOtherwise(look)
            || hadErrors(status) || wasCutShort(stored) || isPruneApproved(stored, look.tip)
            || holdsForRun(stored) || isWatchingFights(stored)
    }

    /// Whether the same commit may become something else by now, since its source or a Policy is another.
    func isJudgedOtherwise(_ look: SourceLook) -> Bool {
        let (stored, status) = (look.stored, look.stored.object.status)
        return status?["observedGeneration"]?.integer != stored.object.metadata.generation
            || status?["policies"]?.string ?? "" != look.policies
    }

    /// Whether the last look did not judge the commit: there was no answer, or the source was suspended.
    func wasCutShort(_ stored: Stored) -> Bool {
        let status = stored.object.status
        return status?.condition("Reconciling") != nil
            || status?.condition("Ready")?["reason"] == "Suspended"
    }

    /// What an error holds back says so, and its last good version stays in force; what is held back no more
    /// says that, too, whether or not it was written.
    private func markReadiness(
        _ input: PlanInput,
        _ revision: LoadedRevision,
        _ claimed: ClaimedKey
    ) async throws {
        for stored in input.stored {
            guard stored.origin.gitSource == input.source, isHeldBack(stored),
                !input.heldBack.contains(stored.object.key),
                let readiness = Readiness.whenStored(stored.object.kind)
            else { continue }
            try await say(readiness, of: stored.object.key, claimed)
        }
        for (key, diagnostic) in revision.heldBack where !Kind.isControlled(key.kind) {
            let message = "\(diagnostic.path):\(diagnostic.span.start.line): \(diagnostic.message)"
            try await say(.stalled(reason: heldBackReason, message: message), of: key, claimed)
        }
    }

    private func isHeldBack(_ stored: Stored) -> Bool {
        stored.object.status?.condition("Ready")?["reason"]?.string == heldBackReason
    }

    private func describe(_ ref: GitSourceSpec.Reference) -> String {
        ref.branch.map { "branch '\($0)'" } ?? ref.tag.map { "tag '\($0)'" } ?? "commit \(ref.commit ?? "?")"
    }
}

/// What one look at a source is about.
struct SourceLook {
    let stored: Stored
    let spec: GitSourceSpec
    /// What the ref leads to, and what is to be in force: an earlier one after a rollback.
    let newest: CommitID
    var tip: CommitID
    /// Whether a saved plan asks for the commit.
    let isPlanned: Bool
    /// When somebody last asked for a look.
    let request: String?
    /// A text that is another when a Policy is.
    let policies: String
    /// Whether a person wants everything to be looked at.
    let isAsked: Bool

    var name: String { stored.object.metadata.name }
    /// The member of a status that tells by which Policies a commit was judged.
    var judgement: [String: Value?] { ["policies": .string(policies)] }
}

/// Why an object is not ready that an error keeps out of a commit.
private let heldBackReason = "InvalidFile"
