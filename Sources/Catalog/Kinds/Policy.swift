internal import Domain

extension Shape {
    static let policy = Shape(
        "Policy",
        "What objects of its namespace must have and may not, whoever wrote them. They are judged when they "
            + "are loaded; a source judges its commit again after a Policy has changed.",
        columns: [Column("Source", "spec.appliesTo.source")] + Column.readiness,
        spec: [
            .required("appliesTo", .object(scope), "Which objects it is for; {} for all of the namespace."),
            .defaulted(
                "requireGates",
                .list(.object(requiredGate)),
                [],
                "Gates that stages get; a stage that has one of its own keeps that."
            ),
            .defaulted(
                "assesses",
                .names(.dnsLabel),
                [],
                "Roles that judge what was delivered before, where their playbooks have them deliver."
            ),
            .optional(
                "caps",
                .object(limits.withoutDefaults),
                "Limits that no Playbook may exceed; one that does not set them gets them."
            ),
            .optional("denyTools", .names(.toolName), "Tools that no Role and no ToolProfile may have."),
            .optional(
                "allowImages",
                .list(.line(500), isUnique: true),
                "Globs, one of which the image of each RuntimeProfile must match; absent: any may be used."
            ),
            .optional(
                "allowDomains",
                .names(.domain),
                "Domains that RuntimeProfiles may allow, and all below those that begin with *.; absent: any."
            ),
            .optional("requirePins", .boolean, "Whether RuntimeProfiles must name their images by digest."),
            .optional("defaults", .object(policyDefaults), "What is used where nothing is named."),
        ],
        check: { spec, findings in
            for rule in spec.list("requireGates") { checkGate(of: rule, &findings) }
            checkReach(spec, &findings)
        }
    )

    private static let scope: Fields = [
        .optional(
            "kinds",
            .list(.word("Playbook", "Role", "RuntimeProfile", "ToolProfile"), minimum: 1, isUnique: true),
            "Their kinds; absent: all that it says something of."
        ),
        .optional("source", .format(.dnsLabel), "The GitSource that declares them."),
        .optional("namespace", .format(.dnsLabel), "Their namespace, which is that of the Policy."),
        .defaulted("labels", .map(.format(.labelValue), keys: .labelKey), [:], "Labels that they have."),
    ]

    private static let requiredGate: Fields = [
        .optional("playbook", .format(.dnsLabel), "The playbook; absent: each with a stage of that name."),
        .required("stage", .format(.dnsLabel), "The stage."),
        .required("gate", .object(gate), "A person's approval before the stage counts as done."),
    ]

    private static let policyDefaults: Fields = [
        .optional("modelRouteRef", .reference("ModelRoute"), "The model of Roles that name none."),
        .optional(
            "runtimeProfileRef",
            .reference("RuntimeProfile"),
            "The sandbox of Playbooks that name none."
        ),
    ]
}

/// Reports what a Policy says of kinds that it is not for: nobody would notice that it has no effect.
private func checkReach(_ spec: Place, _ findings: inout Findings) {
    let kinds = spec["appliesTo"]?.list("kinds").compactMap(\.text) ?? []
    guard !kinds.isEmpty else { return }
    let rules: [(place: Place?, kinds: [String])] = [
        (spec["requireGates"], ["Playbook"]), (spec["assesses"], ["Playbook"]), (spec["caps"], ["Playbook"]),
        (spec["denyTools"], ["Role", "ToolProfile"]), (spec["allowImages"], ["RuntimeProfile"]),
        (spec["allowDomains"], ["RuntimeProfile"]), (spec["requirePins"], ["RuntimeProfile"]),
        (spec["defaults"]?["modelRouteRef"], ["Role"]),
        (spec["defaults"]?["runtimeProfileRef"], ["Playbook"]),
    ]
    for (place, needed) in rules {
        guard let place, needed.allSatisfy({ !kinds.contains($0) }) else { continue }
        // An empty list of what is filled in by itself says nothing.
        if place.field == "spec.requireGates" || place.field == "spec.assesses", place.elements.isEmpty {
            continue
        }
        findings.report(
            .contradiction,
            at: place.mark,
            field: place.field,
            "\(place.field) must have \(needed.joined(separator: " or ")) among appliesTo.kinds"
        )
    }
}
