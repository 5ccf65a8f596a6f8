package import Domain

// The options of most places that load, side by side: what they have in common is what makes the answer of
// `validate` that of the server.
extension LoadOptions {
    /// Kinds whose specs matter to those who refer to them, or who name others; of all else that others
    /// declare, only the key does.
    package static let kindsReadOfOthers = [
        "GitSource", "ModelRoute", "Playbook", "Policy", "Role", "RuntimePool", "ToolProfile", "WorkItem",
        "Workflow",
    ]

    /// The options of a check without a server.
    package static func offline(isWhole: Bool) -> LoadOptions {
        var options = LoadOptions()
        // How far up a relative workspace may lead is for the server to say, so this goes down far enough.
        options.sourceURL = String(repeating: "/folder", count: 16)
        options.isWhole = isWhole
        return options
    }

    /// The options of a commit of a source, beside everything that is stored.
    package static func source(
        _ name: String,
        _ spec: GitSourceSpec,
        commit: CommitID,
        stored: [Stored]
    ) -> LoadOptions {
        .source(
            name,
            spec,
            commit: commit,
            others: stored.filter { $0.origin.gitSource != name }.specs.reduce(into: [:]) { others, entry in
                // As the server reads them, so that both judge alike.
                others[entry.key] = kindsReadOfOthers.contains(entry.key.kind) ? entry.value : [:]
            },
            inForce: inForce(stored.filter { $0.origin.gitSource == name })
        )
    }

    /// Kinds of which what is declared is compared with what is in force.
    package static let kindsCompared: Set<String> = ["Decision", "Playbook", "Workflow"]

    /// The specs of stored objects that what is declared is compared with, a Workflow's once it has started;
    /// and of Policies, which hold while a file that may declare them cannot be read.
    package static func inForce(_ stored: [Stored]) -> [ObjectKey: Value] {
        stored.filter { stored in
            switch stored.object.kind {
            case "Policy": true
            case "Workflow": stored.object.status?["phase"] != nil
            default: kindsCompared.contains(stored.object.kind)
            }
        }.specs
    }

    /// The options of a commit of a source, beside what others declare and what of its own is in force.
    package static func source(
        _ name: String,
        _ spec: GitSourceSpec,
        commit: CommitID,
        others: [ObjectKey: Value],
        inForce: [ObjectKey: Value]
    ) -> LoadOptions {
        var options = LoadOptions()
        options.gitSource = name
        options.commit = commit
        options.namespace = spec.namespace
        options.sourceURL = spec.url
        options.grants = spec.grants
        options.verify = spec.verify
        if spec.layout == .community { options.communityRoots = [folder(spec.path)] }
        options.existing = others
        options.inForce = inForce
        options.isWhole = true
        return options
    }

    /// A folder as the paths of its files begin, without the slash.
    private static func folder(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The options of files that a person is about to send, beside everything that is stored.
    package static func files(beside stored: [Stored]) -> LoadOptions {
        var options = LoadOptions()
        options.passesOverServerFields = true
        options.existing = stored.specs
        options.inForce = inForce(stored)
        return options
    }

    /// Kinds whose specs matter to an object of a kind that a person sends; of all else, only the key does.
    package static func kindsRead(by kind: String) -> [String] {
        switch kind {
        case "GitSource": ["GitSource"]
        case "ModelRoute": ["ModelRoute"]
        case "Playbook": ["ModelRoute", "Policy", "Role", "ToolProfile"]
        case "Policy": ["Playbook"]
        case "Role": ["Policy", "ToolProfile"]
        case "RuntimeProfile", "ToolProfile": ["Policy"]
        case "Trigger": ["Playbook", "Workflow"]
        case "WorkItem": ["Playbook", "WorkItem", "Workflow"]
        case "Workflow": ["ModelRoute", "Playbook", "Role"]
        case "Workspace": ["GitSource"]
        default: []
        }
    }

    /// The options of one object that a person sends, beside the specs of everything that is stored; those
    /// of kinds that are not read by its kind may be empty.
    package static func door(
        _ actor: String,
        _ key: ObjectKey,
        specs: [ObjectKey: Value],
        stored: Stored?
    ) -> LoadOptions {
        var options = LoadOptions()
        options.appliedBy = actor
        options.namespace = key.namespace ?? options.namespace
        options.existing = specs
        options.existing[key] = nil
        options.inForce = inForce(stored.map { [$0] } ?? [])
        return options
    }
}
