internal import Domain

extension Shape {
    static let role = Shape(
        "Role",
        "Who does a piece of work: a prompt, tools, skills and a model.",
        columns: [
            Column("KIND", "spec.kind"), Column("TOOLS", "spec.toolProfileRef"),
            Column("MODEL", "spec.modelRouteRef"),
        ],
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
                ),
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
            ]
        ),
        check: checkRole
    )

    private static let handoff: Fields = [
        .defaulted("required", .names(.identifier), [], "Keys that role_data of its handoff must carry."),
        .defaulted("brief", .boolean, false, "Whether it also writes a brief for people."),
    ]

    private static let escalation: Fields = [
        .defaulted("to", .format(.dnsLabel), "human", "human, or the name of a Role."),
        .defaulted("maxDepth", .integer(1...20), 5, "How often an escalation may be passed on."),
    ]

    static let skill = Shape(
        "Skill",
        "A text that makes a role better at something.",
        columns: [Column("DELIVERY", "spec.delivery"), Column("SUMMARY", "spec.summary")],
        spec: [
            .required("displayName", .line(), "What people call it."),
            .required("summary", .prose(2000), "When to use it, in one or two sentences."),
            .required("body", .prose(SourceText.sizeLimit), "What it teaches."),
            .defaulted(
                "delivery",
                .word("inline", "onDemand"),
                "inline",
                "Part of every prompt, or read by the agent when it needs it."
            ),
        ]
    )

    static let toolProfile = Shape(
        "ToolProfile",
        "A named set of tools with bounds on what they may do.",
        columns: [Column("DESCRIPTION", "spec.description")],
        spec: [
            .required("description", .prose(2000), "What one can do with it."),
            .required("tools", .names(.toolName, minimum: 1), "The names of the tools."),
            .defaulted("shell", .object(shell), [:], "Which commands the shell tool may run."),
            .defaulted("paths", .object(paths), [:], "Which files may be written."),
        ]
    )

    private static let shell: Fields = [
        .defaulted(
            "allow",
            .list(.line(), isUnique: true),
            [],
            "Commands that may run; empty: every command."
        ),
        .defaulted("deny", .list(.line(), isUnique: true), [], "Commands that may not run."),
    ]

    private static let paths: Fields = [
        .defaulted("write", .names(.glob), [], "Path patterns that may be written; empty: every path.")
    ]
}

@Sendable private func checkRole(_ spec: Place, _ findings: inout Findings) {
    if let to = spec["escalation"]?["to"], let name = to.text, name != "human", isDNSLabel(name) {
        findings.references.append(Reference(kind: "Role", name: name, field: to.field, span: to.node.span))
    }
}
