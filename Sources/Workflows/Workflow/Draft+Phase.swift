import Domain

extension Draft {
    /// Recomputes the phase from what is asked, the stages and the live attempts.
    mutating func derivePhase() throws {
        let workflow = run.workflow
        guard !workflow.phase.isTerminal else { return }
        switch mostRestrictive(workflow.desired, workflow.held) {
        case .cancelled: try endRun(.cancel, reason: .cancelled, message: "cancelled on request")
        case .paused: if workflow.phase != .paused { try move(workflow: .pause, reason: nil, message: nil) }
        case .run:
            if workflow.phase == .pending { try move(workflow: .start, reason: nil, message: nil) }
            if workflow.phase == .paused { try move(workflow: .resume, reason: nil, message: nil) }
            if run.workflow.phase == .active, run.stages.allSatisfy({ $0.state == .completed }) {
                try endRun(.complete, reason: nil, message: nil)
            }
        }
    }

    /// Ends the run: what is open is cancelled, and the phase is final.
    mutating func endRun(_ event: WorkflowEvent, reason: ReasonCode?, message: String?) throws {
        for attempt in run.attempts where attempt.state == .live { try move(attempt: attempt.uid, .cancel) }
        for task in run.tasks where !task.state.isSettled {
            try move(task: task.uid, .cancel, reason: .cancelled)
        }
        for item in run.items where item.state != .completed && item.state != .cancelled {
            try move(item: item.uid, .cancel)
        }
        for gate in run.gates where gate.state == .awaiting { try move(gate: gate.uid, .supersede) }
        for escalation in run.escalations where escalation.state == .open {
            try move(escalation: escalation.uid, .cancel)
        }
        try move(workflow: event, reason: reason, message: message)
    }

    private mutating func move(workflow event: WorkflowEvent, reason: ReasonCode?, message: String?) throws {
        let now = now
        let phase = try Machines.workflow.checked(
            event,
            in: run.workflow.phase,
            of: "workflow/\(run.workflow.name)"
        )
        try updateWorkflow("workflow.state_changed") { workflow in
            workflow.phase = phase
            workflow.reason = reason?.rawValue
            workflow.message = message
            if phase.isTerminal { workflow.finishedAt = now }
        }
    }

    private func mostRestrictive(
        _ left: WorkflowSpec.DesiredState,
        _ right: WorkflowSpec.DesiredState
    ) -> WorkflowSpec.DesiredState {
        [WorkflowSpec.DesiredState.cancelled, .paused].first { left == $0 || right == $0 } ?? .run
    }

    /// Computes the conditions of the declared Workflow from the run.
    mutating func deriveConditions() throws {
        let workflow = run.workflow
        let readiness = readiness(of: run)
        let now = now
        try updateWorkflow("workflow.conditions_changed") { record in
            record.conditions = readiness.conditions(
                after: workflow.conditions,
                now: now,
                generation: workflow.observedGeneration
            )
        }
    }
}

/// How a run is doing, for its conditions.
func readiness(of run: Run) -> Readiness {
    let workflow = run.workflow
    let stage = workflow.currentStage ?? "the first stage"
    switch workflow.phase {
    case .completed: return .ready(reason: "Completed", message: "every stage is completed")
    case .failed, .cancelled:
        let reason = workflow.phase == .failed ? "Failed" : "Cancelled"
        return .stalled(reason: reason, message: workflow.message ?? workflow.reason ?? "the run has ended")
    case .paused: return .reconciling(reason: "Paused", message: "no new task is claimed until it is resumed")
    case .pending: return .reconciling(reason: "Pending", message: "the run has not started")
    case .active:
        if let gate = run.gates.first(where: { $0.state == .awaiting }) {
            return .reconciling(reason: "AwaitingGate", message: "gate/\(gate.name) waits: \(gate.question)")
        }
        if let open = run.escalations.first(where: { $0.state == .open }) {
            return .reconciling(
                reason: "AwaitingAnswer",
                message: "escalation/\(open.name): \(open.question)"
            )
        }
        return .reconciling(reason: "Progressing", message: "stage '\(stage)' is being worked on")
    }
}
