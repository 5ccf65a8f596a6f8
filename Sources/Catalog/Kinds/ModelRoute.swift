internal import Domain

extension Shape {
    static let modelRoute = Shape(
        "ModelRoute",
        "Which model answers, its limits and its price.",
        columns: [
            Column("Provider", "spec.primary.providerRef"), Column("Model", "spec.primary.model"),
            Column("Default", "spec.default", isWide: true),
        ] + Column.readiness,
        spec: [
            .required("primary", .object(target), "The model that is asked first."),
            .defaulted(
                "fallbacks",
                .list(.object(target)),
                [],
                "The models asked when it does not answer, in order."
            ).notYet,
            .required("contextWindow", .integer(1...100_000_000), "How many tokens a call may carry."),
            .required("maxOutput", .integer(1...100_000_000), "How many tokens an answer may have."),
            .optional("price", .object(price), "What it costs; limits in dollars need it."),
            .defaulted("default", .boolean, false, "Whether Roles without a route use it."),
            .optional(
                "capabilities",
                .list(.word("tools", "images", "documents", "search", "structuredOutput"), isUnique: true),
                "What its models can do."
            ).notYet,
            .optional(
                "reasoning",
                .word("none", "low", "medium", "high"),
                "How much they think before they answer."
            ).notYet,
        ],
        check: { spec, findings in
            if let output = spec["maxOutput"], let tokens = output.integer,
                let window = spec["contextWindow"]?.integer, tokens > window
            {
                findings.report(.contradiction, output, "must be at most contextWindow, which is \(window)")
            }
        }
    )

    private static let target: Fields = [
        .required("providerRef", .reference("ModelProvider"), "The ModelProvider."),
        .required("model", .line(), "The model's name, as the provider knows it."),
    ]

    private static let price: Fields = [
        .required("inputPerMillion", .format(.money), "US dollars for a million tokens that are sent."),
        .required("outputPerMillion", .format(.money), "US dollars for a million tokens that are answered."),
        .optional(
            "cachedInputPerMillion",
            .format(.money),
            "US dollars for a million tokens read from a cache."
        ).notYet,
    ]
}
