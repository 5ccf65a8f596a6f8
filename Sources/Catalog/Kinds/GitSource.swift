internal import Domain

extension Shape {
    static let gitSource = Shape(
        "GitSource",
        "A repository that declares state.",
        columns: Column.readiness + [
            Column("URL", "spec.url"), Column("Applied", "status.appliedCommit", isWide: true),
        ],
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
                .string(ObjectKey.defaultNamespace),
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
            .defaulted("freeze", .list(.object(freeze)), [], "When none of its commits is applied."),
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
            for kind in spec["grants"]?.list("kinds") ?? [] where kind.text != "*" {
                requireKind(kind, &findings)
            }
            boundWindows(spec["freeze"], &findings)
            let namespace = spec["namespace"]?.text ?? ObjectKey.defaultNamespace
            for place in [spec["secretRef"], spec["webhook"]?["secretRef"]] {
                SecretShape.note(place, namespace: namespace, &findings)
            }
        }
    )

    private static let freeze: Fields = [
        .required("start", .format(.cron), "When such a time begins."),
        .required(
            "duration",
            .duration(atLeast: .seconds(60), atMost: FreezeWindow.longest),
            "How long it lasts."
        ),
        .defaulted("timeZone", .format(.timeZone), "UTC", "Where the clock is that start is read from."),
        .optional("reason", .line(500), "What people are told."),
    ]

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
        .defaulted(
            "maxPercent",
            .integer(0...100),
            25,
            "The share of its objects that may go at once; never all of them."
        ),
        .optional("maxObjects", .integer(0...1_000_000), "The number of objects that may go at once."),
    ]
}
