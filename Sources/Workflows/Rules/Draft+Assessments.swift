import Domain

extension Draft {
    /// What a stage's assessors judge, by item: the last delivery of the item, or — when the stage delivers
    /// nothing itself — of the nearest earlier stage that does.
    private func subjects(of spec: PlaybookSpec.Stage) -> [(item: WorkItemRecord, task: TaskRecord)] {
        guard !spec.assessedBy.isEmpty else { return [] }
        return run.items.filter { $0.stage == spec.name && $0.state == .open }.compactMap { item in
            let own = deliveries(of: item)
            let subject = own.last ?? nearestEarlierDelivery(before: spec.name)
            guard let subject, own.allSatisfy(isDelivered), isDelivered(subject) else { return nil }
            return (item, subject)
        }
    }

    private func nearestEarlierDelivery(before stage: String) -> TaskRecord? {
        let index = run.stages.first { $0.name == stage }?.index ?? 0
        let stages = run.stages.filter { $0.index < index }.map(\.name).reversed()
        for name in stages {
            let deliveries = run.tasks.filter {
                $0.stage == name && $0.purpose == .delivery && $0.state != .cancelled
            }
            let newest = deliveries.max {
                (latestHandoff(of: $0.uid)?.ordinal ?? 0) < (latestHandoff(of: $1.uid)?.ordinal ?? 0)
            }
            if let newest { return newest }
        }
        return nil
    }

    /// One assessment per (subject, revision, assessor role).
    mutating func createAssessments(of spec: PlaybookSpec.Stage) throws -> Bool {
        for (item, task) in subjects(of: spec) {
            for role in spec.assessedBy where assessment(of: task, by: role, in: item) == nil {
                let subject = TaskRecord.Subject(taskUID: task.uid, task: task.name, revision: task.revision)
                try createTask(in: item, role: role, .assessment, dependsOn: [], subject: subject)
                return true
            }
        }
        return false
    }

    private func assessment(of task: TaskRecord, by role: String, in item: WorkItemRecord) -> TaskRecord? {
        run.tasks.last {
            $0.workItemUID == item.uid && $0.role == role && $0.subject?.taskUID == task.uid
                && $0.subject?.revision == task.revision && $0.state != .cancelled
        }
    }

    /// Acts once all assessors have judged the current revision.
    mutating func settleVerdicts(of stage: StageRecord, _ spec: PlaybookSpec.Stage) throws -> Bool {
        for (item, task) in subjects(of: spec) {
            let verdicts = verdicts(on: task, spec, item)
            guard verdicts.count == spec.assessedBy.count else { continue }
            if try settle(verdicts, on: task, stage, item) { return true }
        }
        return false
    }

    /// What the assessors who are done say of a delivery's current revision.
    private func verdicts(
        on task: TaskRecord,
        _ spec: PlaybookSpec.Stage,
        _ item: WorkItemRecord
    ) -> [HandoffRecord] {
        spec.assessedBy.compactMap { role in
            guard let assessment = assessment(of: task, by: role, in: item), assessment.state == .completed
            else { return nil }
            return latestHandoff(of: assessment.uid)
        }
    }

    /// A delivery that an assessor of the stage has not approved as it is now.
    func refusedSubject(of spec: PlaybookSpec.Stage) -> TaskRecord? {
        subjects(of: spec).first { item, task in
            verdicts(on: task, spec, item).contains { $0.resolution != .approved }
        }?.task
    }

    private mutating func settle(
        _ verdicts: [HandoffRecord],
        on task: TaskRecord,
        _ stage: StageRecord,
        _ item: WorkItemRecord
    ) throws -> Bool {
        if let bad = verdicts.first(where: { $0.resolution == .rejected || $0.resolution == .blocked }) {
            try move(item: item.uid, .block, reason: .assessmentRejected)
            try block(stage, .assessmentRejected, question: bad.summary)
            return true
        }
        let wishes = verdicts.filter { $0.resolution == .requestChanges }
        guard wishes.isEmpty else {
            try returnWork(
                from: stage,
                subject: task,
                feedback: wishes.map(\.summary),
                cycleReason: .changesRequested
            )
            return true
        }
        guard task.state == .outputPendingAssessment else { return false }
        try move(task: task.uid, .complete)
        return true
    }

    /// Sends work back along `onChangesRequested`, up to `maxCycles` and the task's own limit.
    mutating func returnWork(
        from stage: StageRecord,
        subject: TaskRecord? = nil,
        feedback: [String],
        cycleReason: ReasonCode
    ) throws {
        let spec = try spec(of: stage.name)
        let rule = spec.onChangesRequested
        guard stage.cycles < rule.maxCycles, let subject = subject ?? nearestSubject(of: stage) else {
            let message = "changes were asked for more than \(rule.maxCycles) times in stage '\(stage.name)'"
            return try exhaust(stage, rule, message)
        }
        let task = try returned(subject, from: stage)
        let limit = pins.playbook.limits.reworkPerTask
        guard task.revision <= limit else {
            let message = "task/\(task.name) would be worked again more than \(limit) times"
            return try exhaust(stage, rule, message)
        }
        try update(\.stages, stage.uid, "stage.returned") { $0.cycles += 1 }
        try sendBack(subject, from: stage, feedback: feedback, reason: cycleReason)
    }

    /// Has a delivery, or the one it goes back to by `returnTo`, worked again, whatever the limits are.
    mutating func sendBack(
        _ subject: TaskRecord,
        from stage: StageRecord,
        feedback: [String],
        reason: ReasonCode = .changesRequested
    ) throws {
        let task = try returned(subject, from: stage)
        try reenter(self.stage(task.stage))
        try rework(task, feedback: feedback, reason: reason)
    }

    /// The delivery that is worked again when changes of one are asked for.
    private func returned(_ subject: TaskRecord, from stage: StageRecord) throws -> TaskRecord {
        let target = try spec(of: stage.name).onChangesRequested.returnTo ?? subject.stage
        guard subject.stage != target else { return subject }
        return run.tasks.last { $0.stage == target && $0.purpose == .delivery && isDelivered($0) } ?? subject
    }

    private func nearestSubject(of stage: StageRecord) -> TaskRecord? {
        run.tasks.last { $0.stage == stage.name && $0.purpose == .delivery }
            ?? nearestEarlierDelivery(before: stage.name)
    }

    /// Makes an earlier stage active again and every later one pending; their items are kept and reused.
    private mutating func reenter(_ target: StageRecord) throws {
        for later in run.stages where later.index > target.index && later.state != .pending {
            try move(stage: later, .reset)
        }
        if target.state != .active { try move(stage: target, .reopen) }
        for gate in run.gates where gate.state == .awaiting { try move(gate: gate.uid, .supersede) }
    }

    private mutating func exhaust(
        _ stage: StageRecord,
        _ rule: PlaybookSpec.ChangesRequested,
        _ message: String
    ) throws {
        guard rule.whenExhausted == .escalate else {
            return try endRun(.fail, reason: .changesExhausted, message: message)
        }
        try block(stage, .changesExhausted, question: message)
    }
}
