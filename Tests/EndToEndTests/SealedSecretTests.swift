import Foundation
import Support
import Testing

/// A source whose token stands sealed in the SecretStore itself.
@Suite struct SealedSecretTests {
    private let token = "afar-token-5WzR8sKq"

    @Test func `a private repository is applied with a sealed token, which stands nowhere`() async throws {
        try await System.running { system in
            try system.folder.write("deploy:\(token)\n", to: "token")
            try await system.makeRepository("served/afar", skill: "from-afar")
            try await GitWebServer.serving("\(system.folder.path)/served") { server in
                try server.accept(user: "deploy", password: token)
                try await declareStore(system, sealed: "")
                try await refuse(system)
                let sealed = try await seal(system)
                try await declareStore(system, sealed: "afar: \(sealed)")
                try await declareSource(system, server.url("afar"))
                try await system.waitForSource("afar", isReady: true)
                try await system.must("get", "skill/from-afar")
                try await move(system, sealed)
                try await changeKey(system, sealed)
            }
            #expect(try await system.leaks(of: [token]) == "")
        }
    }

    /// What cannot be sealed, and what was not.
    private func refuse(_ system: System) async throws {
        let refused = [
            "seal role/vault afar < token": "secrets are sealed for a store",
            "seal secretstore/none afar < token": "not found",
            "seal secretstore/vault afar < /dev/null": "a secret has 1 to 65536 bytes",
            "seal secretstore/vault afar --sealing-key=abc < token": "a sealing key has 43 characters",
            "seal secretstore/vault afar --sealing-key=\(String(repeating: "A", count: 43)) < token":
                "belongs to no private key",
        ]
        for (words, reason) in refused {
            let answer = try await system.shell("agirunner secret \(words)")
            #expect(answer.code == 1 && answer.error.contains(reason), "\(words): \(answer)")
            #expect(answer.output == "")
        }
        let plain = try await apply(system, store(sealed: "afar: hunter22"))
        #expect(plain.code == 1 && plain.error.contains("SEC001"), "\(plain)")
        #expect(!plain.error.contains("hunter22"), "\(plain)")
    }

    /// Sealed with the key that the store tells, and with one that was noted down; each time differently.
    private func seal(_ system: System) async throws -> String {
        let key = try await sealingKey(system)
        #expect(try await system.shell("stat -c %a '\(system.state)/sealing.key'").output == "600\n")
        let sealed = try await system.shell("agirunner secret seal secretstore/vault afar < token")
        let noted = try await system.shell(
            "agirunner secret seal secretstore/vault afar --state /nowhere --sealing-key=\(key) < token"
        )
        #expect(sealed.code == 0 && noted.code == 0, "\(sealed.error) \(noted.error)")
        #expect(sealed.output.hasPrefix("sealed.v1.") && sealed.output != noted.output)
        try await declareStore(system, sealed: "afar: \(line(noted.output))")
        return line(sealed.output)
    }

    /// What was sealed for one key of one store is of no use under another one.
    private func move(_ system: System, _ sealed: String) async throws {
        try await declareStore(system, sealed: "other: \(sealed)", isReady: false)
        let message = try await system.must(
            "get",
            "secretstore/vault",
            "-o",
            "jsonpath={.status.conditions[0].message}"
        )
        let reason = "The secret 'other' of SecretStore/vault cannot be opened"
        #expect(message.contains(reason), "\(message)")
        try await system.expectCondition(of: "afar", "SecretMissing: The secret 'afar' of SecretStore")
    }

    /// A new key on top seals from then on, and the old one opens for as long as it stays.
    private func changeKey(_ system: System, _ sealed: String) async throws {
        let old = try await sealingKey(system)
        let changed = try await system.shell(
            """
            cd '\(system.state)'
            cp sealing.key old.key
            agirunner secret keygen > new.key
            { cat new.key; echo; cat old.key; } > sealing.key
            """
        )
        #expect(changed.code == 0, "\(changed.error)")
        try await declareStore(system, sealed: "afar: \(sealed)")
        #expect(try await sealingKey(system) != old)
        try await system.waitForSource("afar", isReady: true)
        _ = try await system.shell("cd '\(system.state)' && cat new.key > sealing.key && rm old.key new.key")
        try await system.must("reconcile", "gitsource/afar")
        try await system.expectCondition(of: "afar", "cannot be opened: it was sealed for another name")
        try await system.must("get", "skill/from-afar")
    }

    private func sealingKey(_ system: System) async throws -> String {
        line(try await system.must("get", "secretstore/vault", "-o", "jsonpath={.status.sealingKey}"))
    }

    private func line(_ text: String) -> String { text.trimmingCharacters(in: .newlines) }

    private func declareStore(_ system: System, sealed: String, isReady: Bool = true) async throws {
        let applied = try await apply(system, store(sealed: sealed))
        #expect(applied.code == 0, "\(applied.error)")
        let condition = "condition=Ready=\(isReady ? "True" : "False")"
        try await system.must("wait", "secretstore/vault", "--for", condition, "--timeout", "40s")
    }

    private func store(sealed: String) -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: SecretStore
        metadata:
          name: vault
        spec:
          type: sealed
          config: {sealed: {\(sealed)}}
        """
    }

    private func declareSource(_ system: System, _ url: String) async throws {
        let applied = try await apply(system, system.sourceWithSecret("afar", url: url))
        #expect(applied.code == 0, "\(applied.error)")
    }

    private func apply(_ system: System, _ object: String) async throws -> System.Answer {
        try await system.shell("agirunner apply -f - <<'END'\n\(object)\nEND")
    }
}
