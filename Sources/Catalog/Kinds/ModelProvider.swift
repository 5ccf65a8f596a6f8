internal import Domain

extension Shape {
    static let modelProvider = Shape(
        "ModelProvider",
        "Where models are reached, or a screenplay that replaces thinking.",
        columns: [Column("Type", "spec.type"), Column("URL", "spec.baseURL", isWide: true)]
            + Column.readiness,
        spec: [
            .required(
                "type",
                .word("anthropic", "openai", "google", "ollama", "vllm", "openrouter", "scripted"),
                "The protocol it speaks; scripted plays the screenplay."
            ).notYet(but: ["scripted"]),
            .optional("baseURL", .format(.httpURL), "Where it is; absent: the provider's own address.")
                .notYet,
            .optional("screenplay", .object(screenplay), "What is played; for scripted only."),
            .optional("auth", .object(auth), "How it is entered; absent: without a key.").notYet,
            .optional("requestsPerMinute", .integer(1...1_000_000), "How many calls it may be sent.").notYet,
            .optional("timeout", .duration(atLeast: .seconds(1)), "How long one call may take.").notYet,
        ],
        check: checkProvider
    )

    private static let auth: Fields = [
        .required(
            "mode",
            .word("none", "apiKey", "oauth"),
            "With nothing, a key, or a token that is renewed."
        ),
        .optional(
            "secretRef",
            .object(SecretShape.reference("in the same namespace")),
            "The key, or what tokens are asked for with."
        ),
    ]

    private static let screenplay: Fields = [
        .required(
            "scenes",
            .list(.object(scene), minimum: 1),
            "The scenes; the most specific one is played."
        ),
        .defaulted("usage", .word("bytes"), "bytes", "How tokens are counted: UTF-8 bytes / 4, rounded up."),
    ]

    private static let scene: Fields = [
        .required("role", .format(.dnsLabel), "The role of the task it is for."),
        .optional("stage", .format(.dnsLabel), "The stage of the task."),
        .optional("revision", .integer(1...10_000), "The revision; an assessor's is its subject's."),
        .optional("attempt", .integer(1...10_000), "The number of the attempt."),
        .optional("workflow", .format(.dnsLabel), "The name of the run."),
        .required("turns", .list(.object(turn)), "One for each model call, in order."),
        .optional(
            "departs",
            .either(word: "fail", .list(.object(turn))),
            "What is played when the run leaves the scene: fail, the default, or turns."
        ),
    ]

    private static let turn: Fields = [
        .optional("seen", .object(seen), "What must hold for what the call was shown that is new."),
        .optional("say", .prose(200_000), "What the model says."),
        .defaulted("calls", .list(.object(call)), [], "The tools it calls."),
    ]

    private static let seen: Fields = [
        .optional("contains", .prose(), "A text that stands in it."),
        .optional("matches", .prose(), "A glob that it matches."),
        .optional("tool", .format(.identifier), "The tool whose result is looked at."),
        .optional("error", .boolean, "Whether the result is an error."),
    ]

    private static let call: Fields = [
        .required("tool", .format(.identifier), "The tool's name."),
        .defaulted("input", .anything, [:], "Its input."),
    ]
}

@Sendable private func checkProvider(_ spec: Place, _ findings: inout Findings) {
    refuseCredential(inURL: spec["baseURL"], &findings)
    SecretShape.note(spec["auth"]?["secretRef"], namespace: nil, &findings)
    SecretShape.require(spec["auth"], for: ["apiKey", "oauth"], of: "mode", &findings)
    guard let type = spec["type"] else { return }
    let screenplay = spec["screenplay"]
    if type.text == "scripted", screenplay == nil {
        findings.report(.screenplay, type, "must have a screenplay beside it to be scripted")
    } else if let screenplay, let text = type.text, text != "scripted" {
        findings.report(
            .screenplay,
            at: screenplay.mark,
            field: screenplay.field,
            "\(screenplay.field) must not stand beside the type \(text)",
            notes: [findings.note(type.node.span, "the type stands")]
        )
    }
    if let screenplay { checkScenes(screenplay.list("scenes"), &findings) }
}

/// Reports each scene that can be meant for the same task as one before it, when neither is more specific.
private func checkScenes(_ scenes: [Place], _ findings: inout Findings) {
    // By what scenes say, since a file may have more of them than there is time to compare with each other.
    var first: [SceneMeaning: Int] = [:]
    for (index, scene) in scenes.enumerated() {
        let said = SceneMeaning.selectors.map { scene[$0]?.text }
        let meanings = SceneMeaning.pairs(said)
        if let other = meanings.compactMap({ first[$0.of] }).min().map({ scenes[$0] }) {
            findings.report(
                .ambiguousScene,
                at: scene.mark,
                field: scene.field,
                "\(scene.field) must be more or less specific than \(other.field); both fit the same task",
                notes: [findings.note(other.mark, "the other scene stands")]
            )
        }
        for meaning in meanings where first[meaning.own] == nil { first[meaning.own] = index }
    }
}

/// What a scene says of those selectors that another one has as well.
private struct SceneMeaning: Hashable {
    static let selectors = ["role", "stage", "revision", "attempt", "workflow"]

    /// Which selectors the scene has, as bits.
    let own: Int
    /// Which the other one has; just as many, or one of the two would be more specific.
    let other: Int
    /// By selector; nil where not both have it.
    let common: [String?]

    /// For each set of selectors that another scene may have: what this one means to it, and what such a one
    /// says that is meant for the same task.
    static func pairs(_ said: [String?]) -> [(own: SceneMeaning, of: SceneMeaning)] {
        let bits = said.indices.reduce(0) { said[$1] == nil ? $0 : $0 | 1 << $1 }
        return (0..<1 << said.count).filter { $0.nonzeroBitCount == bits.nonzeroBitCount }.map { other in
            let common = said.indices.map { bits & other & 1 << $0 == 0 ? nil : said[$0] }
            return (
                SceneMeaning(own: bits, other: other, common: common),
                SceneMeaning(own: other, other: bits, common: common)
            )
        }
    }
}
