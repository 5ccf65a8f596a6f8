import Domain
import Support
import Testing

/// What keeps commits from deleting, as the people see it who have to deal with it.
@Suite struct GuardTests {
    @Test func `deletions are held, refused and approved`() async throws {
        try await System.running { system in
            try await system.waitForGate()
            let script = """
                for n in 1 2 3 4 5 6 7 8; do
                  sed "s/careful-review/extra-$n/" skills/careful-review.yaml > skills/extra-$n.yaml
                done
                protected='  annotations: {agirunner.dev\\/deletion-protection: enabled}'
                sed -i "s/^  name: extra-1$/&\\n$protected/" skills/extra-1.yaml
                """
            try await commit(script, system)
            try await keep(system)
            try await hold(system)
            try await letGo(system)
            try await refuse(system)
        }
    }

    /// Commits, and waits until the source has settled on it.
    private func commit(_ script: String, _ system: System, ready: String = "True") async throws {
        let made = try await system.shell(
            """
            cd '\(system.configuration)' && \(script)
            git add -A && git commit -q -m 'Guarded' && git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        let applied = "jsonpath=.status.appliedCommit=\(made.output.dropLast())"
        try await system.must("wait", "gitsource/main", "--for", applied, "--for", "condition=Ready=\(ready)")
    }

    private func held(_ target: String, _ system: System) async throws -> String {
        let path = "jsonpath={.status.conditions[?(@.type==\"PruneHeld\")].reason}"
        return try await system.must("get", target, "-o", path)
    }

    /// A commit changes what the run has started with, and is refused by its place.
    private func keep(_ system: System) async throws {
        let file = "runs/fix-division.yaml"
        try await commit("sed -i 's/rounds the wrong way/rounds up/' \(file)", system, ready: "False")
        let source = try await system.must("describe", "gitsource/main")
        #expect(source.contains("\(file):11:5: error[POL008]: spec.parameters must stay"), "\(source)")
        try await commit("git revert --no-edit HEAD >/dev/null; date > when.txt", system)
        try await system.applyRun("other")
        try await system.must("wait", "workflow/other", "--for", "phase=active")
        try await change("workflows", "other", ["parameters": ["issue": "Nothing."]], system)
        try await system.must("cancel", "workflow/other")
    }

    /// A protected skill, a run and its playbook lose their files, and stay.
    private func hold(_ system: System) async throws {
        try await commit("git rm -q -r runs playbooks skills/extra-1.yaml", system)
        let source = try await system.must("describe", "gitsource/main")
        #expect(source.contains("3 objects are no longer declared and kept"), "\(source)")
        #expect(try await held("skill/extra-1", system) == "DeletionProtected\n")
        #expect(try await held("playbook/bug-fix", system) == "InUse\n")
        #expect(try await held("workflow/fix-division", system) == "DeclarationRemoved\n")
        let skill = try await system.agirunner("delete", "skill/extra-1")
        #expect(
            skill.code == 1 && skill.error.contains("Skill/extra-1 is protected from deletion"),
            "\(skill)"
        )
        let playbook = try await system.agirunner("delete", "playbook/bug-fix")
        #expect(
            playbook.code == 1 && playbook.error.contains("is used by Workflow/fix-division"),
            "\(playbook)"
        )
    }

    /// The run ends, and its playbook goes.
    private func letGo(_ system: System) async throws {
        try await system.finishRun()
        try await system.must("reconcile", "gitsource/main")
        try await system.must("wait", "playbook/bug-fix", "--for", "delete")
        #expect(try await held("workflow/fix-division", system) == "DeclarationRemoved\n")
    }

    /// A commit deletes much, is refused, and let through by a person.
    private func refuse(_ system: System) async throws {
        try await commit("git rm -q skills/extra-*", system, ready: "False")
        let source = try await system.must("describe", "gitsource/main")
        #expect(source.contains("PruneRefused"), "\(source)")
        #expect(source.contains("agirunner approve gitsource/main lets it"), "\(source)")
        let approved = try await system.must("approve", "gitsource/main", "--note", "They were spare.")
        #expect(approved == "gitsource.agirunner.dev/main approved\n")
        try await system.must("wait", "gitsource/main", "--for", "condition=Ready")
        let skills = try await system.must("get", "skills", "-o", "name")
        #expect(
            skills.split(separator: "\n").map { $0.split(separator: "/").last } == [
                "careful-review", "extra-1",
            ]
        )
        try await change("decisions", "approve-", ["action": "reject"], system)
        let events = try await system.must("events", "--for", "gitsource/main")
        #expect(events.contains("source.prune_approved"), "\(events)")
        let again = try await system.agirunner("approve", "gitsource/main")
        #expect(again.code == 1 && again.error.contains("no deletions that wait"), "\(again)")
    }

    /// Nobody changes what was decided, nor what a run has started with.
    private func change(_ plural: String, _ name: String, _ spec: Value, _ system: System) async throws {
        let names = try await system.must("get", plural, "-o", "jsonpath=.metadata.name")
        let found = names.split(separator: "\n").first { $0.hasPrefix(name) }
        let patch: Value = ["spec": spec]
        let refused = try await system.shell(
            """
            curl -s --unix-socket '\(system.state)/run/control.sock' -X PATCH \
              -H 'Content-Type: application/merge-patch+json' -d '\(patch.canonicalJSON)' \
              http://door/apis/agirunner.dev/v1/namespaces/default/\(plural)/\(found ?? "")
            """
        )
        let answer = try Value(json: Array(refused.output.utf8))
        #expect(answer["code"] == 422 && answer["reason"] == "Invalid", "\(refused)")
        #expect(answer["message"]?.string?.contains("must stay as it was") == true, "\(refused)")
    }
}
