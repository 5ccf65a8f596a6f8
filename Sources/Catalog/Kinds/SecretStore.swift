internal import Domain

extension Shape {
    static let secretStore = Shape(
        "SecretStore",
        "Where secrets are kept; in files they stand sealed or not at all.",
        columns: [Column("Type", "spec.type")] + Column.readiness,
        spec: [
            .required(
                "type",
                .word("env", "file", "sealed"),
                "What keeps them: the machine of the control plane, or this object, encrypted."
            ),
            .defaulted("config", .object(configuration), [:], "Where they are found; never a plain value."),
        ],
        check: checkStore
    )

    private static let configuration: Fields = [
        .optional(
            "prefix",
            .format(.variable),
            "For env: how the names of the variables begin; absent: \(SecretStoreSpec.defaultPrefix)."
        ),
        .optional("directory", .line(1000), "For file: the folder that has a file for each secret."),
        .optional(
            "sealed",
            .map(.text(TextRule(format: .sealed, length: 1...100_000)), keys: .secretKey),
            "For sealed: the secrets by their keys; a store without any tells its sealingKey."
        ),
    ]
}

/// The name of a secret, as other kinds refer to it.
enum SecretShape {
    /// `namespace` says where the store lies, as the end of a sentence.
    static func reference(_ namespace: String) -> Fields {
        [
            .required("store", .format(.dnsLabel), "The SecretStore, \(namespace)."),
            .required("key", .format(.secretKey), "Which of its secrets."),
        ]
    }

    /// Requires a secretRef beside some words of a field, and none beside the others.
    static func require(
        _ place: Place?,
        for words: Set<String>,
        of key: String,
        _ findings: inout Findings
    ) {
        guard let place, let word = place[key]?.text else { return }
        if words.contains(word), place["secretRef"] == nil {
            findings.reportMissing("secretRef", in: place, "must be present for the \(key) \(word)")
        } else if !words.contains(word), let secret = place["secretRef"] {
            findings.report(
                .contradiction,
                at: secret.mark,
                field: secret.field,
                "\(secret.field) must not stand beside the \(key) \(word)"
            )
        }
    }

    /// Notes that a secretRef leads to a SecretStore; nil for a namespace means that of the object.
    static func note(_ place: Place?, namespace: String?, _ findings: inout Findings) {
        guard let store = place?["store"], let name = store.text, isDNSLabel(name) else { return }
        findings.references.append(
            Reference(
                kind: "SecretStore",
                namespace: namespace,
                name: name,
                field: store.field,
                span: store.node.span
            )
        )
    }
}

@Sendable private func checkStore(_ spec: Place, _ findings: inout Findings) {
    guard let type = spec["type"]?.text else { return }
    let config = spec["config"]
    if type == "file", config?["directory"] == nil {
        findings.reportMissing("directory", in: config ?? spec, "must be present for the type file")
    }
    for (name, owner) in [("prefix", "env"), ("directory", "file"), ("sealed", "sealed")] where owner != type
    {
        guard let place = config?[name] else { continue }
        findings.report(.contradiction, place, "must not stand beside the type \(type)")
    }
    guard let directory = config?["directory"], let path = directory.text else { return }
    if !path.hasPrefix("/") || path.split(separator: "/").contains("..") {
        findings.report(.malformed, directory, "must be an absolute path without ..")
    }
}
