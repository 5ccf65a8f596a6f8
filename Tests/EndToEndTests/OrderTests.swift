import Support
import Testing

/// What has to wait for something else, with the programs that make it wait.
@Suite struct OrderTests {
    @Test func `objects and sources wait for what they depend on, and go on by themselves`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            try await waitForObject(system)
            try await waitForSource(system)
        }
    }

    /// A skill depends on a SecretStore whose folder is not there; another one of the commit does not.
    private func waitForObject(_ system: System) async throws {
        let store = try await system.shell(
            """
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: SecretStore
            metadata: {name: vault}
            spec: {type: file, config: {directory: \(system.folder.path)/vault}}
            END
            agirunner wait secretstore/vault --for condition=Ready=False
            cd '\(system.configuration)'
            sed 's/careful-review/free/' skills/careful-review.yaml > skills/free.yaml
            needs='  annotations: {agirunner.dev\\/depends-on: SecretStore\\/vault}'
            cd skills && sed "s/free/late/; s/^  name: .*/&\\n$needs/" free.yaml > late.yaml
            git add -A && git commit -q -m 'One of them is late'
            """
        )
        #expect(store.code == 0, "\(store)")
        try await system.must("wait", "skill/free", "--for", "condition=Ready")
        let reason = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=DependencyNotReady"
        try await system.must("wait", "gitsource/main", "--for", reason)
        let condition = try await system.condition(of: "main")
        #expect(
            condition.contains("Skill/late waits for SecretStore/vault, which is not ready"),
            "\(condition)"
        )
        let late = try await system.agirunner("get", "skill/late")
        #expect(late.code == 1, "\(late)")
        // Nobody looks at the source again: the folder is there, and that is all.
        try system.folder.write("x", to: "vault/key")
        try await system.must("wait", "secretstore/vault", "--for", "condition=Ready", "--timeout", "90s")
        try await system.must("wait", "skill/late", "--for", "condition=Ready", "--timeout", "40s")
        try await system.waitForSource(isReady: true)
    }

    /// A source depends on one whose repository is not there.
    private func waitForSource(_ system: System) async throws {
        try await system.makeRepository("second", skill: "from-second")
        let made = try await system.shell(
            """
            declared() {
              printf '%s\\n' --- 'apiVersion: agirunner.dev/v1' 'kind: GitSource' \
                "metadata: {name: $1}" spec: "  url: \(system.folder.path)/$1" \
                '  ref: {branch: main}' '  interval: 2s' "$2" '  grants: {namespaces: ["*"], kinds: [Skill]}'
            }
            { declared second '  dependsOn: [first]'; declared first '  path: .'; } | agirunner apply -f -
            """
        )
        #expect(made.code == 0, "\(made)")
        let reason = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=DependencyNotReady"
        try await system.must("wait", "gitsource/second", "--for", reason)
        let first = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=RepositoryMissing"
        try await system.must("wait", "gitsource/first", "--for", first)
        let words = "waits for GitSource/first, which is not ready (RepositoryMissing)"
        let isTold = try await eventually(within: .seconds(30)) {
            try await system.condition(of: "second").contains(words)
        }
        #expect(isTold, "the second source does not say why it waits")
        let early = try await system.agirunner("get", "skill/from-second")
        #expect(early.code == 1, "\(early)")
        try await system.makeRepository("first", skill: "from-first")
        try await system.must("wait", "skill/from-first", "--for", "condition=Ready", "--timeout", "60s")
        try await system.must("wait", "skill/from-second", "--for", "condition=Ready", "--timeout", "60s")
        try await system.waitForSource("second", isReady: true)
    }
}
