package import Domain

/// Starts a run: the pinned specs become a workflow with its stages, and the rules take the first steps.
///
/// *Throws* `Refusal`, or `EncodingError`, which no record can cause.
package func beginRun(_ workflow: WorkflowRecord, pins: Pins, context: RuleContext) throws -> RunChange {
    var draft = try Draft(creating: Run(workflow: workflow), pins: pins, context: context)
    for (index, stage) in pins.playbook.stages.enumerated() {
        try draft.insert(\.stages, "stage.created") { uid, ordinal in
            StageRecord(uid: uid, name: stage.name, ordinal: ordinal, workflowUID: workflow.uid, index: index)
        }
    }
    return try draft.finished()
}

/// Applies one command to a run.
///
/// Pure: the same command on the same run gives the same change. *Throws* a `Refusal` when a rule does not
/// allow the command; then nothing is to be written.
package func apply(_ command: RunCommand, to run: Run, pins: Pins, context: RuleContext) throws -> RunChange {
    var draft = Draft(run: run, pins: pins, context: context)
    switch command {
    case .declare(let generation, let desired): try draft.declare(generation: generation, desired: desired)
    case .claim(let task, let worker, let tokenDigest, let lease):
        try draft.claim(task, worker: worker, tokenDigest: tokenDigest, lease: lease)
    case .begin(let attempt, let tokenDigest): try draft.begin(attempt, tokenDigest: tokenDigest)
    case .announce(let attempt, let tokenDigest, let commit):
        try draft.announce(attempt, tokenDigest: tokenDigest, commit: commit)
    case .report(let attempt, let tokenDigest, let report):
        try draft.report(attempt, tokenDigest: tokenDigest, report)
    case .loseLease(let attempt): try draft.loseLease(attempt)
    case .decide(let decision, let actor): try draft.decide(decision, by: actor)
    case .expireGate(let gate): try draft.expireGate(gate)
    case .tick: break
    }
    return try draft.finished()
}

extension Draft {
    /// Lets the orchestrator go on as far as it can and derives phase, board and conditions.
    fileprivate mutating func finished() throws -> RunChange {
        try derivePhase()
        if run.workflow.phase == .active { try orchestrate() }
        try derivePhase()
        try deriveConditions()
        return RunChange(
            run: run,
            events: events,
            status: try workflowStatus(of: run, pins: pins),
            leases: leases
        )
    }

    fileprivate mutating func declare(generation: Int64, desired: WorkflowSpec.DesiredState) throws {
        guard !run.workflow.phase.isTerminal else { return }
        try updateWorkflow("workflow.declared") { workflow in
            // A changed file lifts what Decisions hold; the same file again does not.
            if workflow.desired != desired { workflow.held = .run }
            workflow.desired = desired
            workflow.observedGeneration = generation
        }
    }
}
