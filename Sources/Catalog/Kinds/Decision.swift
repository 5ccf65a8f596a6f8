internal import Domain

extension Shape {
    static let decision = Shape(
        "Decision",
        "How a person acts: once, attributable, and never changed.",
        columns: [
            Column("Target", "spec.target.name"), Column("Action", "spec.action"),
            Column("Outcome", "status.outcome"), Column("Reason", "status.reason"),
        ],
        spec: [
            .required("target", .object(target), "What it is about."),
            .required(
                "action",
                .text(TextRule(format: .line, words: taken + later)),
                "What is decided."
            ).notYet(but: taken),
            .optional("note", .prose(), "Why."),
            .optional("input", .anything, "What the action needs to know.").notYet,
            .optional(
                "expects",
                .object(expects),
                "What it was made on; it is refused when that has changed."
            ),
        ],
        check: { spec, findings in
            if let kind = spec["target"]?["kind"] { requireKind(kind, &findings) }
        }
    )

    private static let taken = [
        "approve", "reject", "requestChanges", "block", "pause", "resume", "cancel", "retry", "answer",
    ]
    private static let later = ["reassign", "skip", "override", "steer", "redrive", "drain"]

    private static let target: Fields = [
        .required("kind", .line(63), "Its kind."),
        .required("name", .format(.dnsLabel), "Its name."),
    ]

    private static let expects: Fields = [
        .optional("digest", .format(.digest), "The digest of what was judged, by a gate or of deletions."),
        .optional("generation", .integer(0...Int64.max), "The generation of what was judged."),
    ]
}
