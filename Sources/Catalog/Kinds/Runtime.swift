internal import Domain

extension Shape {
    static let runtimeProfile = Shape(
        "RuntimeProfile",
        "What a sandbox is made of.",
        columns: [Column("ENGINE", "spec.engine"), Column("IMAGE", "spec.image")],
        spec: [
            .defaulted("engine", .word("any", "local", "docker"), "any", "What runs it."),
            .optional("image", .line(500), "The container image, for engines that have images."),
            .defaulted("resources", .object(resources), [:], "What it may use."),
            .defaulted("requiredCommands", .names(.command), [], "Commands that must be there."),
            .defaulted("bootstrap", .list(.prose(2000)), [], "Commands run once when it is made."),
            .defaulted("network", .object(network), [:], "Whom it may talk to."),
            .defaulted("env", .list(.object(variable)), [], "Environment variables of its commands."),
            .defaulted(
                "taskTimeout",
                .duration(atLeast: .seconds(1)),
                "180m",
                "How long one attempt at a task may take."
            ),
        ],
        check: { spec, findings in requireUniqueNames(spec.list("env"), &findings) }
    )

    private static let resources: Fields = [
        .optional("cpu", .format(.cores), "Cores: 2, or 500m for half a core."),
        .optional("memory", .format(.byteQuantity), "Memory: 512Mi."),
        .optional("disk", .format(.byteQuantity), "Disk: 2Gi."),
        .optional("pids", .integer(1...100_000), "How many processes at once."),
    ]

    private static let network: Fields = [
        .defaulted("default", .word("deny", "allow"), "deny", "What holds for domains that are not listed."),
        .defaulted("allowDomains", .names(.domain), [], "Domains that may be reached."),
    ]

    private static let variable: Fields = [
        .required("name", .format(.variable), "Its name."),
        .required("value", .text(TextRule(format: .free, length: 0...20_000)), "Its value; never a secret."),
    ]

    static let runtimePool = Shape(
        "RuntimePool",
        "How many runtimes there are and whom they serve.",
        columns: [Column("MODE", "spec.mode"), Column("MIN", "spec.min"), Column("MAX", "spec.max")],
        spec: [
            .required("namespaces", .names(.dnsLabel, minimum: 1), "The namespaces it serves."),
            .defaulted("shared", .boolean, false, "Whether one runtime may serve several namespaces."),
            .optional(
                "runtimeProfileRef",
                .object(profileReference),
                "What its runtimes themselves run in; absent: the installed program."
            ),
            .optional("serves", .object(serves), "Which tasks it takes; absent: all."),
            .defaulted(
                "mode",
                .word("warm", "cold"),
                "warm",
                "Whether runtimes wait for work or are made for it."
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
        ],
        check: checkPool
    )

    private static let profileReference: Fields = [
        .required("namespace", .format(.dnsLabel), "The namespace of the RuntimeProfile."),
        .required("name", .format(.dnsLabel), "Its name."),
    ]

    private static let serves: Fields = [
        .optional("roles", .names(.dnsLabel), "Names of Roles; absent: all."),
        .optional("playbooks", .names(.dnsLabel), "Names of Playbooks; absent: all."),
        .optional("orchestrators", .boolean, "Whether it takes orchestrators."),
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
