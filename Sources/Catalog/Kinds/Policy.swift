internal import Domain

extension Shape {
    static let policy = Shape(
        "Policy",
        "What the playbooks of its namespace must have, whoever wrote them.",
        columns: [Column("SOURCE", "spec.appliesTo.source")],
        spec: [
            .required("appliesTo", .object(scope), "Which playbooks it is for; {} for all of the namespace."),
            .defaulted(
                "requireGates",
                .list(.object(requiredGate)),
                [],
                "Gates that stages get; a stage that has one of its own keeps that."
            ),
            .defaulted(
                "assesses",
                .names(.dnsLabel),
                [],
                "Roles that judge what was delivered before, where their playbooks have them deliver."
            ),
        ],
        check: { spec, findings in
            for rule in spec.list("requireGates") { checkGate(of: rule, &findings) }
        }
    )

    private static let scope: Fields = [
        .defaulted(
            "kinds",
            .list(.word("Playbook"), minimum: 1, isUnique: true),
            ["Playbook"],
            "Their kinds."
        ),
        .optional("source", .format(.dnsLabel), "The GitSource that declares them."),
        .defaulted("labels", .map(.format(.labelValue), keys: .labelKey), [:], "Labels that they have."),
    ]

    private static let requiredGate: Fields = [
        .optional("playbook", .format(.dnsLabel), "The playbook; absent: each with a stage of that name."),
        .required("stage", .format(.dnsLabel), "The stage."),
        .required("gate", .object(gate), "A person's approval before the stage counts as done."),
    ]
}
