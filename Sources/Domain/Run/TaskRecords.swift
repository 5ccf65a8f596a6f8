/// One piece of agent work: a role, a stage, and what is asked.
package struct TaskRecord: RunRecord {
    /// What an assessment judges.
    package struct Subject: Sendable, Hashable, Codable {
        package let taskUID: UID
        package let task: String
        package let revision: Int

        /// A subject of its parts.
        package init(taskUID: UID, task: String, revision: Int) {
            self.taskUID = taskUID
            self.task = task
            self.revision = revision
        }
    }

    package static let kind = "Task"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    package let workflow: String
    package let workItemUID: UID
    package let workItem: String
    package let stage: String
    package let role: String
    package let purpose: TaskPurpose
    /// Which workers may claim it: `<namespace>/role:<name>`.
    package let routingTag: String
    package let priority: Int
    package let dependsOn: [UID]
    package let subject: Subject?
    package var state: TaskState
    /// Grows by one with each rework; handoffs and verdicts are bound to it.
    package var revision: Int
    /// How many attempts were begun in this revision.
    package var attempts: Int
    /// How many attempts of this revision count against `maxAttempts`.
    package var failures: Int
    /// What reviewers asked for, newest last.
    package var feedback: [String]
    package var reason: String?
    package var message: String?
    package let createdAt: Timestamp
    /// When it became ready last.
    package var readyAt: Timestamp?
    /// It is not claimed before this moment (retry back-off).
    package var notBefore: Timestamp?

    /// A pending task.
    package init(
        uid: UID,
        namespace: String,
        name: String,
        ordinal: Int,
        item: WorkItemRecord,
        role: String,
        purpose: TaskPurpose,
        priority: Int,
        dependsOn: [UID],
        subject: Subject?,
        createdAt: Timestamp
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.ordinal = ordinal
        workflowUID = item.workflowUID
        workflow = item.workflow
        workItemUID = item.uid
        workItem = item.name
        stage = item.stage
        self.role = role
        self.purpose = purpose
        routingTag = "\(namespace)/role:\(role)"
        self.priority = priority
        self.dependsOn = dependsOn
        self.subject = subject
        state = .pending
        revision = 1
        attempts = 0
        failures = 0
        feedback = []
        self.createdAt = createdAt
    }
}

/// One claim of a task by one worker.
package struct AttemptRecord: RunRecord {
    package static let kind = "Attempt"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    package let workflow: String
    package let taskUID: UID
    package let task: String
    package let revision: Int
    /// From 1 within the task.
    package let number: Int
    package let worker: String
    /// Digest of the attempt token; the token itself is known to the runtime alone.
    package let tokenDigest: Digest
    package var state: AttemptState
    /// Category of a failure, such as `timeout` or `contract`.
    package var category: String?
    package var message: String?
    package var usage: Usage
    /// The commit announced before it is pushed; the remote may hold it although the attempt was lost.
    package var announced: CommitID?
    /// The commit that was pushed and became the run's head.
    package var commit: CommitID?
    package let createdAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?

    /// A live attempt.
    package init(
        uid: UID,
        name: String,
        ordinal: Int,
        task: TaskRecord,
        number: Int,
        worker: String,
        tokenDigest: Digest,
        createdAt: Timestamp
    ) {
        self.uid = uid
        namespace = task.namespace
        self.name = name
        self.ordinal = ordinal
        workflowUID = task.workflowUID
        workflow = task.workflow
        taskUID = task.uid
        self.task = task.name
        revision = task.revision
        self.number = number
        self.worker = worker
        self.tokenDigest = tokenDigest
        state = .live
        usage = .zero
        self.createdAt = createdAt
    }
}

/// What an agent hands to those who come after it; exactly one per attempt that completes.
package struct HandoffRecord: RunRecord {
    package static let kind = "Handoff"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    package let workflow: String
    package let taskUID: UID
    package let task: String
    package let attemptUID: UID
    package let stage: String
    package let role: String
    package let revision: Int
    package let summary: String
    /// `full` or `blocked`.
    package let completion: String
    package let resolution: Resolution?
    /// Everything that was submitted, without JSON nulls.
    package let body: Value
    package let createdAt: Timestamp

    /// A handoff of an attempt.
    package init(
        uid: UID,
        name: String,
        ordinal: Int,
        task: TaskRecord,
        attempt: AttemptRecord,
        handoff: Handoff,
        createdAt: Timestamp
    ) {
        self.uid = uid
        namespace = task.namespace
        self.name = name
        self.ordinal = ordinal
        workflowUID = task.workflowUID
        workflow = task.workflow
        taskUID = task.uid
        self.task = task.name
        attemptUID = attempt.uid
        stage = task.stage
        role = task.role
        revision = attempt.revision
        summary = handoff.summary
        completion = handoff.completion.rawValue
        resolution = handoff.resolution
        body = handoff.body
        self.createdAt = createdAt
    }
}

/// A handoff as an agent submits it.
package struct Handoff: Sendable, Hashable, Codable {
    package enum Completion: String, Sendable, Hashable, Codable { case full, blocked }

    package let summary: String
    package let completion: Completion
    package let resolution: Resolution?
    /// The whole input of `submit_handoff`, without JSON nulls, because a merge patch cannot carry them.
    package let body: Value

    /// A handoff of its parts; JSON nulls in the body are dropped.
    package init(summary: String, completion: Completion, resolution: Resolution?, body: Value) {
        self.summary = summary
        self.completion = completion
        self.resolution = resolution
        self.body = body.withoutNulls
    }
}

extension Value {
    /// This value without object members that are null, at any depth.
    package var withoutNulls: Value {
        switch self {
        case .object(let members): .object(members.filter { !$0.value.isNull }.mapValues(\.withoutNulls))
        case .array(let elements): .array(elements.map(\.withoutNulls))
        default: self
        }
    }
}
