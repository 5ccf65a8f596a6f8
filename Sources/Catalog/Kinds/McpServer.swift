internal import Domain

extension Shape {
    static let mcpServer = Shape(
        "McpServer",
        "A server of the Model Context Protocol, whose tools roles may be given.",
        columns: [Column("URL", "spec.url"), Column("Transport", "spec.transport", isWide: true)]
            + Column.readiness,
        spec: Fields(
            exactlyOne: ["url", "command"],
            [
                .optional("url", .format(.httpURL), "Where it is."),
                .optional(
                    "command",
                    .list(.line(1000), minimum: 1),
                    "A program and its arguments, which speaks over its standard input and output."
                ),
                .defaulted(
                    "transport",
                    .word("auto", "streamableHTTP", "sse", "stdio"),
                    "auto",
                    "How it is spoken to; auto finds out."
                ),
                .defaulted("auth", .object(auth), [:], "How it is entered."),
                .defaulted("tools", .object(tools), [:], "Which of its tools there are."),
                .defaulted("timeout", .duration(atLeast: .seconds(1)), "60s", "How long one call may take."),
            ]
        ),
        check: checkServer
    )

    private static let auth: Fields = [
        .defaulted(
            "mode",
            .word("none", "parameters", "oauth"),
            "none",
            "With nothing, with parameters, or with a token that is renewed."
        ),
        .defaulted("parameters", .list(.object(parameter)), [], "What goes with every call."),
        .optional(
            "secretRef",
            .object(SecretShape.reference("in the same namespace")),
            "What tokens are asked for with; for oauth."
        ),
    ]

    private static let parameter = Fields(
        exactlyOne: ["value", "secretRef"],
        [
            .required("name", .format(.headerName), "Its name."),
            .defaulted(
                "in",
                .word("header", "query", "environment"),
                "header",
                "A header, a parameter of the URL, or a variable of the command."
            ),
            .optional("value", .line(2000), "Its value; never a secret."),
            .optional(
                "secretRef",
                .object(SecretShape.reference("in the same namespace")),
                "The secret that is its value."
            ),
        ]
    )

    private static let tools: Fields = [
        .defaulted("allow", .names(.toolName), [], "Those that there are; empty: all."),
        .defaulted("deny", .names(.toolName), [], "Those that there are not."),
    ]
}

@Sendable private func checkServer(_ spec: Place, _ findings: inout Findings) {
    refuseCredential(inURL: spec["url"], &findings)
    let auth = spec["auth"]
    let parameters = auth?.list("parameters") ?? []
    requireUniqueNames(parameters, &findings)
    for place in [auth?["secretRef"]] + parameters.map({ $0["secretRef"] }) {
        SecretShape.note(place, namespace: nil, &findings)
    }
    SecretShape.require(auth, for: ["oauth"], of: "mode", &findings)
    if let mode = auth?["mode"], mode.text == "parameters", parameters.isEmpty {
        findings.report(.contradiction, mode, "must have parameters beside it to be parameters")
    } else if let place = auth?["parameters"], !parameters.isEmpty, auth?["mode"]?.text != "parameters" {
        findings.report(
            .contradiction,
            at: place.mark,
            field: place.field,
            "\(place.field) must stand beside the mode parameters"
        )
    }
    guard let transport = spec["transport"], let word = transport.text, word != "auto" else { return }
    if spec["url"] != nil, word == "stdio" {
        findings.report(.contradiction, transport, "must not be stdio beside a url")
    } else if spec["command"] != nil, word != "stdio" {
        findings.report(.contradiction, transport, "must be stdio or auto beside a command")
    }
}
