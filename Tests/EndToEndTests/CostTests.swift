import Domain
import Support
import Testing

/// What a commit costs, as the control plane counts it.
@Suite struct CostTests {
    @Test func `a commit of one file parses one blob and writes one object, a look that was asked for none`()
        async throws
    {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            let before = try await counters(system)
            #expect(before["agirunner_blobs_parsed_total"].map { $0 > 5 } == true, "\(before)")
            let made = try await system.shell(
                """
                cd '\(system.configuration)'
                sed -i 's/displayName: .*/displayName: Very careful review/' skills/careful-review.yaml
                git commit -q -a -m 'Look well' && git rev-parse HEAD
                """
            )
            #expect(made.code == 0, "\(made)")
            let commit = made.output.split(separator: "\n").joined()
            try await system.must("wait", "gitsource/main", "--for", "revision=\(commit)")
            let after = try await counters(system)
            for name in ["blobs_read", "blobs_parsed", "objects_written"] {
                let metric = "agirunner_\(name)_total"
                #expect((after[metric] ?? 0) - (before[metric] ?? 0) == 1, "\(name)")
            }
            try await system.must("reconcile", "gitsource/main")
            try await system.must(
                "wait",
                "gitsource/main",
                "--for",
                "jsonpath={.status.lastHandledReconcileAt}=\(try await request(system))"
            )
            for (name, value) in try await counters(system) where name.hasSuffix("_total") {
                #expect(value == after[name], "\(name)")
            }
        }
    }

    private func request(_ system: System) async throws -> String {
        let object = try Value(json: try await system.must("get", "gitsource/main", "-o", "json"))
        let annotations = object.at("metadata", "annotations")
        return try #require(annotations?[GitSourceSpec.reconcileAt]?.string)
    }

    private func counters(_ system: System) async throws -> [String: Int] {
        let answer = try await system.shell(
            "curl -sf --unix-socket '\(system.state)/run/control.sock' http://door/metrics"
        )
        #expect(answer.code == 0, "\(answer)")
        var counters: [String: Int] = [:]
        for line in answer.output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 2 { counters[words[0]] = Int(words[1]) }
        }
        return counters
    }
}
