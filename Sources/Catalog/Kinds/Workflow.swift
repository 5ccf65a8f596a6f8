internal import Domain

extension Shape {
    static let workflow = Shape(
        "Workflow",
        "One run of a playbook.",
        columns: [
            Column("PLAYBOOK", "spec.playbookRef.name"), Column("PHASE", "status.phase"),
            Column("STAGE", "status.currentStage"),
        ],
        spec: [
            .required("playbookRef", .object(playbookReference), "The playbook that is run."),
            .optional("workspaceRef", .reference("Workspace"), "What it works on."),
            .defaulted(
                "parameters",
                .map(.text(TextRule(format: .free, length: 0...1_000_000))),
                [:],
                "What the playbook asks for."
            ),
            .optional("budget", .object(budget), "What it may spend."),
            .defaulted("priority", .integer(-1000...1000), 0, "Which run is served first; higher first."),
            .defaulted("state", .word("run", "paused", "cancelled"), "run", "What it should be doing."),
        ]
    )

    private static let playbookReference: Fields = [
        .required("name", .reference("Playbook"), "Its name."),
        .optional("version", .format(.version), "The version it must have."),
    ]

    private static let budget: Fields = [
        .optional("tokens", .integer(1...1_000_000_000_000), "How many tokens."),
        .optional("costUSD", .format(.money), "How many US dollars."),
        .optional("wallClock", .duration(atLeast: .seconds(1)), "How long; waiting at gates does not count."),
        .defaulted(
            "onExceeded",
            .word("ask", "stop", "warn"),
            "ask",
            "What happens then: ask a person, stop, or go on with a warning."
        ),
    ]

    static let decision = Shape(
        "Decision",
        "How a person acts: once, attributable, and never changed.",
        columns: [
            Column("ACTION", "spec.action"), Column("KIND", "spec.target.kind"),
            Column("TARGET", "spec.target.name"),
            Column("OUTCOME", "status.outcome"), Column("REASON", "status.reason"),
        ],
        spec: [
            .required("target", .object(target), "What it is about."),
            .required(
                "action",
                .word(
                    "approve",
                    "reject",
                    "requestChanges",
                    "block",
                    "pause",
                    "resume",
                    "cancel",
                    "retry",
                    "reassign",
                    "skip",
                    "override",
                    "answer",
                    "steer",
                    "redrive",
                    "drain"
                ),
                "What is decided."
            ),
            .optional("note", .prose(), "Why."),
            .optional("input", .anything, "What the action needs to know."),
            .optional(
                "expects",
                .object(expects),
                "What it was made on; it is refused when that has changed."
            ),
        ],
        check: { spec, findings in
            guard let kind = spec["target"]?["kind"], let name = kind.text, Kind.named(name) == nil else {
                return
            }
            findings.report(
                .unknownWord,
                kind,
                "must be a kind; '\(name)' is unknown",
                fix: nearestName(to: name, among: Kind.all.map(\.name)).map { "did you mean '\($0)'?" }
            )
        }
    )

    private static let target: Fields = [
        .required("kind", .line(63), "Its kind."),
        .required("name", .format(.dnsLabel), "Its name."),
    ]

    private static let expects: Fields = [
        .optional("digest", .format(.digest), "The digest of what was judged."),
        .optional("generation", .integer(0...Int64.max), "The generation of what was judged."),
    ]
}
