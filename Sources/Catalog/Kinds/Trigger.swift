internal import Domain

extension Shape {
    static let trigger = Shape(
        "Trigger",
        "What starts work by a clock, a delivery or a commit.",
        columns: [
            Column("Schedule", "spec.source.schedule.cron"),
            Column("Suspended", "spec.suspend", isWide: true),
        ] + Column.readiness,
        spec: [
            .required("source", .object(source), "What sets it off."),
            .defaulted(
                "filter",
                .list(.object(condition)),
                [],
                "What must hold of what was sent, all of it."
            ),
            .optional(
                "dedupeKey",
                .format(.payloadPath),
                "Where what was sent says what it is; what comes a second time is passed over."
            ),
            .required("action", .object(action), "What is done."),
            .defaulted(
                "concurrency",
                .word("allow", "forbid", "replace"),
                "allow",
                "What happens while the last run goes on: both run, the new one does not, or the old ends."
            ),
            .defaulted("historyLimit", .integer(0...1000), 10, "How many past invocations it shows."),
            .defaulted("suspend", .boolean, false, "Whether it is left alone."),
        ],
        check: checkTrigger
    )

    private static let source = Fields(
        exactlyOne: ["schedule", "webhook", "git"],
        [
            .optional("schedule", .object(schedule), "A clock."),
            .optional("webhook", .object(webhook), "A signed delivery to the public door."),
            .optional("git", .object(repository), "A commit of a GitSource."),
        ]
    )

    private static let schedule: Fields = [
        .required("cron", .format(.cron), "When."),
        .defaulted("timeZone", .format(.timeZone), "UTC", "Where the clock is."),
    ]

    private static let webhook: Fields = [
        .required(
            "signature",
            .text(TextRule(format: .line, words: HookSignature.allCases.map(\.rawValue))),
            "How deliveries are signed; standard: as Standard Webhooks has it."
        ),
        .required(
            "secretRef",
            .object(SecretShape.reference("in the same namespace")),
            "The secret that the sender signs with."
        ),
        .optional("eventHeader", .format(.headerName), "The header that says what happened."),
    ]

    private static let repository: Fields = [
        .required("sourceRef", .reference("GitSource"), "The GitSource."),
        .defaulted("paths", .names(.glob), [], "Patterns of files, one of which changed; empty: any."),
    ]

    private static let condition = Fields(
        exactlyOne: ["equals", "matches"],
        [
            .required("path", .format(.payloadPath), "Where the value stands in what was sent."),
            .optional("equals", .line(2000), "What it is."),
            .optional("matches", .line(2000), "A glob that it matches."),
        ]
    )

    private static let action = Fields(
        exactlyOne: ["createWorkflow", "createWorkItem", "reconcile"],
        [
            .optional("createWorkflow", .object(newWorkflow), "A run begins."),
            .optional("createWorkItem", .object(newWorkItem), "An ongoing run gets a piece of work."),
            .optional("reconcile", .object(reconciliation), "A GitSource is looked at."),
            .defaulted(
                "parametersFrom",
                .map(.format(.payloadPath), keys: .parameterName),
                [:],
                "By parameter, where its value stands in what was sent."
            ),
        ]
    )

    private static let newWorkflow: Fields = [
        .required("playbookRef", .object(playbookReference), "The playbook that is run."),
        .optional("workspaceRef", .reference("Workspace"), "What it works on."),
        .defaulted(
            "parameters",
            .map(.text(TextRule(format: .free, length: 0...1_000_000)), keys: .parameterName),
            [:],
            "What the playbook asks for."
        ),
        .defaulted("priority", .integer(-1000...1000), 0, "Which run is served first; higher first."),
    ]

    private static let reconciliation: Fields = [
        .required("sourceRef", .reference("GitSource"), "The GitSource.")
    ]
}

@Sendable private func checkTrigger(_ spec: Place, _ findings: inout Findings) {
    SecretShape.note(spec["source"]?["webhook"]?["secretRef"], namespace: nil, &findings)
    let action = spec["action"]
    let taken = action?["parametersFrom"]
    if spec["source"]?["schedule"] != nil {
        // A clock sends nothing that could be looked at.
        let places = [spec["filter"], spec["dedupeKey"], taken].compactMap(\.self)
        for place in places where place.text != nil || !place.elements.isEmpty || !place.members.isEmpty {
            findings.report(
                .contradiction,
                at: place.mark,
                field: place.field,
                "\(place.field) must not stand beside a schedule, which sends nothing"
            )
        }
    }
    guard let taken else { return }
    let given = action?["createWorkflow"]?["parameters"]?.members ?? []
    for (name, key, value) in taken.members {
        if action?["reconcile"] != nil || action?["createWorkItem"] != nil {
            findings.report(
                .contradiction,
                at: key.span,
                field: value.field,
                "\(value.field) must stand beside createWorkflow, which alone has parameters"
            )
        } else if let other = given.first(where: { $0.name == name }) {
            findings.report(
                .contradiction,
                at: key.span,
                field: value.field,
                "\(value.field) must not be given as well; \(other.value.field) is",
                notes: [findings.note(other.key.span, "it is given")]
            )
        }
    }
}
