internal import Domain

extension Shape {
    static let accessBinding = Shape(
        "AccessBinding",
        "Who may do what, and in which namespaces.",
        columns: [
            Column("Role", "spec.role"), Column("Subjects", "spec.subjects"),
            Column("Namespaces", "spec.namespaces", isWide: true),
        ] + Column.readiness,
        spec: [
            .required(
                "subjects",
                .names(.subject, minimum: 1),
                "Who: a person, a group, a key, a user of the machine, or the signer of commits."
            ),
            .required(
                "role",
                .text(TextRule(format: .line, words: AccessRole.allCases.map(\.rawValue))),
                "What they may do; each role includes those before it, but agent_admin and workflow_admin "
                    + "not each other."
            ),
            .optional("namespaces", .names(.dnsLabel, minimum: 1), "Where; absent: in every namespace."),
        ]
    )
}
