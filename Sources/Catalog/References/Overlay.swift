internal import Domain

/// A Policy in force for a load: declared in it, or stored already.
struct Overlay: Sendable {
    let key: ObjectKey
    /// Where it is declared in this load; nil for one that is not judged with it.
    let index: Int?
    let spec: PolicySpec
    let scope: PolicyScope
    /// What it says of gates, in the form that a playbook has them.
    let gates: [Value]
    /// Its caps, by the names of the limits.
    let caps: [String: Value]

    /// A Policy as it was declared or stored; nil for a spec that lacks what this version of the program
    /// needs.
    init?(_ key: ObjectKey, _ value: Value, _ index: Int?) {
        // Whoever gets nil holds back what the Policy is for.
        guard let spec: PolicySpec = try? value.decode() else { return nil }
        let gates = (value["requireGates"]?.array ?? []).compactMap { $0["gate"] }
        guard gates.count == spec.requireGates.count else { return nil }
        self.key = key
        self.index = index
        self.spec = spec
        scope = PolicyScope(value["appliesTo"])
        self.gates = gates
        caps = value["caps"]?.object ?? [:]
    }
}

/// Which objects of its namespace a Policy is for; what cannot be read makes it be for more of them.
struct PolicyScope: Sendable {
    /// The kinds that a Policy says something of.
    static let governed: Set<String> = ["Playbook", "Role", "RuntimeProfile", "ToolProfile"]

    private let kinds: Set<String>
    private let source: String?
    private let labels: [String: String]

    /// The scope in a spec.
    init(_ appliesTo: Value?) {
        kinds = Self.kinds((appliesTo?["kinds"]?.array ?? []).compactMap(\.string))
        source = appliesTo?["source"]?.string
        labels = (appliesTo?["labels"]?.object ?? [:]).compactMapValues(\.string)
    }

    /// The scope in a file, which may have mistakes.
    init(_ appliesTo: Place?) {
        kinds = Self.kinds((appliesTo?.list("kinds") ?? []).compactMap(\.text))
        source = appliesTo?["source"]?.text
        labels = Dictionary(
            (appliesTo?["labels"]?.members ?? []).compactMap { name, _, value in
                value.text.map { (name, $0) }
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private static func kinds(_ names: [String]) -> Set<String> {
        !names.isEmpty && governed.isSuperset(of: names) ? Set(names) : governed
    }

    /// Whether an object of the Policy's namespace is one of those, when a source loads it.
    func covers(_ draft: Draft, gitSource: String?) -> Bool {
        kinds.contains(draft.kind.name) && (source == nil || source == gitSource)
            && labels.allSatisfy { draft.labels?[$0.key] == $0.value }
    }
}
