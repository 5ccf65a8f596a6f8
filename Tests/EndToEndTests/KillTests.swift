import Foundation
import Glibc
import Support
import Testing
import Threads

/// What the machine may lose at any moment.
private let victims = [
    "agirunnerd", "agirunner-fleet", "agirunner-runtime", "postgres", "connections", "everything",
]

/// A kill of this kind at this moment, chosen by a seed so that it can be repeated.
struct Kill: Sendable, CustomTestStringConvertible {
    let seed: UInt64
    let victim: String
    /// After everything runs.
    let delay: Duration

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        victim = victims[Int(seed % UInt64(victims.count))]
        delay = .milliseconds(Int.random(in: 0...3000, using: &generator))
    }

    var testDescription: String { "\(victim) after \(delay), seed \(seed)" }

    /// As many as `AGIRUNNER_KILLS` says, or 24; the same ones each time for the same `AGIRUNNER_SEED`.
    static var all: [Kill] {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["AGIRUNNER_KILLS"].flatMap { UInt64($0) } ?? 24
        let first = environment["AGIRUNNER_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...1_000_000)
        return (first..<(first + count)).map(Kill.init)
    }
}

/// Kill −9 at a random moment loses nothing and does nothing twice.
@Suite struct KillTests {
    private let run = "workflow/fix-division"

    @Test(arguments: Kill.all) func `a run survives the loss of a process at any moment`(
        kill: Kill
    ) async throws {
        try await System.with { system in
            try await system.start()
            // The moment is the test: a signal would always hit the same ones.
            try await ContinuousClock().sleep(for: kill.delay)
            try await strike(kill, system)
            try await system.finishRun()
            try await system.expectRunDoneOnce()
            try await system.stop()
        }
    }

    private func strike(_ kill: Kill, _ system: System) async throws {
        if kill.victim == "everything" {
            try await system.kill()
            return try await system.start(example: nil)
        }
        // Again and again: in the middle of statements and between them.
        if kill.victim == "connections" { try await system.dropConnections(times: 10) }
        for process in try await system.recorded(kill.victim) { Glibc.kill(process, SIGKILL) }
        // The door is away for a moment when its program or its database was the victim.
        let isBack = try await eventually(within: .seconds(60)) {
            try await system.agirunner("get", run, "-o", "name").code == 0
        }
        #expect(isBack, "the control plane did not come back")
    }
}
