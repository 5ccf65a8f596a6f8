internal import Domain

/// The table of kinds that can be declared.
package enum Registry {
    /// Every shape, in order of name.
    package static let shapes: [Shape] = [
        .accessBinding, .decision, .fleet, .gitSource, .mcpServer, .modelProvider, .modelRoute, .notifier,
        .playbook, .policy, .role, .runtimePool, .runtimeProfile, .secretStore, .skill, .toolProfile,
        .trigger, .workItem, .workflow, .workspace,
    ]

    /// The shape of a kind's CamelCase name; nil when the kind is unknown or not declared.
    package static func shape(for kind: String) -> Shape? { byName[kind] }

    private static let byName = Dictionary(uniqueKeysWithValues: shapes.map { ($0.kind.name, $0) })
}
