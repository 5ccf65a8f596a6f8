/// One row of a run; everything it encodes is a fact that the run's events fold into.
package protocol RunRecord: Sendable, Hashable, Codable {
    /// The kind it is shown as.
    static var kind: String { get }
    var uid: UID { get }
    /// Unique among its kind in the namespace; a stage's within its run.
    var name: String { get }
    /// The order of creation within the run; unique and growing.
    var ordinal: Int { get }
}

/// The run itself; `name` is that of the declared Workflow.
package struct WorkflowRecord: RunRecord {
    package static let kind = "Workflow"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    /// The generation of the declared Workflow that was taken into account last.
    package var observedGeneration: Int64
    package var phase: WorkflowPhase
    /// Why the phase is what it is, as a stable snake_case code.
    package var reason: String?
    package var message: String?
    /// What the file asks for.
    package var desired: WorkflowSpec.DesiredState
    /// What a person's Decision asks for on top; the more restrictive of the two holds.
    package var held: WorkflowSpec.DesiredState
    package let playbook: String
    package let playbookVersion: String
    /// Digest of the pinned bundle of specs that this run follows to its end.
    package let pin: Digest
    package let parameters: [String: String]
    package let priority: Int
    package var currentStage: String?
    /// The branch the run's work goes to, for a git workspace.
    package let branch: String?
    /// The commit the next item starts at; nil until the first push.
    package var head: CommitID?
    package var spend: Usage
    /// What was let pass with a remark, oldest first.
    package var callouts: [String]
    package var conditions: [Condition]
    package let createdAt: Timestamp
    package var finishedAt: Timestamp?

    /// A run that has not begun.
    package init(
        uid: UID,
        namespace: String,
        name: String,
        generation: Int64,
        desired: WorkflowSpec.DesiredState,
        playbook: String,
        playbookVersion: String,
        pin: Digest,
        parameters: [String: String],
        priority: Int,
        branch: String?,
        createdAt: Timestamp
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        ordinal = 0
        observedGeneration = generation
        phase = .pending
        self.desired = desired
        held = .run
        self.playbook = playbook
        self.playbookVersion = playbookVersion
        self.pin = pin
        self.parameters = parameters
        self.priority = priority
        self.branch = branch
        spend = .zero
        callouts = []
        conditions = []
        self.createdAt = createdAt
    }
}

/// A stage of the run; one per stage of the playbook, in its order.
package struct StageRecord: RunRecord {
    package static let kind = "Stage"
    package let uid: UID
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    /// The playbook's position of the stage, from 0.
    package let index: Int
    package var state: StageState
    /// How often an assessor or a gate sent the work back from here.
    package var cycles: Int
    package var reason: String?

    /// A stage that has not begun.
    package init(uid: UID, name: String, ordinal: Int, workflowUID: UID, index: Int) {
        self.uid = uid
        self.name = name
        self.ordinal = ordinal
        self.workflowUID = workflowUID
        self.index = index
        state = .pending
        cycles = 0
    }
}

/// A piece of work on the board.
package struct WorkItemRecord: RunRecord {
    package static let kind = "WorkItem"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    package let workflow: String
    package let stage: String
    /// The name of the declared item in the playbook, or nil for a stage's one implied item.
    package let declaredItem: String?
    package let title: String
    package let goal: String
    package let acceptance: String?
    package var state: WorkItemState
    package var column: String
    /// Who acts next and what they do, for the board.
    package var nextActor: String?
    package var nextAction: String?
    package var reworkCount: Int
    package var reason: String?
    package let createdAt: Timestamp

    /// An open work item.
    package init(
        uid: UID,
        namespace: String,
        name: String,
        ordinal: Int,
        workflowUID: UID,
        workflow: String,
        stage: String,
        declaredItem: String?,
        title: String,
        goal: String,
        acceptance: String?,
        createdAt: Timestamp
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.ordinal = ordinal
        self.workflowUID = workflowUID
        self.workflow = workflow
        self.stage = stage
        self.declaredItem = declaredItem
        self.title = title
        self.goal = goal
        self.acceptance = acceptance
        state = .open
        column = "inbox"
        reworkCount = 0
        self.createdAt = createdAt
    }
}

/// What a person is asked to let pass.
package struct GateRecord: RunRecord {
    /// One person's word on a gate.
    package struct Vote: Sendable, Hashable, Codable {
        package let by: String
        package let action: DecisionSpec.Action
        package let note: String?
        package let at: Timestamp
        /// The digest that was judged.
        package let digest: Digest

        /// A vote of its parts.
        package init(by: String, action: DecisionSpec.Action, note: String?, at: Timestamp, digest: Digest) {
            self.by = by
            self.action = action
            self.note = note
            self.at = at
            self.digest = digest
        }
    }

    package static let kind = "Gate"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    package let workflow: String
    package let stage: String
    package var state: GateState
    package let question: String
    /// SHA-256 over what is judged: sorted (task, revision, handoff, artifacts, pushed commit).
    package let digest: Digest
    package let approvers: [String]
    package let count: Int
    package var votes: [Vote]
    package let createdAt: Timestamp
    package var dueAt: Timestamp?
    package var decidedAt: Timestamp?

    /// A gate that waits.
    package init(
        uid: UID,
        namespace: String,
        name: String,
        ordinal: Int,
        workflowUID: UID,
        workflow: String,
        stage: String,
        question: String,
        digest: Digest,
        approvers: [String],
        count: Int,
        createdAt: Timestamp,
        dueAt: Timestamp?
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.ordinal = ordinal
        self.workflowUID = workflowUID
        self.workflow = workflow
        self.stage = stage
        state = .awaiting
        self.question = question
        self.digest = digest
        self.approvers = approvers
        self.count = count
        votes = []
        self.createdAt = createdAt
        self.dueAt = dueAt
    }
}

/// A question that stops a task or a stage until it is answered.
package struct EscalationRecord: RunRecord {
    package static let kind = "Escalation"
    package let uid: UID
    package let namespace: String
    package let name: String
    package let ordinal: Int
    package let workflowUID: UID
    package let workflow: String
    package let stage: String?
    package let taskUID: UID?
    package let task: String?
    package var state: EscalationState
    /// `human` or the name of a Role.
    package let to: String
    package let reason: String
    package let question: String
    package var answer: String?
    package var answeredBy: String?
    package let createdAt: Timestamp

    /// An open escalation.
    package init(
        uid: UID,
        namespace: String,
        name: String,
        ordinal: Int,
        workflowUID: UID,
        workflow: String,
        stage: String?,
        taskUID: UID?,
        task: String?,
        to: String,
        reason: String,
        question: String,
        createdAt: Timestamp
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.ordinal = ordinal
        self.workflowUID = workflowUID
        self.workflow = workflow
        self.stage = stage
        self.taskUID = taskUID
        self.task = task
        state = .open
        self.to = to
        self.reason = reason
        self.question = question
        self.createdAt = createdAt
    }
}
