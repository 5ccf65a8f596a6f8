import Support
import Testing

/// The verbs that say what a commit does before it does it, and where everything comes from after it.
@Suite struct PlanVerbTests {
    @Test func `a commit is compared, planned, approved, carried out and found again`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            try await suspend(system)
            let commits = try await commit(system)
            try await compare(system)
            try await carryOut(system, commits.last ?? "")
            try await trace(system, commits)
        }
    }

    /// Stops the source, so that commits wait for a plan; there is a plan of what is applied: nothing.
    private func suspend(_ system: System) async throws {
        let before = try await system.agirunner("plan", "-f", system.configuration, "--detailed-exitcode")
        #expect(before.code == 0 && before.output.hasSuffix("no changes\n"), "\(before)")
        let patched = try await system.shell(
            """
            curl -sf --unix-socket '\(system.state)/run/control.sock' -X PATCH \
              -H 'Content-Type: application/merge-patch+json' \
              -d '{"metadata":{"annotations":{"agirunner.dev/suspend":"true"}}}' \
              http://door/apis/agirunner.dev/v1/gitsources/main
            """
        )
        #expect(patched.code == 0, "\(patched)")
        try await system.must(
            "wait",
            "gitsource/main",
            "--for",
            "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=Suspended"
        )
    }

    /// Changes a skill, renames its file, adds a second one; answers the two newest commits, oldest first.
    private func commit(_ system: System) async throws -> [String] {
        let made = try await system.shell(
            """
            cd '\(system.configuration)'
            git mv skills/careful-review.yaml skills/review.yaml
            sed 's/careful-review/second-look/' skills/review.yaml > skills/second-look.yaml
            sed -i 's/displayName: .*/displayName: Very careful review/' skills/review.yaml
            git add -A && git commit -q -m 'Look twice' && git rev-parse HEAD~1 HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        return made.output.split(separator: "\n").map(String.init)
    }

    private func compare(_ system: System) async throws {
        let place = system.configuration
        let diff = try await system.agirunner(
            "diff",
            "--revision",
            "HEAD~1..HEAD",
            "--repository",
            place,
            "-o",
            "markdown",
            "--detailed-exitcode"
        )
        #expect(diff.code == 2 && diff.output.contains("**1 created, 1 changed**"), "\(diff)")
        let plan = try await system.agirunner(
            "plan",
            "-f",
            place,
            "--revision",
            "HEAD",
            "-o",
            "look.plan",
            "--detailed-exitcode"
        )
        #expect(plan.code == 2, "\(plan)")
        let field = "skills/review.yaml:7:16 spec.displayName: \"Careful review\" -> \"Very careful review\""
        #expect(plan.output.contains(field), "\(plan.output)")
        #expect(plan.output.contains("+ Skill/second-look  skills/second-look.yaml:2:1"))
    }

    private func carryOut(_ system: System, _ commit: String) async throws {
        let skills = try await system.must("get", "skills", "-o", "name")
        #expect(!skills.contains("second-look"), "a suspended source waits")
        try await system.must("apply", "look.plan", within: .seconds(70))
        let applied = try await system.must("get", "gs", "main", "-o", "jsonpath=.status.appliedCommit")
        #expect(applied == commit + "\n")
        let name = try await system.must("get", "skill", "careful-review", "-o", "jsonpath=.spec.displayName")
        #expect(name == "Very careful review\n")
        let again = try await system.agirunner("apply", "look.plan")
        #expect(again.code == 1 && again.error.contains("Skill/second-look is new"), "\(again)")
        let drift = try await system.agirunner("drift")
        #expect(drift.code == 0 && drift.output.hasSuffix("no changes\n"), "\(drift)")
    }

    private func trace(_ system: System, _ commits: [String]) async throws {
        let shown = "jsonpath=.status.source"
        let source = try await system.must("get", "skill", "careful-review", "-o", shown)
        #expect(source.contains("\"commit\":\"\(commits.last ?? "")\""), "\(source)")
        #expect(source.contains("\"line\":2,\"path\":\"skills/review.yaml\""), "\(source)")
        let history = try await system.must("history", "gitsource/main")
        let rows = history.split(separator: "\n").dropFirst().map { String($0.prefix(7)) }
        #expect(rows == commits.reversed().map { String($0.prefix(7)) }, "\(history)")
        let tree = try await system.must("tree", "gitsource/main")
        #expect(tree.contains("├── skills/review.yaml\n│   └── skill/careful-review  ready"), "\(tree)")
        let run = try await system.must("tree", "workflow/fix-division")
        #expect(run.hasPrefix("workflow/fix-division") && run.contains("workitem/"), "\(run)")
        let traced = try await system.must("trace", "workflow/fix-division")
        #expect(traced.contains("File:      runs/fix-division.yaml:2:1"), "\(traced)")
        #expect(traced.contains("Source:    gitsource/main (\(system.configuration), branch main)"))
    }
}
