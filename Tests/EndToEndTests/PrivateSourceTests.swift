import Support
import Testing

/// A source whose repository is entered with a token that lies in a file.
@Suite struct PrivateSourceTests {
    private let tokens = ["afar-token-7QnK2vXw", "afar-token-rotated-9ZpB", "afar-token-wrong-3Lm"]

    @Test func `a private repository is applied with its token, which is written nowhere`() async throws {
        try await System.running { system in
            try system.folder.write("deploy:\(tokens[0])\n", to: "vault/afar")
            try await system.makeRepository("served/afar", skill: "from-afar")
            try await GitWebServer.serving("\(system.folder.path)/served") { server in
                try server.accept(user: "deploy", password: tokens[0])
                try await apply(system, server.url("afar"))
                try await system.waitForSource("afar", isReady: true)
                try await system.must("get", "skill/from-afar")
                try await system.must("wait", "secretstore/vault", "--for", "condition=Ready")
                try await rotate(system, server)
                try await lose(system)
                try await enterFromEnvironment(system, server)
            }
            let spare = String(System.spareSecret.split(separator: ":")[1])
            #expect(try await system.leaks(of: tokens, orInEnvironment: [spare]) == "")
        }
    }

    private func apply(
        _ system: System,
        _ url: String,
        type: String = "file",
        directory: String = "vault",
        key: String = "afar"
    ) async throws {
        let config = type == "file" ? "{directory: \(system.folder.path)/\(directory)}" : "{}"
        let applied = try await system.shell(
            """
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: SecretStore
            metadata:
              name: vault
            spec:
              type: \(type)
              config: \(config)
            ---
            \(system.sourceWithSecret(key, url: url))
            END
            """
        )
        #expect(applied.code == 0, "\(applied.error)")
    }

    /// The server takes another token, then the file holds a wrong one, then the right one.
    private func rotate(_ system: System, _ server: GitWebServer) async throws {
        try server.accept(user: "deploy", password: tokens[1])
        try await system.expectCondition(of: "afar", "Unauthenticated: http://127.0.0.1")
        try system.folder.write("deploy:\(tokens[2])\n", to: "vault/afar")
        try await system.must("reconcile", "gitsource/afar")
        let wrong = "the token or password of the user 'deploy'"
        let condition = try await system.expectCondition(of: "afar", wrong)
        #expect(condition.contains("what was applied before stays"), "\(condition)")
        try await system.must("get", "skill/from-afar")
        // By itself, within a pause between two tries.
        try system.folder.write("deploy:\(tokens[1])\n", to: "vault/afar")
        try await system.waitForSource("afar", isReady: true)
    }

    /// The file goes, then the folder, then the store itself.
    private func lose(_ system: System) async throws {
        try system.folder.remove("vault/afar")
        try await system.expectCondition(of: "afar", "SecretMissing: The secret 'afar' of SecretStore")
        try system.folder.remove("vault")
        // Written anew, so that it is looked at now and not within a minute.
        try await apply(system, "http://127.0.0.1:1/afar", directory: "vault-")
        try await system.must("wait", "secretstore/vault", "--for", "condition=Ready=False")
        try await system.must("delete", "secretstore/vault")
        try await system.expectCondition(of: "afar", "SecretStoreMissing: SecretStore")
    }

    /// The same store keeps its secrets in variables of the control plane, which go no further than that.
    private func enterFromEnvironment(_ system: System, _ server: GitWebServer) async throws {
        let parts = System.spareSecret.split(separator: ":")
        try server.accept(user: String(parts[0]), password: String(parts[1]))
        try await apply(system, server.url("afar"), type: "env", key: "other")
        try await system.expectCondition(of: "afar", "without the variable AGIRUNNER_SECRET_other")
        try await apply(system, server.url("afar"), type: "env", key: "spare")
        try await system.waitForSource("afar", isReady: true)
        let holders = try await system.shell(
            """
            for process in /proc/[0-9]*; do
                grep -qaF '\(System.spareSecret)' $process/environ 2>/dev/null || continue
                tr '\\0' ' ' < $process/cmdline | grep -aF '\(system.folder.path)' || true
            done
            """
        )
        #expect(holders.output.contains("agirunnerd") && !holders.output.contains("agirunner-fleet"))
        #expect(!holders.output.contains("agirunner-runtime"))
    }
}
