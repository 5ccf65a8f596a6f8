internal import Domain

extension Shape {
    static let role = Shape(
        "Role",
        "Who does a piece of work: a prompt, tools, skills and a model.",
        columns: [
            Column("Tools", "spec.toolProfileRef", isWide: true),
            Column("Model", "spec.modelRouteRef", isWide: true),
        ] + Column.readiness,
        spec: Fields(
            exactlyOne: ["toolProfileRef", "tools"],
            [
                .required("displayName", .line(), "What people call it."),
                .required("description", .prose(2000), "What it does, in a few sentences."),
                .required("prompt", .prose(SourceText.sizeLimit), "What it is told before every task."),
                .defaulted(
                    "kind",
                    .word("specialist", "orchestrator"),
                    "specialist",
                    "A specialist works on tasks; an orchestrator decides what happens next."
                ).notYet(but: ["specialist"]),
                .optional("toolProfileRef", .reference("ToolProfile"), "The tools it may call."),
                .defaulted("tools", .names(.toolName), [], "The tools it may call, instead of a profile."),
                .defaulted(
                    "skillRefs",
                    .list(.reference("Skill"), isUnique: true),
                    [],
                    "Its Skills, the first one first."
                ),
                .optional(
                    "modelRouteRef",
                    .reference("ModelRoute"),
                    "The model; absent: the namespace's default route."
                ),
                .optional(
                    "runtimeProfileRef",
                    .reference("RuntimeProfile"),
                    "Its sandbox; absent: the playbook's."
                ),
                .defaulted("handoff", .object(handoff), [:], "What it must hand over."),
                .defaulted("escalation", .object(escalation), [:], "Whom it asks when it cannot go on."),
                .optional(
                    "mcpServerRefs",
                    .list(.reference("McpServer"), isUnique: true),
                    "McpServers whose tools it may call, too."
                ).notYet,
                .optional("outputSchema", .map(.anything), "The JSON Schema of what it hands over.").notYet,
                .optional("loop", .object(loop), "How it thinks.").notYet,
            ]
        ),
        check: checkRole
    )

    private static let handoff: Fields = [
        .defaulted("required", .names(.identifier), [], "Keys that role_data of its handoff must carry."),
        .defaulted("brief", .boolean, false, "Whether it also writes a brief for people.").notYet,
    ]

    private static let loop: Fields = [
        .required(
            "mode",
            .word("reactive", "phased"),
            "Call after call until the work is done, or in phases that plan, act and verify."
        )
    ]

    private static let escalation: Fields = [
        .defaulted("to", .format(.dnsLabel), "human", "human, or the name of a Role.").notYet(but: ["human"]),
        .defaulted("maxDepth", .integer(1...20), 5, "How often an escalation may be passed on.").notYet,
    ]
}

@Sendable private func checkRole(_ spec: Place, _ findings: inout Findings) {
    if let to = spec["escalation"]?["to"], let name = to.text, name != "human", isDNSLabel(name) {
        findings.references.append(Reference(kind: "Role", name: name, field: to.field, span: to.node.span))
    }
}
