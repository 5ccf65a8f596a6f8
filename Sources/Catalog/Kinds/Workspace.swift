internal import Domain

extension Shape {
    static let workspace = Shape(
        "Workspace",
        "What a run works on.",
        columns: [
            Column("Type", "spec.type"), Column("URL", "spec.url", isWide: true),
            Column("Branch", "spec.branch", isWide: true),
        ] + Column.readiness,
        spec: [
            .required("type", .word("git", "directory", "artifact"), "What it is.").notYet(but: ["git"]),
            .optional(
                "url",
                .format(.relativeRepositoryURL),
                "Where the repository is; ./ and ../ are relative to the GitSource's own URL."
            ),
            .optional("path", .line(1000), "The folder, for a directory.").notYet,
            .defaulted("branch", .format(.reference), "main", "The branch that work starts from."),
            .optional("identity", .object(identity), "Whose name commits carry."),
            .defaulted("readOnly", .boolean, false, "Whether runs only read it."),
            .optional("brief", .prose(), "What one must know to work on it."),
            .defaulted(
                "setup",
                .list(.prose(2000)),
                [],
                "Commands run once in a fresh copy; not where it is only read."
            ),
            .optional(
                "secretRef",
                .object(SecretShape.reference("in the same namespace")),
                "How the repository is entered."
            ).notYet,
            .optional(
                "memory",
                .map(.prose(), keys: .parameterName),
                "What is known of it from the start, by name."
            ).notYet,
        ],
        check: checkWorkspace
    )

    private static let identity: Fields = [
        .required("name", .line(), "The author's name."),
        .required("email", .format(.email), "The author's e-mail address."),
    ]
}

@Sendable private func checkWorkspace(_ spec: Place, _ findings: inout Findings) {
    refuseCredential(inURL: spec["url"], &findings)
    SecretShape.note(spec["secretRef"], namespace: nil, &findings)
    guard let type = spec["type"]?.text else { return }
    let needed = ["git": "url", "directory": "path"][type]
    if let needed, spec[needed] == nil {
        findings.reportMissing(
            needed,
            in: spec,
            "must be present for the type \(type)",
            code: .workspaceFields
        )
    }
    for name in ["url", "path"] where name != needed {
        guard let place = spec[name], type != "artifact" || name == "path" else { continue }
        findings.report(
            .workspaceFields,
            at: place.mark,
            field: place.field,
            "\(place.field) must not stand beside the type \(type)"
        )
    }
}
