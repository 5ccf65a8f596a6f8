internal import Domain

extension Shape {
    static let workflow = Shape(
        "Workflow",
        "One run of a playbook.",
        columns: [
            Column("Phase", "status.phase"), Column("Stage", "status.currentStage"),
            Column("Cost", "status.spend.cost"), Column("Reason", "status.reason", isWide: true),
            Column("Status", "status.conditions.Ready.message"),
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
            .optional(
                "limits",
                .object(limits.withoutDefaults),
                "Bounds of the run, none of them looser than the playbook's."
            ).notYet,
            .optional("orchestration", .object(orchestration), "Instead of the playbook's.").notYet,
        ],
        check: { spec, findings in checkOrchestration(spec["orchestration"], &findings) }
    )

    static let playbookReference: Fields = [
        .required("name", .reference("Playbook"), "Its name."),
        .optional("version", .format(.version), "The version it must have."),
    ]

    private static let budget: Fields = [
        .optional("tokens", .integer(1...1_000_000_000_000), "How many tokens."),
        .optional("costUSD", .format(.money), "How many US dollars."),
        .optional("wallClock", .duration(atLeast: .seconds(1)), "How long all attempts may take together."),
        .defaulted(
            "onExceeded",
            .word("ask", "stop", "warn"),
            "ask",
            "What happens then: ask a person, stop, or go on with a warning."
        ),
    ]
}
