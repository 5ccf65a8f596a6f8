/// What the API and the CLI must know of a kind to name it; its fields are described in Catalog.
package struct Kind: Sendable, Hashable {
    /// CamelCase singular, as in files: `Playbook`.
    package let name: String
    /// Lower-case plural, as in URLs: `playbooks`.
    package let plural: String
    package let shortNames: [String]
    package let isNamespaced: Bool
    /// Whether people declare it; a kind that is not declared is written by controllers only.
    package let isDeclared: Bool
    /// Where it stands when a revision is applied: what others refer to comes first, Decisions last.
    package let layer: Int
    /// Whether its objects are checked and kept, and nothing acts on them yet.
    package var isInert = false
    /// Whether controllers write objects of the kind, too: in tables of their own, and declared by nobody.
    package var isAlsoLive = false

    /// Lower-case singular, as the CLI takes it.
    package var singular: String { name.lowercased() }
}

/// The declared kinds that a controller looks after.
///
/// This is the only place that says so: the store marks their keys, the loop has a controller for each, and
/// whatever else is declared is in force as soon as it is stored, or kept where nothing acts on it. A
/// RuntimePool is not among them, although it has an effect: the fleet manager pulls the pools, so nobody
/// waits for the key of one.
package enum ControlledKind: String, Sendable, Hashable, CaseIterable {
    case decision = "Decision"
    case gitSource = "GitSource"
    case secretStore = "SecretStore"
    case workflow = "Workflow"
}

extension Kind {
    /// Whether a controller looks after the kind of that CamelCase name.
    package static func isControlled(_ name: String) -> Bool { ControlledKind(rawValue: name) != nil }

    /// The API group of every kind.
    package static let group = "agirunner.dev"
    /// The version of every kind.
    package static let version = "v1"
    /// `agirunner.dev/v1`.
    package static let apiVersion = "\(group)/\(version)"

    // The kinds that code asks for by their name.
    package static let attempt = live("Attempt", "attempts", ["at"])
    package static let decision = declared("Decision", "decisions", layer: 10)
    package static let escalation = live("Escalation", "escalations", ["esc"])
    package static let event = live("Event", "events", ["ev"])
    package static let gate = live("Gate", "gates")
    package static let gitSource = declared("GitSource", "gitsources", ["gs"], namespaced: false, layer: 1)
    package static let handoff = live("Handoff", "handoffs", ["ho"])
    package static let policy = declared("Policy", "policies", ["pol"], layer: 4)
    package static let revision = live("Revision", "revisions", ["rev"], namespaced: false)
    package static let task = live("Task", "tasks")
    package static let workItem = inert("WorkItem", "workitems", ["wi"], layer: 8).alsoLive
    package static let workflow = declared("Workflow", "workflows", ["wf"], layer: 7)

    /// Every kind there is, in order of name within declared and live.
    package static let all: [Kind] = [
        inert("AccessBinding", "accessbindings", ["ab"], namespaced: false, layer: 0),
        .decision,
        inert("Fleet", "fleets", namespaced: false, layer: 0),
        .gitSource,
        inert("McpServer", "mcpservers", ["mcp"], layer: 1),
        declared("ModelProvider", "modelproviders", ["mp"], layer: 1),
        declared("ModelRoute", "modelroutes", ["mr"], layer: 2),
        inert("Notifier", "notifiers", ["nt"], layer: 1),
        declared("Playbook", "playbooks", ["pb"], layer: 5),
        .policy,
        declared("Role", "roles", layer: 4),
        declared("RuntimePool", "runtimepools", ["pool"], namespaced: false, layer: 5),
        declared("RuntimeProfile", "runtimeprofiles", ["rp"], layer: 3),
        declared("SecretStore", "secretstores", ["ss"], layer: 0),
        declared("Skill", "skills", layer: 2),
        declared("ToolProfile", "toolprofiles", ["tp"], layer: 2),
        inert("Trigger", "triggers", ["tr"], layer: 9),
        .workItem,
        .workflow,
        declared("Workspace", "workspaces", ["ws"], layer: 3),
        .attempt,
        .escalation,
        .event,
        .gate,
        .handoff,
        .revision,
        live("Runtime", "runtimes", ["rt"], namespaced: false),
        .task,
        live("Worker", "workers", namespaced: false),
    ]

    /// The kind of that CamelCase name.
    package static func named(_ name: String) -> Kind? { byName[name] }

    // Every comparison of two keys by layer asks, and a commit may have thousands.
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The kind a person means: name, singular, plural or short name, in any case.
    package static func matching(_ word: String) -> Kind? {
        let word = word.lowercased()
        return all.first { $0.singular == word || $0.plural == word || $0.shortNames.contains(word) }
    }

    private static func declared(
        _ name: String,
        _ plural: String,
        _ shortNames: [String] = [],
        namespaced: Bool = true,
        layer: Int
    ) -> Kind {
        Kind(
            name: name,
            plural: plural,
            shortNames: shortNames,
            isNamespaced: namespaced,
            isDeclared: true,
            layer: layer
        )
    }

    private static func inert(
        _ name: String,
        _ plural: String,
        _ shortNames: [String] = [],
        namespaced: Bool = true,
        layer: Int
    ) -> Kind {
        var kind = declared(name, plural, shortNames, namespaced: namespaced, layer: layer)
        kind.isInert = true
        return kind
    }

    private var alsoLive: Kind {
        var kind = self
        kind.isAlsoLive = true
        return kind
    }

    private static func live(
        _ name: String,
        _ plural: String,
        _ shortNames: [String] = [],
        namespaced: Bool = true
    ) -> Kind {
        Kind(
            name: name,
            plural: plural,
            shortNames: shortNames,
            isNamespaced: namespaced,
            isDeclared: false,
            layer: 11
        )
    }
}
