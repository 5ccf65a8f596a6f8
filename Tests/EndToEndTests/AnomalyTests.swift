import Foundation
import Support
import Testing

/// Round trips to the database that go wrong, whichever they are, change nothing about where a run ends.
@Suite struct AnomalyTests {
    /// One round trip in as many goes wrong; the first of them is another one in each run.
    ///
    /// Whoever loses a connection begins to prepare its statements again, and must come through some of its
    /// transactions in between.
    private let stride = 97

    /// Where the first one lies in each run: four places, as many as `AGIRUNNER_ANOMALIES` says, or `every`.
    private func offsets(seed: UInt64) -> [Int] {
        let wanted = ProcessInfo.processInfo.environment["AGIRUNNER_ANOMALIES"] ?? "4"
        var generator = SeededGenerator(seed: seed)
        let shuffled = (1...stride).shuffled(using: &generator)
        return wanted == "every" ? shuffled : Array(shuffled.prefix(Int(wanted) ?? 4))
    }

    @Test(arguments: StatementProxy.Anomaly.allCases)
    func `a run ends the same whichever of its statements fails or loses its connection`(
        anomaly: StatementProxy.Anomaly
    ) async throws {
        let given = ProcessInfo.processInfo.environment["AGIRUNNER_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0...1_000_000)
        try await System.running { system in
            try await system.finishRun()
            let proxy = try await StatementProxy(before: system)
            try await proxy.disarm()
            try await run("undisturbed", system)
            let count = try await proxy.look().roundTrips
            let undisturbed = try await digest("undisturbed", system)
            #expect(count > 5 * stride, "hardly anything went through the proxy")
            for offset in offsets(seed: seed) {
                try await proxy.arm(anomaly, at: offset, every: stride)
                try await run("disturbed-\(offset)", system)
                let sight = try await proxy.look()
                #expect(sight.spoiled >= 5, "only \(sight.roundTrips) round trips, seed \(seed)")
                // Whoever looks is not part of the run.
                try await proxy.disarm()
                let outcome = try await digest("disturbed-\(offset)", system)
                #expect(outcome == undisturbed, "\(anomaly) from round trip \(offset), seed \(seed)")
            }
            try await proxy.end()
        }
    }

    private func run(_ name: String, _ system: System) async throws {
        try await system.commitRun(name)
        try await system.finishRun(name)
    }

    /// What a run left, without its name.
    private func digest(_ name: String, _ system: System) async throws -> String {
        let mine = "-l agirunner.dev/workflow=\(name)"
        let left = try await system.shell(
            """
            agirunner get workflow/\(name) -o jsonpath=.spec
            agirunner get workflow/\(name) -o jsonpath=.status.phase
            agirunner get workitems,tasks \(mine) -o jsonpath=.metadata.name | sort
            agirunner get workitems,tasks \(mine) -o jsonpath=.status.state | sort
            agirunner get handoffs \(mine) -o jsonpath=.status.summary | sort
            agirunner get attempts \(mine) -o jsonpath=.status.state | grep -c completed
            git -C '\(system.workspace)' log --format='%s %T' main..'agirunner/\(name)'
            """
        )
        #expect(left.code == 0, "\(left.error)")
        return left.output.replacing(name, with: "RUN")
    }
}
