internal import Domain

extension Shape {
    static let runtimeProfile = Shape(
        "RuntimeProfile",
        "What a sandbox is made of.",
        columns: [Column("Engine", "spec.engine"), Column("Image", "spec.image", isWide: true)]
            + Column.readiness,
        spec: [
            .defaulted("engine", .word("any", "local", "docker"), "any", "What runs it.")
                .notYet(but: ["any", "local"]),
            .optional(
                "image",
                .line(500),
                "The container image, for engines that have images; no attempt can be made with one yet."
            )
            .notYet,
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
            .optional(
                "pullPolicy",
                .word("always", "ifNotPresent", "never"),
                "When the image is pulled."
            ).notYet,
            .optional(
                "workspaceTypes",
                .list(.word("git", "directory", "artifact"), minimum: 1, isUnique: true),
                "Types of workspaces that it is for; absent: all."
            ).notYet,
        ],
        check: { spec, findings in
            requireUniqueNames(spec.list("env"), &findings)
            for variable in spec.list("env") {
                SecretShape.note(variable["secretRef"], namespace: nil, &findings)
            }
        }
    )

    private static let resources: Fields = [
        .optional("cpu", .format(.cores), "Cores: 2, or 500m for half a core.").notYet,
        .optional("memory", .format(.byteQuantity), "Memory: 512Mi."),
        .optional("disk", .format(.byteQuantity), "How large one file may be: 2Gi."),
        .optional("pids", .integer(1...100_000), "How many processes at once."),
    ]

    private static let network: Fields = [
        .defaulted("default", .word("deny", "allow"), "deny", "What holds for domains that are not listed."),
        .defaulted("allowDomains", .names(.domain), [], "Domains that may be reached.").notYet,
    ]

    private static let variable = Fields(
        exactlyOne: ["value", "secretRef"],
        [
            .required("name", .format(.variable), "Its name."),
            .optional(
                "value",
                .text(TextRule(format: .free, length: 0...20_000)),
                "Its value; never a secret."
            ),
            .optional(
                "secretRef",
                .object(SecretShape.reference("in the same namespace")),
                "The secret that is its value; until something redeems it, the variable is empty."
            ).notYet,
        ]
    )
}
