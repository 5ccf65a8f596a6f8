import Domain
import Support
import Testing

/// Commits that nobody should make, and that somebody will.
extension TroubleTests {
    @Test func `hostile commits are refused with their place and leave the last good state in force`()
        async throws
    {
        try await System.running { system in
            try await system.waitForGate()
            let before = try await system.inForce()
            let program = try await system.recorded("agirunnerd")
            for commit in hostileCommits {
                let made = try await system.shell(
                    """
                    cd '\(system.configuration)'
                    \(commit.script)
                    git add . && git commit -q -m 'Hostile' && git rev-parse HEAD
                    """
                )
                #expect(made.code == 0, "\(made.error)")
                let applied = "jsonpath=.status.appliedCommit=\(made.output.dropLast())"
                let bad = "condition=Ready=False"
                try await system.must("wait", "gitsource/main", "--for", applied, "--for", bad)
                let said = try await diagnostics(system)
                #expect(said.contains { $0.hasPrefix(commit.says) }, "\(said)")
                let condition = try await system.condition(of: "main")
                #expect(condition.hasPrefix("InvalidFiles: "), "\(condition)")
                #expect(try await system.inForce() == before, "\(commit.says)")
                try await revert(system)
                #expect(try await system.inForce() == before)
            }
            #expect(try await system.recorded("agirunnerd") == program, "the control plane did not crash")
            try await system.finishRun()
        }
    }

    /// Code, path, line and message of each diagnostic.
    private func diagnostics(_ system: System) async throws -> [String] {
        let path = "jsonpath=.status.diagnostics"
        let text = try await system.must("get", "gitsource", "main", "-o", path)
        return (try Value(json: Array(text.utf8)).array ?? []).map { diagnostic in
            let line = diagnostic["span"]?["start"]?["line"]?.integer
            let place = "\(diagnostic["path"]?.string ?? "") \(line ?? 0)"
            return "\(diagnostic["code"]?.string ?? "") \(place) \(diagnostic["message"]?.string ?? "")"
        }
    }

    private func revert(_ system: System) async throws {
        let reverted = try await system.shell(
            "cd '\(system.configuration)' && git revert --no-edit HEAD >/dev/null && git rev-parse HEAD"
        )
        let applied = "jsonpath=.status.appliedCommit=\(reverted.output.dropLast())"
        try await system.must("wait", "gitsource/main", "--for", applied, "--for", "condition=Ready")
    }

    private var hostileCommits: [HostileCommit] {
        let playbook = "playbooks/bug-fix/playbook.yaml"
        let skill = "sed 's/careful-review/odd/' skills/careful-review.yaml > odd.yaml"
        return [
            HostileCommit(
                "sed -i 's/^  roles: .developer, reviewer./  roles: [developer/' \(playbook)",
                "YML001 playbooks/bug-fix/playbook.yaml 16 the file must be valid YAML"
            ),
            HostileCommit(
                "sed -i 's/^  version: .*/&\\n&/' \(playbook)",
                "YML003 playbooks/bug-fix/playbook.yaml 9 a key must stand once in a mapping"
            ),
            HostileCommit(
                "\(skill) && sed -i 's/^kind: .*/kind: Skull/' odd.yaml",
                "ENV002 odd.yaml 3 kind must be a kind that can be declared"
            ),
            HostileCommit(
                "\(skill) && yes '# more' | head -c 10000000 >> odd.yaml",
                "BYT004 odd.yaml 1 a file must be at most 1048576 bytes; this has 10000"
            ),
            HostileCommit(
                """
                {
                    echo 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
                    for i in 1 2 3 4 5 6 7 8 9; do
                        p="*a$((i - 1))"; echo "a$i: &a$i [$p, $p, $p, $p, $p, $p, $p, $p, $p]"
                    done
                } > odd.yaml
                """,
                "YML006 odd.yaml 2 an alias must not be used"
            ),
            HostileCommit(
                "{ printf '[%.0s' {1..300}; printf ']%.0s' {1..300}; } > odd.yaml",
                "YML008 odd.yaml 1 nesting must be at most 64 deep"
            ),
            HostileCommit(
                "\(skill) && printf '# \\xff\\xfe\\n' >> odd.yaml",
                "BYT001 odd.yaml 13 a file must be UTF-8; byte 0xff is not"
            ),
        ]
    }
}

/// A commit, and what its diagnostic begins with.
private struct HostileCommit: Sendable {
    let script: String
    let says: String

    init(_ script: String, _ says: String) {
        self.script = script
        self.says = says
    }
}
