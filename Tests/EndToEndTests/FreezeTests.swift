import Domain
import Support
import Testing

/// A time in which no commit is applied, on a server as it runs.
@Suite struct FreezeTests {
    private static let source = "gitsource/main"
    private static let skill = "skill/careful-review"

    @Test func `a commit waits for the end of a freeze, or for whoever lifts it`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            let window = #"{"start":"* * * * *","duration":"2h","timeZone":"Asia/Kolkata","reason":"Sale."}"#
            try await system.must("patch", Self.source, "-p", #"{"spec":{"freeze":[\#(window)]}}"#)
            try await system.must("wait", Self.source, "--for", "condition=Ready")
            let tip = try await commit(system)
            let waits = try await eventually(within: .seconds(40)) {
                try await system.condition(of: "main").contains("waits until")
            }
            #expect(waits)
            let told = try await system.condition(of: "main")
            #expect(told.contains("Frozen") && told.contains("Sale."), "\(told)")
            #expect(try await !summary(system).contains("Look twice."))
            let late = try await system.agirunner(
                "wait",
                Self.source,
                "--for",
                "revision=\(tip)",
                "--timeout",
                "1s"
            )
            #expect(late.code == 3 && late.error.contains("Frozen"), "\(late)")
            try await system.must(
                "annotate",
                Self.source,
                "agirunner.dev/override-freeze=2100-01-01T00:00:00Z"
            )
            try await system.must("wait", Self.source, "--for", "revision=\(tip)", "--timeout", "40s")
            #expect(try await summary(system).contains("Look twice."))
            let events = try await system.must("events", "--for", Self.source)
            #expect(events.contains("source.freeze_overridden"), "\(events)")
        }
    }

    private func summary(_ system: System) async throws -> String {
        try await system.must("get", Self.skill, "-o", "jsonpath=.spec.summary")
    }

    private func commit(_ system: System) async throws -> String {
        let made = try await system.shell(
            """
            cd '\(system.configuration)'
            sed -i 's/^  summary: .*/  summary: Look twice./' skills/careful-review.yaml
            git commit -q -a -m 'Change' && git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        return String(made.output.dropLast())
    }
}
