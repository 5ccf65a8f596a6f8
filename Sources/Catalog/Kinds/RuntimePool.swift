internal import Domain

extension Shape {
    static let runtimePool = Shape(
        "RuntimePool",
        "How many runtimes there are and whom they serve.",
        columns: [Column("Mode", "spec.mode"), Column("Min", "spec.min"), Column("Max", "spec.max")]
            + Column.readiness,
        spec: [
            .required("namespaces", .names(.dnsLabel, minimum: 1), "The namespaces it serves."),
            .defaulted("shared", .boolean, false, "Whether one runtime may serve several namespaces.")
                .notYet,
            .optional(
                "runtimeProfileRef",
                .object(profileReference),
                "What its runtimes themselves run in; absent: the installed program."
            ).notYet,
            .optional("serves", .object(serves), "Which tasks it takes; absent: all."),
            .defaulted(
                "mode",
                .word("warm", "cold"),
                "warm",
                "How long an idle runtime above the minimum waits: five minutes when warm, one when cold."
            ),
            .defaulted("min", .integer(0...10_000), 0, "How many runtimes there are at least."),
            .required("max", .integer(1...10_000), "How many runtimes there are at most."),
            .defaulted("priority", .integer(-1000...1000), 0, "Which pool is filled first; higher first."),
            .defaulted("drainGrace", .format(.duration), "120s", "How long a runtime may finish its work."),
            .defaulted(
                "tasksPerRuntime",
                .integer(1...100),
                1,
                "How many tasks one runtime works on at once."
            ),
            .optional(
                "idleTimeout",
                .duration(atLeast: .seconds(1)),
                "How long a runtime above the minimum waits for work before it goes."
            ).notYet,
        ],
        check: checkPool
    )

    private static let profileReference: Fields = [
        .required("namespace", .format(.dnsLabel), "The namespace of the RuntimeProfile."),
        .required("name", .format(.dnsLabel), "Its name."),
    ]

    private static let serves: Fields = [
        .optional("roles", .names(.dnsLabel), "Names of Roles; absent: all."),
        .optional("playbooks", .names(.dnsLabel), "Names of Playbooks; absent: all.").notYet,
        .optional("orchestrators", .boolean, "Whether it takes orchestrators.").notYet,
    ]
}

@Sendable private func checkPool(_ spec: Place, _ findings: inout Findings) {
    if let minimum = spec["min"], let low = minimum.integer, let high = spec["max"]?.integer, low > high {
        findings.report(.contradiction, minimum, "must be at most max, which is \(high)")
    }
    if let place = spec["runtimeProfileRef"], let name = place["name"], let text = name.text,
        let namespace = place["namespace"]?.text, isDNSLabel(text), isDNSLabel(namespace)
    {
        findings.references.append(
            Reference(
                kind: "RuntimeProfile",
                namespace: namespace,
                name: text,
                field: name.field,
                span: name.node.span
            )
        )
    }
}
