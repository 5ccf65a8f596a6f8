import Domain

/// A contract of a developer without a workspace, changed as the test needs it.
func makeContract(_ change: (inout Value) -> Void = { _ in }) throws -> Contract {
    var value: Value = [
        "identity": [
            "namespace": "default", "workflow": "fix", "workflowUID": "11111111-1111-4111-8111-111111111111",
            "workItem": "fix-implement", "stage": "implement", "task": "fix-implement-developer",
            "taskUID": "22222222-2222-4222-8222-222222222222", "attempt": "fix-implement-developer-1",
            "attemptUID": "33333333-3333-4333-8333-333333333333", "attemptNumber": 1, "role": "developer",
            "purpose": "delivery", "revision": 1,
        ],
        "instructions": "Fix what is broken.", "brief": "Division rounds the wrong way.", "predecessors": [],
        "documents": [],
        "tools": [
            "file_read", "file_list", "grep", "file_write", "file_edit", "shell_exec", "git_commit",
            "submit_handoff",
            "read_predecessor_handoff",
        ],
        "shell": ["allow": [], "deny": []], "writablePaths": [],
        "model": [
            "route": "default", "model": "screenplay", "contextWindow": 200_000, "maxOutput": 8000,
            "provider": ["type": "scripted", "screenplay": ["scenes": [], "usage": "bytes"]],
            "price": ["inputPerMillion": "3.00", "outputPerMillion": "15.00"],
        ],
        "limits": ["iterations": 100, "modelRetries": 2, "timeoutMilliseconds": 120_000],
        "sandbox": [
            "engine": "local", "resources": ["memory": "512Mi", "pids": 128],
            "requiredCommands": ["git", "python3"],
            "bootstrap": [], "network": ["default": "deny", "allowDomains": []], "env": [],
            "taskTimeout": "10m",
        ],
        "requiredHandoff": [],
    ]
    change(&value)
    return try value.decode()
}

extension Value {
    /// Sets the scenes of the screenplay of a contract.
    mutating func setTurns(_ turns: Value, departs: Value? = nil, role: String = "developer") {
        self["model"]?["provider"]?["screenplay"]?["scenes"] = [
            .members(["role": .string(role), "turns": turns, "departs": departs])
        ]
    }
}

/// A turn that only calls tools.
func turn(_ calls: (String, Value)..., say: String = "", seen: Value? = nil) -> Value {
    .members([
        "say": .string(say), "seen": seen,
        "calls": .array(calls.map { ["tool": .string($0.0), "input": $0.1] }),
    ])
}

/// A turn that hands over.
let handOff = turn(("submit_handoff", ["summary": "Done.", "completion": "full"]))
