internal import Domain

extension Shape {
    static let gitSource = Shape(
        "GitSource",
        "A repository that declares state.",
        columns: [Column("URL", "spec.url"), Column("SUSPENDED", "spec.suspend")],
        spec: [
            .required("url", .format(.repositoryURL), "Where the repository is."),
            .required("ref", .object(reference), "What of it is followed."),
            .defaulted(
                "path",
                .text(TextRule(format: .relativePath, length: 0...1000)),
                "",
                "The folder that is read; empty: the whole repository."
            ),
            .defaulted(
                "layout",
                .word("native", "community"),
                "native",
                "What its files are: objects of this API, or a catalog in the community's format."
            ),
            .defaulted(
                "namespace",
                .format(.dnsLabel),
                "default",
                "The namespace of objects that name none."
            ),
            .defaulted("include", .names(.glob), [], "Patterns of files that are read; empty: all."),
            .defaulted("exclude", .names(.glob), [], "Patterns of files that are not read."),
            .defaulted("interval", .duration(atLeast: .seconds(1)), "60s", "How often it is looked at."),
            .defaulted("timeout", .duration(atLeast: .seconds(1)), "60s", "How long one fetch may take."),
            .defaulted("grants", .object(grants), [:], "What its commits may declare."),
            .defaulted("prune", .object(prune), [:], "What happens to objects that left the repository."),
            .defaulted(
                "drift",
                .word("correct", "report"),
                "correct",
                "What happens to fields changed elsewhere."
            ),
            .defaulted("suspend", .boolean, false, "Whether it is left alone."),
            .defaulted(
                "dependsOn",
                .list(.reference("GitSource"), isUnique: true),
                [],
                "GitSources that must be ready before a commit of this one is applied."
            ),
            .optional(
                "secretRef",
                .object(SecretShape.reference("in the source's namespace")),
                "How the repository is entered: a token for https, a private key with known hosts for ssh."
            ),
            .optional(
                "webhook",
                .object(webhook),
                "Who may have it looked at, by POST to /hooks/ and its name on the public door."
            ),
            .defaulted("verify", .object(verify), [:], "Whose signatures its commits must carry."),
        ],
        check: { spec, findings in
            refuseCredential(inURL: spec["url"], &findings)
            checkSigners(spec["verify"], &findings)
            let namespace = spec["namespace"]?.text ?? "default"
            for place in [spec["secretRef"], spec["webhook"]?["secretRef"]] {
                SecretShape.note(place, namespace: namespace, &findings)
            }
        }
    )

    private static let webhook: Fields = [
        .required(
            "signature",
            .word("github", "gitlab", "gitea", "standard"),
            "How deliveries are signed; standard: as Standard Webhooks has it."
        ),
        .required(
            "secretRef",
            .object(SecretShape.reference("in the source's namespace")),
            "The secret that the sender signs with."
        ),
    ]

    private static let reference = Fields(
        exactlyOne: ["branch", "tag", "commit"],
        [
            .optional("branch", .format(.reference), "A branch, as it moves."),
            .optional("tag", .format(.reference), "A tag."),
            .optional("commit", .format(.commit), "One commit."),
        ]
    )

    private static let grants: Fields = [
        .defaulted("namespaces", .names(.namespaceOrAll), [], "Namespaces it may declare in; * for all."),
        .defaulted(
            "kinds",
            .names(.kindName),
            [],
            "Kinds it may declare; * for all but those that must be granted by name."
        ),
    ]

    private static let prune: Fields = [
        .defaulted("enabled", .boolean, true, "Whether they are deleted."),
        .defaulted("maxPercent", .integer(0...100), 25, "The share of its objects that may go at once."),
        .optional("maxObjects", .integer(0...1_000_000), "The number of objects that may go at once."),
    ]

    static let workspace = Shape(
        "Workspace",
        "What a run works on.",
        columns: [Column("TYPE", "spec.type"), Column("URL", "spec.url"), Column("BRANCH", "spec.branch")],
        spec: [
            .required("type", .word("git", "directory", "artifact"), "What it is."),
            .optional(
                "url",
                .format(.relativeRepositoryURL),
                "Where the repository is; ./ and ../ are relative to the GitSource's own URL."
            ),
            .optional("path", .line(1000), "The folder, for a directory."),
            .defaulted("branch", .format(.reference), "main", "The branch that work starts from."),
            .optional("identity", .object(identity), "Whose name commits carry."),
            .defaulted("readOnly", .boolean, false, "Whether it may not be changed."),
            .optional("brief", .prose(), "What one must know to work on it."),
            .defaulted("setup", .list(.prose(2000)), [], "Commands run once in a fresh copy."),
            .optional(
                "secretRef",
                .object(SecretShape.reference("in the same namespace")),
                "How the repository is entered; runtimes do not redeem it yet."
            ),
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
