import Domain

extension Draft {
    /// A person's Decision on the run or on something in it.
    mutating func decide(_ decision: DecisionSpec, by actor: Actor) throws {
        guard !run.workflow.phase.isTerminal else {
            throw Refusal(
                .runIsTerminal,
                "workflow/\(run.workflow.name) has ended as \(run.workflow.phase.rawValue)"
            )
        }
        if let expected = decision.expects?.generation, expected != run.workflow.observedGeneration {
            throw Refusal(
                .digestMismatch,
                "workflow/\(run.workflow.name) is at generation \(run.workflow.observedGeneration), "
                    + "not \(expected)"
            )
        }
        switch decision.target.kind {
        case "Workflow": try decideWorkflow(decision, by: actor)
        case "Gate":
            guard let gate = run.gates.first(where: { $0.name == decision.target.name }) else {
                throw Refusal(.notFound, "the run has no gate '\(decision.target.name)'")
            }
            try requireGateAction(decision)
            try decide(gate: gate, decision, by: actor)
        case "Task": try decideTask(decision)
        case "Escalation": try answer(decision, by: actor)
        default: throw Refusal(.unsupportedAction, "a \(decision.target.kind) takes no decisions of a run")
        }
    }

    private mutating func decideWorkflow(_ decision: DecisionSpec, by actor: Actor) throws {
        switch decision.action {
        case .pause: try hold(.paused)
        case .resume: try hold(.run)
        case .cancel: try hold(.cancelled)
        case .approve, .reject, .requestChanges, .block:
            let open = run.gates.filter { $0.state == .awaiting }
            guard let gate = open.first else {
                throw Refusal(.noOpenGate, "workflow/\(run.workflow.name) has no gate that waits")
            }
            guard open.count == 1 else {
                throw Refusal(
                    .severalOpenGates,
                    "workflow/\(run.workflow.name) has \(open.count) open gates",
                    next: open.map { "agirunner approve gate/\($0.name)" }
                )
            }
            try decide(gate: gate, decision, by: actor)
        default: throw Refusal(.unsupportedAction, "a workflow does not take '\(decision.action.rawValue)'")
        }
    }

    private mutating func hold(_ state: WorkflowSpec.DesiredState) throws {
        try updateWorkflow("workflow.held") { $0.held = state }
    }

    private func requireGateAction(_ decision: DecisionSpec) throws {
        guard [.approve, .reject, .requestChanges, .block].contains(decision.action) else {
            throw Refusal(.unsupportedAction, "a gate does not take '\(decision.action.rawValue)'")
        }
    }

    private mutating func decideTask(_ decision: DecisionSpec) throws {
        guard let task = run.tasks.first(where: { $0.name == decision.target.name }) else {
            throw Refusal(.notFound, "the run has no task '\(decision.target.name)'")
        }
        switch decision.action {
        case .retry: try restart(task, note: decision.note)
        case .cancel:
            try dropQuestions(about: task)
            for attempt in run.attempts where attempt.taskUID == task.uid && attempt.state == .live {
                try move(attempt: attempt.uid, .cancel)
            }
            try move(task: task.uid, .cancel, reason: .cancelled, message: decision.note)
            try openEscalation(
                for: task,
                reason: .cancelled,
                question: "task/\(task.name) was cancelled; answer to have it done anew, or cancel the run"
            )
        default: throw Refusal(.unsupportedAction, "a task does not take '\(decision.action.rawValue)'")
        }
    }

    private mutating func answer(_ decision: DecisionSpec, by actor: Actor) throws {
        guard let escalation = run.escalations.first(where: { $0.name == decision.target.name }) else {
            throw Refusal(.notFound, "the run has no escalation '\(decision.target.name)'")
        }
        guard decision.action == .answer else {
            throw Refusal(.unsupportedAction, "an escalation only takes 'answer'")
        }
        let note = decision.note ?? "go on"
        try move(escalation: escalation.uid, .answer) { record in
            record.answer = note
            record.answeredBy = actor.subject
        }
        if let uid = escalation.taskUID {
            let task = try self.task(uid)
            if task.state == .escalated { try restart(task, note: note) }
            // A cancelled task is final; its item gets a new one.
            if task.state == .cancelled { try reopenItem(task.workItemUID) }
        } else if let name = escalation.stage, escalation.reason != ReasonCode.budgetExceeded.rawValue {
            try unblock(stage(name), note: note)
        }
    }

    /// Lets a blocked stage go on; what its assessors refused is worked again, with the answer.
    private mutating func unblock(_ stage: StageRecord, note: String) throws {
        guard stage.state == .blocked else { return }
        try move(stage: stage, .reopen) { $0.cycles = 0 }
        for item in run.items where item.stage == stage.name { try reopenItem(item.uid) }
        guard let task = try refusedSubject(of: spec(of: stage.name)) else { return }
        try sendBack(task, from: stage, feedback: [note])
    }

    /// Gives a failed or escalated task another try, with the note as feedback.
    private mutating func restart(_ task: TaskRecord, note: String?) throws {
        try dropQuestions(about: task)
        try move(task: task.uid, task.state == .failed ? .retry : .answer) { record in
            record.failures = 0
            record.notBefore = nil
            if let note { record.feedback.append(note) }
        }
        try reopenItem(task.workItemUID)
    }

    private mutating func dropQuestions(about task: TaskRecord) throws {
        for escalation in run.escalations where escalation.taskUID == task.uid && escalation.state == .open {
            try move(escalation: escalation.uid, .cancel)
        }
    }

    private mutating func reopenItem(_ uid: UID) throws {
        guard let item = run.items.first(where: { $0.uid == uid }),
            [.blocked, .escalated].contains(item.state)
        else {
            return
        }
        try move(item: uid, .reopen)
    }
}
