import Domain

extension Draft {
    func task(_ uid: UID) throws -> TaskRecord {
        guard let task = run.tasks.first(where: { $0.uid == uid }) else {
            throw Refusal(.notFound, "the run has no task \(uid)")
        }
        return task
    }

    /// The playbook's words on a stage of the run.
    func spec(of stage: String) throws -> PlaybookSpec.Stage {
        guard let spec = pins.playbook.stages.first(where: { $0.name == stage }) else {
            throw Refusal(.notFound, "the playbook has no stage '\(stage)'")
        }
        return spec
    }

    func stage(_ name: String) throws -> StageRecord {
        guard let stage = run.stages.first(where: { $0.name == name }) else {
            throw Refusal(.notFound, "the run has no stage '\(name)'")
        }
        return stage
    }

    /// The newest handoff of a task, bound to the revision it was made for.
    func latestHandoff(of task: UID) -> HandoffRecord? { run.handoffs.last { $0.taskUID == task } }

    /// Whether a stage's own assessors will judge this delivery.
    func isAssessed(_ task: TaskRecord) -> Bool {
        let stage = pins.playbook.stages.first { $0.name == task.stage }
        guard stage?.assessedBy.isEmpty == false else { return false }
        let item = run.items.first { $0.uid == task.workItemUID }
        return item.flatMap { deliveries(of: $0).last }?.uid == task.uid
    }

    /// Asks a person or a role; the task waits as escalated.
    mutating func openEscalation(for task: TaskRecord, reason: ReasonCode, question: String) throws {
        let to = pins.roles[task.role]?.escalation.to ?? "human"
        try openEscalation(stage: task.stage, task: task, to: to, reason: reason, question: question)
        if run.items.first(where: { $0.uid == task.workItemUID })?.state == .open {
            try move(item: task.workItemUID, .escalate, reason: reason)
        }
    }

    /// Stops a stage until a person answers.
    mutating func block(_ stage: StageRecord, _ reason: ReasonCode, question: String) throws {
        try move(stage: stage, .block, reason: reason)
        try openEscalation(stage: stage.name, task: nil, to: "human", reason: reason, question: question)
    }

    /// Opens an escalation of the stage, or of a task when there is one.
    mutating func openEscalation(
        stage: String?,
        task: TaskRecord?,
        to: String,
        reason: ReasonCode,
        question: String
    ) throws {
        let workflow = run.workflow
        let number = run.escalations.count + 1
        let name = self.name(workflow.name, "escalation", "\(number)")
        let now = now
        try insert(\.escalations, "escalation.created") { uid, ordinal in
            EscalationRecord(
                uid: uid,
                namespace: workflow.namespace,
                name: name,
                ordinal: ordinal,
                workflowUID: workflow.uid,
                workflow: workflow.name,
                stage: stage,
                taskUID: task?.uid,
                task: task?.name,
                to: to,
                reason: reason.rawValue,
                question: question,
                createdAt: now
            )
        }
    }
}
