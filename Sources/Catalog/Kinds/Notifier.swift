internal import Domain

extension Shape {
    static let notifier = Shape(
        "Notifier",
        "Who outside is told of what happens.",
        columns: [Column("Type", "spec.type"), Column("Events", "spec.events", isWide: true)]
            + Column.readiness,
        spec: [
            .required("type", .word("webhook", "slack", "github"), "Who is told."),
            .defaulted(
                "events",
                .names(.eventPattern),
                [],
                "Types of events, in which a star is any run of characters; empty: all."
            ),
            .defaulted("selector", .object(selector), [:], "What they are about."),
            .optional(
                "secretRef",
                .object(SecretShape.reference("in the same namespace")),
                "What deliveries are signed with, or the token or address that lets them in."
            ),
            .optional("url", .format(.httpURL), "Where they are sent; a webhook needs it."),
        ],
        check: checkNotifier
    )

    private static let selector: Fields = [
        .defaulted("kinds", .names(.kindName), [], "Kinds of the objects; empty: all."),
        .defaulted("labels", .map(.format(.labelValue), keys: .labelKey), [:], "Labels that they have."),
    ]
}

@Sendable private func checkNotifier(_ spec: Place, _ findings: inout Findings) {
    refuseCredential(inURL: spec["url"], &findings)
    SecretShape.note(spec["secretRef"], namespace: nil, &findings)
    for kind in spec["selector"]?.list("kinds") ?? [] where kind.text != "*" { requireKind(kind, &findings) }
    let needs = ["webhook": "url", "slack": "secretRef", "github": "secretRef"]
    guard let type = spec["type"]?.text, let needed = needs[type], spec[needed] == nil else { return }
    findings.reportMissing(needed, in: spec, "must be present for the type \(type)")
}
