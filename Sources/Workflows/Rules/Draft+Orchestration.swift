import Domain

extension Draft {
    /// The rules orchestrator: takes every step that follows from the run as it is, until none is left.
    ///
    /// Each step either moves a machine forward or creates something that did not exist, so it comes to an
    /// end; the bound only turns a defect into a failed run instead of an endless loop.
    mutating func orchestrate() throws {
        for _ in 0..<10_000 {
            guard run.workflow.phase == .active else { return }
            guard let stage = run.stages.first(where: { $0.state != .completed }) else { return }
            try setCurrentStage(stage.name)
            guard try step(stage) else { return }
        }
        try endRun(.fail, reason: .orchestrationStuck, message: "the rules took too many steps")
    }

    /// Takes the first step that the stage allows; false when it must wait.
    private mutating func step(_ stage: StageRecord) throws -> Bool {
        switch stage.state {
        case .completed, .awaitingGate, .blocked: return false
        case .pending:
            try move(stage: stage, .enter)
            return true
        case .active: return try stepActive(stage, try spec(of: stage.name))
        }
    }

    private mutating func stepActive(_ stage: StageRecord, _ spec: PlaybookSpec.Stage) throws -> Bool {
        if try createItems(of: stage, spec) { return true }
        if try createDeliveries(of: spec) { return true }
        if try reworkStaleDeliveries(of: stage) { return true }
        if try createAssessments(of: spec) { return true }
        if try settleVerdicts(of: stage, spec) { return true }
        if try makeTasksReady() { return true }
        if try completeItems(of: spec) { return true }
        return try completeStage(stage, spec)
    }

    private mutating func setCurrentStage(_ name: String) throws {
        guard run.workflow.currentStage != name else { return }
        try updateWorkflow("workflow.stage_entered") { $0.currentStage = name }
    }

    /// Tasks whose dependencies are done become ready.
    private mutating func makeTasksReady() throws -> Bool {
        for task in run.tasks where task.state == .pending {
            guard task.dependsOn.allSatisfy({ dependency($0).map(isDelivered) ?? false }) else { continue }
            try move(task: task.uid, .makeReady)
            try update(\.items, task.workItemUID, "workitem.advanced") { item in
                item.column = WorkItemState.open.column
                item.nextActor = task.role
                item.nextAction = task.purpose == .assessment ? "assess" : "deliver"
            }
            return true
        }
        return false
    }

    /// Whether a delivery is there for those who wait for it, judged or not.
    func isDelivered(_ task: TaskRecord) -> Bool {
        task.state == .completed || task.state == .outputPendingAssessment
    }

    /// A stage whose items are done asks its gate, or is done.
    private mutating func completeStage(_ stage: StageRecord, _ spec: PlaybookSpec.Stage) throws -> Bool {
        let items = run.items.filter { $0.stage == stage.name }
        guard items.allSatisfy({ $0.state == .completed }) else { return false }
        if let gate = spec.gate {
            try openGate(gate, of: stage, spec: spec)
            return false
        }
        if items.isEmpty {
            let callout = "stage '\(stage.name)' has nothing to do (\(ReasonCode.emptyStage.rawValue))"
            try updateWorkflow("workflow.callout") { $0.callouts.append(callout) }
        }
        try move(stage: stage, .complete)
        return true
    }
}
