import Domain

extension Draft {
    /// The digest of what a gate of this stage judges: the newest deliveries with revision, handoff and
    /// commit.
    ///
    /// *Shape*: SHA-256 over lines `task revision handoff commit`, sorted, so that the order of work is no
    /// matter.
    func subjectDigest() -> Digest {
        let lines = run.tasks.filter { $0.purpose == .delivery }.compactMap { task -> String? in
            guard let handoff = latestHandoff(of: task.uid) else { return nil }
            let commit = run.attempts.first { $0.uid == handoff.attemptUID }?.commit
            return "\(task.name) \(handoff.revision) \(handoff.uid) \(commit?.text ?? "-")\n"
        }
        return context.digest(Array(lines.sorted().joined().utf8))
    }

    /// Asks people to let the stage pass.
    mutating func openGate(_ gate: PlaybookSpec.Gate, of stage: StageRecord, spec: PlaybookSpec.Stage) throws
    {
        let workflow = run.workflow
        let number = run.gates.filter { $0.stage == stage.name }.count + 1
        let digest = subjectDigest()
        let name = self.name(workflow.name, stage.name, "gate", "\(number)")
        let now = now
        let due = gate.timeout.flatMap(Duration.init(text:)).map { now + $0 }
        try insert(\.gates, "gate.created") { uid, ordinal in
            GateRecord(
                uid: uid,
                namespace: workflow.namespace,
                name: name,
                ordinal: ordinal,
                workflowUID: workflow.uid,
                workflow: workflow.name,
                stage: stage.name,
                question: spec.goal,
                digest: digest,
                approvers: gate.approvers,
                count: gate.count,
                createdAt: now,
                dueAt: due
            )
        }
        try move(stage: stage, .askGate)
    }

    /// A person's word on a gate.
    mutating func decide(gate: GateRecord, _ decision: DecisionSpec, by actor: Actor) throws {
        try checkVote(on: gate, decision, by: actor)
        let vote = GateRecord.Vote(
            by: actor.subject,
            action: decision.action,
            note: decision.note,
            at: now,
            digest: gate.digest
        )
        try update(\.gates, gate.uid, "gate.voted") { $0.votes.append(vote) }
        let stage = try self.stage(gate.stage)
        switch decision.action {
        case .approve:
            let approvals = Set(gate.votes.filter { $0.action == .approve }.map(\.by) + [actor.subject])
            guard approvals.count >= gate.count else { return }
            try move(gate: gate.uid, .approve)
            try move(stage: stage, .complete)
        case .requestChanges:
            try move(gate: gate.uid, .requestChanges)
            try returnWork(
                from: stage,
                feedback: [decision.note ?? "An approver asked for changes."],
                cycleReason: .changesRequested
            )
        case .block:
            try move(gate: gate.uid, .block)
            let message = decision.note ?? "the gate of stage '\(stage.name)' was blocked"
            try block(stage, .gateBlocked, question: message)
        default:
            try move(gate: gate.uid, .reject)
            try settleRejection(of: stage, note: decision.note)
        }
    }

    /// The time of a gate is over; that never approves by itself.
    mutating func expireGate(_ uid: UID) throws {
        guard let gate = run.gates.first(where: { $0.uid == uid }), gate.state == .awaiting,
            let due = gate.dueAt,
            due <= now, let spec = try spec(of: gate.stage).gate
        else { return }
        switch spec.onTimeout {
        case .hold: try update(\.gates, uid, "gate.overdue") { $0.dueAt = nil }
        case .fail:
            try move(gate: uid, .expire)
            try endRun(.fail, reason: .gateExpired, message: "nobody decided on gate/\(gate.name) in time")
        case .escalate:
            try move(gate: uid, .expire)
            let question = "nobody decided on gate/\(gate.name) in time: \(gate.question)"
            try block(try stage(gate.stage), .gateExpired, question: question)
        }
    }

    private func checkVote(on gate: GateRecord, _ decision: DecisionSpec, by actor: Actor) throws {
        guard gate.state == .awaiting else {
            throw Refusal(.gateSuperseded, "gate/\(gate.name) is \(gate.state.rawValue) and no longer waits")
        }
        if let expected = decision.expects?.digest, expected != gate.digest {
            throw Refusal(.digestMismatch, "gate/\(gate.name) is now about \(gate.digest), not \(expected)")
        }
        let mayDecide = gate.approvers.contains { approver in
            guard approver.hasPrefix("role:") else { return approver == actor.subject }
            guard let role = actor.role else { return false }
            return AccessRole(rawValue: String(approver.dropFirst(5))).map(role.includes) ?? false
        }
        guard mayDecide else {
            throw Refusal(
                .notAnApprover,
                "gate/\(gate.name) is decided by \(gate.approvers.joined(separator: ", "))"
            )
        }
        guard !gate.votes.contains(where: { $0.by == actor.subject && $0.action == decision.action }) else {
            throw Refusal(.alreadyVoted, "\(actor.subject) has decided on gate/\(gate.name) before")
        }
        guard try spec(of: gate.stage).gate?.notBy.isEmpty ?? true else {
            throw Refusal(
                .separationUnavailable,
                "gate/\(gate.name) excludes who asked or wrote, which cannot be told yet"
            )
        }
    }

    private mutating func settleRejection(of stage: StageRecord, note: String?) throws {
        let message = note ?? "the gate of stage '\(stage.name)' was rejected"
        switch try spec(of: stage.name).gate?.onReject ?? .fail {
        case .fail: try endRun(.fail, reason: .gateRejected, message: message)
        case .hold: try block(stage, .gateRejected, question: message)
        case .returnTo: try returnWork(from: stage, feedback: [message], cycleReason: .gateRejected)
        }
    }
}
