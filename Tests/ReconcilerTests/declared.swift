import Domain

/// A declared object; its digest follows from its spec.
func declared(
    _ kind: String,
    _ name: String,
    _ spec: Value = [:],
    at path: String = "a.yaml",
    line: Int = 1,
    source: String = "main",
    labels: [String: String]? = nil,
    annotations: [String: String]? = nil
) -> Declared {
    let isNamespaced = Kind.named(kind)?.isNamespaced ?? true
    var metadata = Metadata(name: name, namespace: isNamespaced ? "default" : nil)
    metadata.labels = labels
    metadata.annotations = annotations
    let object = Object(kind: kind, metadata: metadata, spec: spec)
    var origin = Origin(
        gitSource: source,
        commit: CommitID("c1"),
        path: path,
        position: TextPosition(line: line, column: 1)
    )
    origin.fields = FieldSet(of: object.body)
    return Declared(
        object: object,
        digest: digest(spec.canonicalBytes),
        origin: origin,
        references: []
    )
}

/// A source as a person applied it: with these members of its spec besides those that all have.
func gitSource(
    _ name: String = "main",
    _ members: [String: Value] = [:],
    annotations: [String: String]? = nil
) -> Declared {
    let common: [String: Value] = [
        "url": "/srv/config", "ref": ["branch": "main"], "path": "", "namespace": "default",
        "include": [], "exclude": [], "interval": "30s", "timeout": "60s",
        "grants": ["namespaces": ["*"], "kinds": ["*"]],
        "prune": ["enabled": true, "maxPercent": 50], "drift": "correct", "suspend": false,
    ]
    let spec = Value.object(common.merging(members) { $1 })
    return declared("GitSource", name, spec, annotations: annotations).applied(by: "unix:0")
}

extension Declared {
    /// This object as the store holds it.
    var stored: Stored { Stored(object: object, digest: digest, origin: origin) }

    /// This object as a person applied it on the control door.
    func applied(by subject: String) -> Declared {
        var copy = self
        copy.origin = Origin(appliedBy: subject)
        return copy
    }
}

func key(_ kind: String, _ name: String) -> ObjectKey {
    ObjectKey(kind, namespace: Kind.named(kind)?.isNamespaced == false ? nil : "default", name: name)
}

func claimed(_ key: ObjectKey, failures: Int = 0) -> ClaimedKey {
    ClaimedKey(key: key, generation: 1, fence: 1, failures: failures)
}

/// The objects a run needs: one playbook of one stage with a gate, its role, a route and its provider.
let configuration: [Declared] = [
    declared("Playbook", "one-stage", playbook), declared("Role", "dev", role),
    declared(
        "ModelRoute",
        "default",
        [
            "primary": ["providerRef": "scripted", "model": "m"], "fallbacks": [], "contextWindow": 1000,
            "maxOutput": 100, "default": true,
        ]
    ),
    declared(
        "ModelProvider",
        "scripted",
        ["type": "scripted", "screenplay": ["scenes": [], "usage": "bytes"]]
    ),
]

/// A workflow that asks for this state.
func workflow(_ name: String, state: String = "run", version: Value? = nil) -> Declared {
    declared(
        "Workflow",
        name,
        [
            "playbookRef": .members(["name": "one-stage", "version": version]), "parameters": [:],
            "priority": 0,
            "state": .string(state),
        ]
    )
}

/// A Decision on a workflow's open gate, made by a person.
func decision(_ name: String, _ action: String, _ target: String, note: String? = nil) -> Declared {
    declared(
        "Decision",
        name,
        .members([
            "target": ["kind": "Workflow", "name": .string(target)], "action": .string(action),
            "note": note.map(Value.string),
        ])
    ).applied(by: "unix:1000")
}

private let playbook: Value = [
    "displayName": "P", "version": "1", "outcome": "done", "lifecycle": "planned", "parameters": [],
    "roles": ["dev"], "instructions": "work", "orchestration": ["mode": "rules"],
    "limits": ["reworkPerTask": 10, "iterationsPerTask": 800, "modelRetries": 5],
    "retry": ["maxAttempts": 3, "backoff": "fixed", "categories": ["infrastructure"]],
    "stages": [
        [
            "name": "make", "goal": "it is done", "roles": ["dev"], "assessedBy": [], "workItems": [],
            "onChangesRequested": ["maxCycles": 3, "whenExhausted": "escalate"],
            "gate": [
                "approvers": ["role:operator"], "count": 1, "notBy": [], "onReject": "fail",
                "timeout": "1h", "onTimeout": "fail",
            ],
        ]
    ],
]

private let role: Value = [
    "displayName": "R", "description": "r", "prompt": "do", "kind": "specialist", "tools": [],
    "skillRefs": [], "handoff": ["required": [], "brief": false],
    "escalation": ["to": "human", "maxDepth": 5],
]
