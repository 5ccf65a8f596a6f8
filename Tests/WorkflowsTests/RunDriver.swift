import Domain
import Synchronization
import Workflows

/// Drives a run through commands the way the control plane does, and folds every event it makes.
struct RunDriver {
    private(set) var run: Run
    /// The facts that follow from the events alone, folded as they come.
    private(set) var folded: [FactKey: Value]
    let pins: Pins
    var now = Timestamp(microseconds: 1_760_000_000_000_000)
    private static let counter = Mutex<UInt64>(0)

    init(_ playbook: PlaybookSpec, workflow: WorkflowSpec = .plain, branch: String? = "agirunner/run") throws
    {
        pins = .of(playbook, workflow: workflow)
        let record = WorkflowRecord(
            uid: Self.newUID(),
            namespace: "default",
            name: "run",
            generation: 1,
            desired: workflow.state,
            playbook: "playbook",
            playbookVersion: playbook.version,
            pin: Digest("sha256:0"),
            parameters: [:],
            priority: 0,
            branch: branch,
            createdAt: now
        )
        let change = try beginRun(record, pins: pins, context: Self.context(now))
        run = change.run
        folded = fold([:], change.events)
    }

    private static func newUID() -> UID {
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        return UID(
            bytes: (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64(15 - min($0, 15)))) }
        )
    }

    private static func context(_ now: Timestamp) -> RuleContext {
        RuleContext(now: now, newUID: { newUID() }, digest: { Digest("test:\($0.hashValue)") })
    }

    mutating func send(_ command: RunCommand) throws {
        let change = try apply(command, to: run, pins: pins, context: Self.context(now))
        run = change.run
        folded = fold(folded, change.events)
    }

    func task(_ name: String) throws -> TaskRecord {
        guard let task = run.tasks.first(where: { $0.name == name }) else {
            throw Refusal(.notFound, "no task '\(name)'; there are \(run.tasks.map(\.name))")
        }
        return task
    }

    func state(_ name: String) throws -> TaskState { try task(name).state }

    func stage(_ name: String) throws -> StageState {
        guard let stage = run.stages.first(where: { $0.name == name }) else {
            throw Refusal(.notFound, "no stage '\(name)'")
        }
        return stage.state
    }

    /// Claims a task and returns its attempt.
    mutating func claim(_ name: String) throws -> UID {
        try send(.claim(task: try task(name).uid, worker: "w", tokenDigest: Digest("t"), lease: .seconds(30)))
        return run.attempts[run.attempts.count - 1].uid
    }

    /// Claims, begins and completes a task.
    mutating func deliver(_ name: String, _ resolution: Resolution? = nil, commit: CommitID? = nil) throws {
        let attempt = try claim(name)
        try send(.begin(attempt: attempt, tokenDigest: Digest("t")))
        try report(attempt, .completed, resolution: resolution, commit: commit)
    }

    mutating func report(
        _ attempt: UID,
        _ outcome: AttemptReport.Outcome,
        resolution: Resolution? = nil,
        completion: Handoff.Completion = .full,
        category: String? = nil,
        commit: CommitID? = nil,
        usage: Usage = Usage(inputTokens: 10, cost: USD(nanodollars: 1))
    ) throws {
        let handoff = Handoff(
            summary: "said",
            completion: completion,
            resolution: resolution,
            body: ["summary": "said"]
        )
        try send(
            .report(
                attempt: attempt,
                tokenDigest: Digest("t"),
                AttemptReport(
                    outcome: outcome,
                    handoff: outcome == .completed ? handoff : nil,
                    category: category,
                    message: nil,
                    usage: usage,
                    commit: commit
                )
            )
        )
    }

    mutating func decide(
        _ action: DecisionSpec.Action,
        _ kind: String,
        _ name: String,
        by subject: String = "unix:0",
        role: AccessRole = .orgAdmin,
        expects: Digest? = nil,
        note: String? = nil
    ) throws {
        let decision = try Value.members([
            "target": ["kind": .string(kind), "name": .string(name)], "action": .string(action.rawValue),
            "note": note.map(Value.string), "expects": expects.map { ["digest": .string($0.text)] },
        ]).decode(DecisionSpec.self)
        try send(.decide(decision, by: Actor(subject: subject, role: role)))
    }
}

extension WorkflowSpec {
    static let plain = spec([:])

    static func spec(_ members: [String: Value]) -> WorkflowSpec {
        let base: [String: Value] = [
            "playbookRef": ["name": "playbook"], "parameters": [:], "priority": 0, "state": "run",
        ]
        return decoded(.object(base.merging(members) { $1 }))
    }
}

extension PlaybookSpec {
    /// A playbook of stages given as JSON, with everything else at its default.
    static func of(_ stages: [Value], _ members: [String: Value] = [:]) -> PlaybookSpec {
        let full = stages.map { stage -> Value in
            let defaults: Value = [
                "goal": "it is done", "roles": [], "assessedBy": [], "workItems": [],
                "onChangesRequested": ["maxCycles": 3, "whenExhausted": "escalate"],
            ]
            return defaults.merging(stage)
        }
        let base: [String: Value] = [
            "displayName": "P", "version": "1", "outcome": "done", "lifecycle": "planned", "parameters": [],
            "roles": ["dev", "rev"], "stages": .array(full), "instructions": "work",
            "orchestration": ["mode": "rules"],
            "limits": ["reworkPerTask": 10, "iterationsPerTask": 800, "modelRetries": 5],
            "retry": [
                "maxAttempts": 3, "backoff": "exponential",
                "categories": ["timeout", "network", "resource", "infrastructure"],
            ],
        ]
        return decoded(.object(base.merging(members) { $1 }))
    }
}

extension Pins {
    static func of(_ playbook: PlaybookSpec, workflow: WorkflowSpec) -> Pins {
        let role: RoleSpec = decoded([
            "displayName": "R", "description": "r", "prompt": "do", "kind": "specialist",
            "tools": ["shell_exec"],
            "skillRefs": [], "handoff": ["required": [], "brief": false],
            "escalation": ["to": "human", "maxDepth": 5],
        ])
        let route: ModelRouteSpec = decoded([
            "primary": ["providerRef": "p", "model": "m"], "fallbacks": [], "contextWindow": 1000,
            "maxOutput": 100, "default": true,
        ])
        let provider: ModelProviderSpec = decoded([
            "type": "scripted", "screenplay": ["scenes": [], "usage": "bytes"],
        ])
        return Pins(
            playbookName: "playbook",
            playbook: playbook,
            roles: Dictionary(uniqueKeysWithValues: playbook.roles.map { ($0, role) }),
            skills: [:],
            toolProfiles: [:],
            runtimeProfiles: [:],
            modelRoutes: ["default": route],
            modelProviders: ["p": provider],
            defaultRoute: "default",
            workspaceName: nil,
            workspace: nil,
            workflow: workflow
        )
    }
}

/// Decodes a fixture; a fixture that does not decode is a mistake in the test itself.
private func decoded<Type: Decodable>(_ value: Value) -> Type {
    do {
        return try value.decode()
    } catch {
        preconditionFailure("a test fixture must decode: \(error)")
    }
}

/// Gate of a stage that an operator decides.
let operatorGate: Value = [
    "approvers": ["role:operator"], "count": 1, "notBy": [], "onReject": "fail", "onTimeout": "hold",
]

/// The shape of the first example: reproduce, implement, review, release.
let bugFix = PlaybookSpec.of([
    ["name": "reproduce", "roles": ["dev"]], ["name": "implement", "roles": ["dev"]],
    [
        "name": "review", "assessedBy": ["rev"],
        "onChangesRequested": ["returnTo": "implement", "maxCycles": 2, "whenExhausted": "escalate"],
    ], ["name": "release", "gate": operatorGate],
])
