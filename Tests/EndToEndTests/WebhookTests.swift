import Foundation
import Support
import Testing

/// Deliveries as hosting services send them, to the public door of a running installation.
@Suite struct WebhookTests {
    private let secret = "hook-secret-8WqLr2"

    @Test func `a signed delivery has a source looked at long before its interval`() async throws {
        try await System.running { system in
            try system.folder.write("afar-token-5TzK", to: "vault/token")
            try system.folder.write(secret, to: "vault/hook")
            try await system.makeRepository("served/afar", skill: "from-afar")
            try await GitWebServer.serving("\(system.folder.path)/served") { server in
                try server.accept(user: "git", password: "afar-token-5TzK")
                try await apply(system, server.url("afar"))
                try await system.waitForSource("afar", isReady: true)
                let commit = try await change(system)
                let wrong = try await deliver(system, signedWith: "another secret", id: "d-0")
                #expect(wrong == "401")
                #expect(try await deliver(system, signedWith: secret, id: "d-1") == "202")
                let revision = "revision=\(commit)"
                try await system.must("wait", "gitsource/afar", "--for", revision, "--timeout", "40s")
                #expect(try await deliver(system, signedWith: secret, id: "d-1") == "202")
            }
            let events = try await system.must("events", "--for", "gitsource/afar")
            let received = events.split(separator: "\n").filter { $0.contains("source.webhook_received") }
            #expect(received.count == 1 && received[0].contains("d-1"), "\(events)")
            let leaked = try await system.shell("grep -rlaF '\(secret)' '\(system.state)' || true")
            #expect(leaked.output == "")
        }
    }

    /// A source that is looked at every hour.
    private func apply(_ system: System, _ url: String) async throws {
        let webhook = "  webhook: {signature: github, secretRef: {store: vault, key: hook}}"
        let applied = try await system.shell(
            """
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: SecretStore
            metadata:
              name: vault
            spec:
              type: file
              config: {directory: \(system.folder.path)/vault}
            ---
            \(system.sourceWithSecret("token", url: url, interval: "1h", more: webhook))
            END
            """
        )
        #expect(applied.code == 0, "\(applied.error)")
    }

    private func change(_ system: System) async throws -> String {
        let committed = try await system.shell(
            """
            cd served/afar
            sed 's/from-afar/pushed/' skill.yaml > pushed.yaml
            git add . && git commit -q -m 'Another skill'
            git rev-parse HEAD
            """
        )
        return committed.output.trimmingCharacters(in: .newlines)
    }

    /// The status that a delivery gets; curl and openssl are what others would sign and send with.
    private func deliver(_ system: System, signedWith secret: String, id: String) async throws -> String {
        let answer = try await system.shell(
            """
            log='\(system.state)'/logs/agirunnerd.log
            port=$(grep -o 'listening(127.0.0.1:0, port: Optional([0-9]*' "$log" | grep -o '[0-9]*$')
            printf '{"ref":"refs/heads/main"}' > body.json
            signature=$(openssl dgst -sha256 -hmac '\(secret)' -r body.json | cut -d ' ' -f 1)
            curl -s --noproxy '*' -o /dev/null -w '%{http_code}' --data-binary @body.json \\
                -H "X-Hub-Signature-256: sha256=$signature" -H 'X-GitHub-Event: push' \\
                -H 'X-GitHub-Delivery: \(id)' "http://127.0.0.1:$port/hooks/afar"
            """
        )
        #expect(answer.code == 0, "\(answer.error)")
        return answer.output
    }
}
