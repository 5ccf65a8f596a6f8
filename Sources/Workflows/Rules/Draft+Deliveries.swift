import Domain

extension Draft {
    /// A stage's declared items, or the one implied by its roles or assessors.
    mutating func createItems(of stage: StageRecord, _ spec: PlaybookSpec.Stage) throws -> Bool {
        let existing = run.items.filter { $0.stage == stage.name }
        if spec.workItems.isEmpty {
            guard existing.isEmpty, !(spec.roles + spec.assessedBy).isEmpty else {
                return try reopenItems(existing)
            }
            try createItem(nil, of: spec, number: 1)
            return true
        }
        for (index, item) in spec.workItems.enumerated()
        where !existing.contains(where: { $0.declaredItem == item.name }) {
            try createItem(item, of: spec, number: index + 1)
            return true
        }
        return try reopenItems(existing)
    }

    /// A stage that was entered again works its items again when one of their tasks is open.
    private mutating func reopenItems(_ items: [WorkItemRecord]) throws -> Bool {
        for item in items where item.state == .completed {
            let hasWork = run.tasks.contains { $0.workItemUID == item.uid && !$0.state.isSettled }
            guard hasWork else { continue }
            try move(item: item.uid, .reopen)
            return true
        }
        return false
    }

    private mutating func createItem(
        _ item: PlaybookSpec.Item?,
        of spec: PlaybookSpec.Stage,
        number: Int
    ) throws {
        let workflow = run.workflow
        let name = self.name(workflow.name, spec.name, "\(number)")
        let now = now
        try insert(\.items, "workitem.created") { uid, ordinal in
            WorkItemRecord(
                uid: uid,
                namespace: workflow.namespace,
                name: name,
                ordinal: ordinal,
                workflowUID: workflow.uid,
                workflow: workflow.name,
                stage: spec.name,
                declaredItem: item?.name,
                title: item?.title ?? item?.name ?? spec.name,
                goal: item?.goal ?? spec.goal,
                acceptance: item?.acceptance,
                createdAt: now
            )
        }
    }

    /// A delivery task per role of the stage, in the order given, each after the one before it.
    mutating func createDeliveries(of spec: PlaybookSpec.Stage) throws -> Bool {
        for item in run.items where item.stage == spec.name && item.state == .open {
            let declared = spec.workItems.first { $0.name == item.declaredItem }
            let existing = deliveries(of: item)
            let roles = declared?.role.map { [$0] } ?? spec.roles
            guard let index = roles.firstIndex(where: { role in !existing.contains { $0.role == role } })
            else {
                continue
            }
            let before = existing.last { roles[..<index].contains($0.role) }.map { [$0.uid] } ?? []
            let others = (declared?.dependsOn ?? []).flatMap { name in
                run.items.first { $0.stage == spec.name && $0.declaredItem == name }.map(deliveries) ?? []
            }
            try createTask(
                in: item,
                role: roles[index],
                .delivery,
                dependsOn: before + others.map(\.uid),
                subject: nil
            )
            return true
        }
        return false
    }

    /// The deliveries of an item that count, in the order of the stage's roles: one that was cancelled may
    /// have been made anew after those that wait for it.
    func deliveries(of item: WorkItemRecord) -> [TaskRecord] {
        let roles = pins.playbook.stages.first { $0.name == item.stage }?.roles ?? []
        let tasks = run.tasks.filter {
            $0.workItemUID == item.uid && $0.purpose == .delivery && $0.state != .cancelled
        }
        func place(_ task: TaskRecord) -> Int { roles.firstIndex(of: task.role) ?? roles.count }
        return tasks.sorted { (place($0), $0.ordinal) < (place($1), $1.ordinal) }
    }

    /// What a delivery waits for; in place of one that was cancelled stands the one made anew.
    func dependency(_ uid: UID) -> TaskRecord? {
        guard let task = run.tasks.first(where: { $0.uid == uid }), task.state == .cancelled else {
            return run.tasks.first { $0.uid == uid }
        }
        return run.tasks.last {
            $0.workItemUID == task.workItemUID && $0.role == task.role && $0.purpose == .delivery
                && $0.state != .cancelled
        }
    }

    mutating func createTask(
        in item: WorkItemRecord,
        role: String,
        _ purpose: TaskPurpose,
        dependsOn: [UID],
        subject: TaskRecord.Subject?
    ) throws {
        let number = run.tasks.filter { $0.workItemUID == item.uid }.count + 1
        let workflow = run.workflow
        let name = self.name(item.name, "\(number)")
        let now = now
        try insert(\.tasks, "task.created") { uid, ordinal in
            TaskRecord(
                uid: uid,
                namespace: workflow.namespace,
                name: name,
                ordinal: ordinal,
                item: item,
                role: role,
                purpose: purpose,
                priority: workflow.priority,
                dependsOn: dependsOn,
                subject: subject,
                createdAt: now
            )
        }
    }

    /// A delivery is worked again when what it builds on was delivered after it.
    mutating func reworkStaleDeliveries(of stage: StageRecord) throws -> Bool {
        for task in run.tasks where task.stage == stage.name && task.purpose == .delivery && isDelivered(task)
        {
            guard let own = latestHandoff(of: task.uid)?.ordinal, own < newestInput(of: task) else {
                continue
            }
            try rework(task, feedback: ["What this builds on was delivered anew."], reason: .inputChanged)
            return true
        }
        return false
    }

    /// The ordinal of the newest delivery that a delivery builds on: its dependencies, or the stages before.
    private func newestInput(of task: TaskRecord) -> Int {
        let index = run.stages.first { $0.name == task.stage }?.index ?? 0
        let earlier = Set(run.stages.filter { $0.index < index }.map(\.name))
        let inputs =
            task.dependsOn.isEmpty
            ? run.tasks.filter { $0.purpose == .delivery && earlier.contains($0.stage) }
            : task.dependsOn.compactMap(dependency)
        return inputs.compactMap { latestHandoff(of: $0.uid)?.ordinal }.max() ?? 0
    }

    /// Gives a delivery back to its role, with what was asked for.
    mutating func rework(_ task: TaskRecord, feedback: [String], reason: ReasonCode) throws {
        try move(task: task.uid, .requestChanges, reason: reason) { record in
            record.revision += 1
            record.attempts = 0
            record.failures = 0
            record.notBefore = nil
            record.feedback = feedback
        }
        if let item = run.items.first(where: { $0.uid == task.workItemUID }), item.state == .completed {
            try move(item: item.uid, .reopen)
        }
        try update(\.items, task.workItemUID, "workitem.returned") { item in
            item.reworkCount += 1
            item.nextActor = task.role
            item.nextAction = "rework"
        }
    }

    /// An item is done when its tasks are.
    mutating func completeItems(of spec: PlaybookSpec.Stage) throws -> Bool {
        for item in run.items where item.stage == spec.name && item.state == .open {
            let tasks = run.tasks.filter { $0.workItemUID == item.uid && $0.state != .cancelled }
            guard !tasks.isEmpty, tasks.allSatisfy({ $0.state == .completed }) else { continue }
            try move(item: item.uid, .complete)
            return true
        }
        return false
    }
}
