import Domain
import Support
import Testing

/// Whose each object and each field is, on a server as it runs.
@Suite struct OwnershipTests {
    private static let skill = "skill/careful-review"

    @Test func `fields have owners: kept, refused, put back, reported and handed over`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            try await keep(system)
            try await refuse(system)
            try await fight(system)
            try await report(system)
            try await handOver(system)
        }
    }

    private func summary(_ system: System) async throws -> String {
        try await system.must("get", Self.skill, "-o", "jsonpath=.spec.summary")
    }

    private func commit(_ script: String, _ system: System) async throws {
        let made = try await system.shell(
            """
            cd '\(system.configuration)' && \(script)
            git add -A && git commit -q -m 'Change' && git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        try await system.must("wait", "gitsource/main", "--for", "revision=\(made.output.dropLast())")
    }

    private func patch(_ summary: String, _ system: System) async throws -> System.Answer {
        let patch: Value = ["spec": ["summary": .string(summary)]]
        return try await system.agirunner("patch", Self.skill, "-p", patch.canonicalJSON, "--force-conflicts")
    }

    /// What the file does not speak of stays over commits, and is no drift.
    private func keep(_ system: System) async throws {
        try await system.must("label", Self.skill, "team=red")
        try await commit(
            "sed -i 's/^  summary: .*/  summary: Look twice./' skills/careful-review.yaml",
            system
        )
        #expect(try await summary(system) == "Look twice.\n")
        #expect(
            try await system.must("get", "skills", "-l", "team=red", "-o", "name").contains("careful-review")
        )
        #expect(try await system.agirunner("drift").code == 0)
        let managed = try await system.must("get", Self.skill, "-o", "yaml", "--show-managed-fields")
        #expect(managed.contains("manager: git:main") && managed.contains("f:team:"), "\(managed)")
        #expect(try await !system.must("get", Self.skill, "-o", "yaml").contains("managedFields"))
    }

    private func refuse(_ system: System) async throws {
        let patch = #"{"spec":{"summary":"Do not look."}}"#
        let refused = try await system.agirunner("patch", Self.skill, "-p", patch)
        #expect(
            refused.code == 1 && refused.error.contains("skills/careful-review.yaml:2: spec.summary"),
            "\(refused)"
        )
        #expect(refused.error.contains("--force-conflicts"))
        #expect(try await summary(system) == "Look twice.\n")
    }

    /// What is taken by force is put back, and after three times both are named.
    private func fight(_ system: System) async throws {
        for round in 1...3 {
            let forced = try await patch("Do not look, \(round).", system)
            #expect(forced.code == 0, "\(forced)")
            try await system.must("wait", Self.skill, "--for", "jsonpath=.spec.summary=Look twice.")
        }
        try await system.must("wait", Self.skill, "--for", "condition=Flapping")
        let told = try await system.must("describe", Self.skill)
        #expect(told.contains("git:main and unix:"), "\(told)")
        let events = try await system.must("events", "--for", Self.skill)
        #expect(
            events.contains("object.fields_taken") && events.contains("object.drift_corrected"),
            "\(events)"
        )
        let source = try await system.must("get", "gs", "main", "-o", "jsonpath=.status.fights")
        #expect(source == "1\n")
    }

    /// A source that reports leaves what was taken, over commits, and says so.
    private func report(_ system: System) async throws {
        try await system.must("patch", "gitsource/main", "-p", #"{"spec":{"drift":"report"}}"#)
        #expect(try await patch("Mine.", system).code == 0)
        try await system.must("wait", "gitsource/main", "--for", "jsonpath=.status.drift.count=1")
        try await system.must("wait", Self.skill, "--for", "condition=Drifted")
        try await commit("date > note.txt", system)
        #expect(try await summary(system) == "Mine.\n")
        let drift = try await system.agirunner("drift")
        #expect(drift.code == 1 && drift.output.contains("spec.summary"), "\(drift)")
        try await system.must("patch", "gitsource/main", "-p", #"{"spec":{"drift":"correct"}}"#)
        try await system.must("wait", Self.skill, "--for", "jsonpath=.spec.summary=Look twice.")
    }

    /// An object moves from one source to another, in two commits, and is never deleted.
    private func handOver(_ system: System) async throws {
        let uid = try await system.must("get", Self.skill, "-o", "jsonpath=.metadata.uid")
        let made = try await system.shell(
            """
            mkdir '\(system.folder.path)/team' && cd '\(system.folder.path)/team' && git init -q -b main
            cp '\(system.configuration)/skills/careful-review.yaml' .
            git add -A && git commit -q -m 'Ours'
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: GitSource
            metadata: {name: team}
            spec:
              url: \(system.folder.path)/team
              ref: {branch: main}
              grants: {namespaces: ["*"], kinds: ["*"]}
            END
            """
        )
        #expect(made.code == 0, "\(made)")
        let conflict = "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=OwnershipConflict"
        try await system.must("wait", "gitsource/team", "--for", conflict)
        try await system.must("transfer", Self.skill, "--to", "gitsource/team")
        try await system.must("wait", Self.skill, "--for", "jsonpath=.status.source.gitSource=team")
        try await system.must("wait", "gitsource/main", "--for", conflict)
        try await commit("git rm -q skills/careful-review.yaml", system)
        #expect(try await system.must("get", Self.skill, "-o", "jsonpath=.metadata.uid") == uid)
        #expect(try await system.must("get", Self.skill, "-o", "jsonpath=.metadata.labels.team") == "red\n")
        try await system.must("transfer", Self.skill, "--to", "control")
        try await system.must("wait", "gitsource/team", "--for", conflict)
        #expect(try await patch("By hand.", system).code == 0)
        #expect(try await summary(system) == "By hand.\n")
        let events = try await system.must("events", "--for", Self.skill)
        #expect(events.contains("object.ownership_moved"), "\(events)")
    }
}
