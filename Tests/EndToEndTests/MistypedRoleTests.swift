import Domain
import Support
import Testing

/// A newcomer mistypes a role, and is told where, what and how to mend it, while everything else goes on.
@Suite struct MistypedRoleTests {
    private static let playbook = "playbooks/bug-fix/playbook.yaml"

    @Test func `a mistyped role is shown with its place, its line and the right name`() async throws {
        try await System.running { system in
            // The run is under way, and the same commit changes something that is in order.
            try await system.waitForAttempt()
            try await commit(
                system,
                """
                sed -i '0,/roles: \\[developer\\]/s//roles: [develper]/' \(Self.playbook)
                sed -i 's/^  displayName: .*/  displayName: Slow review/' skills/careful-review.yaml
                """,
                until: "condition=Ready=False"
            )
            let described = try await system.must("describe", "gitsource/main")
            let place = "\(Self.playbook):20:15: error[REF003]: spec.stages[0].roles[0]"
            let wanted = """
                  \(place) must name a Role of this playbook; 'develper' not found
                     20 |       roles: [develper]
                        |               ^^^^^^^^ did you mean 'developer'?
                    note: roles are declared at \(Self.playbook):15:3

                """
            #expect(described.contains(wanted), "\(described)")
            #expect(described.contains("InvalidFiles"))
            #expect(described.contains("applied 10 of 12 objects"))
            let review = try await shown(system, "skill/careful-review", ".spec.displayName")
            #expect(review == "Slow review", "the rest of the commit is in force")
            let roles = try await shown(system, "playbook/bug-fix", ".spec.stages[0].roles[0]")
            #expect(roles == "developer", "the last good version of the playbook, too")
            // The run was begun from that version and is not disturbed.
            try await system.finishRun()
            try await commit(system, "git revert --no-commit HEAD", until: "condition=Ready")
            #expect(try await !system.must("describe", "gitsource/main").contains("Diagnostics:"))
        }
    }

    @Test func `what validate says the source says, at the same places, and so does the door`() async throws {
        try await System.running { system in
            let commands = """
                cp \(Self.playbook) playbooks/second.yaml
                sed -i 's/name: bug-fix/name: second/; s/maxCycles: 3/maxCycles: 0/' playbooks/second.yaml
                sed -i 's/outcome:/outcom:/; s/returnTo: implement/returnTo: implment/' \(Self.playbook)
                sed -i 's/^  max: .*/  max: many/' fleet/pool.yaml
                sed -i 's/^kind: .*/kind: Rol/' roles/reviewer.yaml
                sed -i 's/^  summary: .*/  summary: 1.10/' skills/careful-review.yaml
                sed -i 's/^    issue: /    isue: /' runs/fix-division.yaml
                printf '\\tx: 1\\n' >> profiles/reader.yaml
                """
            // What a run has started with is known to the server from then on.
            try await system.must("wait", "workflow/fix-division", "--for", "phase=active")
            try await commit(system, commands, until: "condition=Ready=False")
            let offline = try await system.shell(
                "cd '\(system.configuration)' && { agirunner validate -o json . || true; }"
            )
            let lines = offline.output.split(separator: "\n")
            let said = try lines.map { try place(of: Value(json: String($0))) }
            let status = try await shown(system, "gitsource/main", ".status.diagnostics")
            let all = try #require(Value(json: status).array)
            // That the run has started with its parameters, only the server knows.
            let known = all.filter { $0["code"] != "POL008" }
            #expect(all.count == known.count + 1)
            #expect(said.count > 6 && known.map(place) == said, "\(said)")
            #expect(known.allSatisfy { $0["excerpt"]?.string?.contains("^") == true })
            #expect(offline.error.contains("not checked, because only the server knows:"))
            try await checkDoor(system)
            try await commit(system, "git revert --no-commit HEAD", until: "condition=Ready")
            try await checkWarning(system)
        }
    }

    /// The door tells an object's mistakes by code and field, and what it left out when it is asked to.
    private func checkDoor(_ system: System) async throws {
        let skill = """
            {"apiVersion": "agirunner.dev/v1", "kind": "Skill", "metadata": {"name": "odd"},
             "spec": {"displayName": "Odd", "summary": "s", "body": "b", "delivry": "inline"}}
            """
        let answer = try await system.shell(
            """
            ask() { curl -s -i --unix-socket '\(system.state)/run/control.sock' -d '\(skill)' "$@"; }
            skills=http://localhost/apis/agirunner.dev/v1/namespaces/default/skills
            ask -H 'Content-Type: application/json' http://localhost/validate
            ask -H 'Content-Type: application/json' "$skills?dryRun=All"
            ask -H 'Content-Type: application/json' "$skills?dryRun=All&fieldValidation=Warn"
            ask -H 'Content-Type: application/json' "$skills?dryRun=All&fieldValidation=Ignore"
            """
        )
        let parts = answer.output.split(separator: "HTTP/1.1 ").map(String.init)
        try #require(parts.count == 4, "\(answer.output)")
        #expect(parts[0].contains("SCH001") && parts[0].contains("spec.delivry"))
        #expect(parts[1].hasPrefix("422") && parts[1].contains("did you mean 'delivery'?"))
        #expect(parts[2].hasPrefix("201") && parts[2].contains("unknown field 'spec.delivry'"))
        #expect(parts[3].hasPrefix("201") && !parts[3].contains("delivry"))
    }

    /// A changed playbook of the same version is a warning, which holds nothing back.
    private func checkWarning(_ system: System) async throws {
        let change = "sed -i 's/^  displayName: .*/  displayName: Mend/' \(Self.playbook)"
        try await commit(system, change, until: "condition=Ready")
        let described = try await system.must("describe", "gitsource/main")
        let warning = "\(Self.playbook):8:12: warning[POL005]: spec.version should be raised"
        #expect(described.contains(warning), "\(described)")
        #expect(described.contains("applied 12 of 12 objects"))
        #expect(described.contains("1 warning, see status.diagnostics"))
        #expect(try await shown(system, "playbook/bug-fix", ".spec.displayName") == "Mend")
    }

    private func shown(_ system: System, _ target: String, _ path: String) async throws -> String {
        String(try await system.must("get", target, "-o", "jsonpath=\(path)").dropLast())
    }

    private func place(of diagnostic: Value) -> String {
        let start = diagnostic.at("span", "start") ?? [:]
        let path = (diagnostic["path"]?.string ?? "").replacing("./", with: "")
        let line = start["line"]?.integer ?? 0
        return "\(diagnostic["code"]?.string ?? "") \(path):\(line):\(start["column"]?.integer ?? 0)"
    }

    private func commit(_ system: System, _ script: String, until wish: String) async throws {
        let made = try await system.shell(
            """
            cd '\(system.configuration)'
            \(script)
            git add . && git commit -q -m 'Change' && git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made.error)")
        let applied = "jsonpath=.status.appliedCommit=\(made.output.dropLast())"
        try await system.must("wait", "gitsource/main", "--for", applied, "--for", wish)
    }
}
