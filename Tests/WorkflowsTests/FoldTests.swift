import Domain
import Support
import Testing
import Workflows

@Suite struct FoldTests {
    /// A seeded random walk over every command; whatever is refused changes nothing.
    @Test(arguments: 0..<30) func `folding the events gives the facts of the run`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var driver = try RunDriver(bugFix)
        for step in 0..<80 {
            driver.now = driver.now + .seconds(Int64(random.next() % 20))
            // A refusal is a legal answer of the walk: the test is that it left no trace.
            try? driver.send(command(&random, driver))
            let facts = try driver.run.facts()
            let folded = driver.folded
            let difference = facts.first { folded[$0.key] != $0.value }
            let patch = difference.map { $0.value.mergePatch(from: folded[$0.key] ?? [:]).canonicalJSON }
            try #require(facts == folded, "seed \(seed), step \(step): \(patch ?? "a row too many")")
        }
    }

    private func command(_ random: inout SeededGenerator, _ driver: RunDriver) throws -> RunCommand {
        let run = driver.run
        let token = Digest("t")
        func pick<Element>(_ elements: [Element]) throws -> Element {
            guard !elements.isEmpty else { throw Refusal(.notFound, "nothing to pick") }
            return elements[Int(random.next() % UInt64(elements.count))]
        }
        switch random.next() % 12 {
        case 0...3:
            return .claim(task: try pick(run.tasks).uid, worker: "w", tokenDigest: token, lease: .seconds(1))
        case 4: return .begin(attempt: try pick(run.attempts).uid, tokenDigest: token)
        case 5: return .loseLease(attempt: try pick(run.attempts).uid)
        case 6:
            let action = try pick([DecisionSpec.Action.approve, .requestChanges, .pause, .resume])
            let target = DecisionSpec.Target(kind: "Workflow", name: "run")
            return .decide(
                DecisionSpec(target: target, action: action),
                by: Actor(subject: "unix:0", role: .orgAdmin)
            )
        default:
            let attempt = try pick(run.attempts.filter { $0.state == .live })
            let outcome = try pick([
                AttemptReport.Outcome.completed, .completed, .completed, .failed, .parked,
            ])
            let resolution = try pick([Resolution.approved, .approved, .requestChanges, .rejected])
            let handoff = Handoff(
                summary: "s",
                completion: .full,
                resolution: resolution,
                body: ["a": ["b": 1]]
            )
            let report = AttemptReport(
                outcome: outcome,
                handoff: handoff,
                category: try pick(["network", "model"]),
                message: "m",
                usage: Usage(inputTokens: 3),
                commit: nil
            )
            return .report(attempt: attempt.uid, tokenDigest: token, report)
        }
    }
}
