import Domain

@testable import Catalog

// Whose signatures count, and who says so.
extension Mistake {
    static let annKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMyHGi947zOjqmT8xBv/LqZOeT8dfvBPXOm/vSqtFPC+"
    static let bobKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFLFA2+Zwxk+wLR6ZubNpcnXpMZqOT3agRlxZ2aaL5Lm"

    /// A file of a source that another one declares.
    private static func source(_ rest: String, named name: String = "other") -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: GitSource
        metadata:
          name: \(name)
        spec:
          url: https://example.org/x.git
          ref: {branch: main}
        \(rest)

        """
    }

    /// A policy as a file has it.
    private static func verify(_ mode: String, _ lines: String...) -> String {
        "  verify:\n    mode: \(mode)\n    allowedSigners: |\n"
            + lines.map { "      \($0)" }.joined(separator: "\n")
    }

    /// The good configuration in a source that accepts Ann's signatures alone, with another source in it.
    private static func accepting(
        _ mode: GitSourceSpec.Verify.Mode,
        _ file: String
    ) -> @Sendable (inout Configuration) -> Void {
        { configuration in
            configuration.grant(namespaces: ["*"], kinds: ["*", "GitSource"])
            configuration.options.verify = GitSourceSpec.Verify(
                mode: mode,
                allowedSigners: "ann@example.org,ann \(annKey)"
            )
            configuration.append(file, to: "source.yaml")
        }
    }

    static let signatures: [Mistake] = [
        Mistake(.noSigners, "none") {
            $0.append(source("  verify: {mode: range}"), to: "source.yaml")
        },
        Mistake(.noSigners, "comment") {
            $0.append(source(verify("tip", "# nobody yet")), to: "source.yaml")
        },
        Mistake(.malformed, "signers") {
            let lines = verify(
                "tip",
                "ann@example.org \(annKey) Ann",
                "bob@example.org",
                "\(bobKey)",
                "cem@example.org valid-after=\"2026\" \(bobKey)"
            )
            $0.append(source(lines), to: "source.yaml")
        },
        Mistake(.malformed, "signers-in-quotes") {
            let text = "  verify: {mode: tip, allowedSigners: \"ann@example.org ssh-ed25519 AAAA\"}"
            $0.append(source(text), to: "source.yaml")
        },
        Mistake(.widenedRights, "none", accepting(.tip, source("  grants: {kinds: [Role]}"))),
        Mistake(
            .widenedRights,
            "mode",
            accepting(.range, source(verify("tip", "ann@example.org \(annKey)")))
        ),
        Mistake(
            .widenedRights,
            "signers",
            accepting(
                .tip,
                source(
                    verify(
                        "range",
                        "ann \(annKey)",
                        "bob@example.org \(bobKey)",
                        "ann,root \(annKey)",
                        "ann cert-authority \(annKey)"
                    )
                )
            )
        ),
        Mistake(
            .widenedRights,
            "itself",
            accepting(.tip, source("  grants: {kinds: [\"*\"]}", named: "main"))
        ),
    ]
}
