internal import Domain

extension Shape {
    static let skill = Shape(
        "Skill",
        "A text that makes a role better at something.",
        columns: [Column("Summary", "spec.summary", isWide: true)] + Column.readiness,
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
}
