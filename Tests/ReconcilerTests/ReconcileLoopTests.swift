import Domain
import Reconciler
import Synchronization
import Testing

/// A key queue in memory; it ends the loop's work when nothing waits any more.
private final class Queue: Sendable {
    struct Release: Hashable {
        let key: ObjectKey
        let after: Duration
        let end: LookEnd
    }

    struct Contents: Sendable {
        var waiting: [ClaimedKey]
        var finished: [ObjectKey] = []
        var released: [Release] = []
        /// How often claiming and finishing fail before they work.
        var brokenClaims = 0
        var brokenFinishes = 0
        var waits: [Duration] = []
        /// Whether leases are renewed all the time, and how often that works.
        var isRenewing = false
        var renewals = 0
        /// Whether keys are marked again as soon as somebody works on them.
        var isOvertaking = false
        /// How often it cannot be asked whether a key was marked again.
        var brokenLooks = 0
        /// What was told of the queue.
        var outages: [String] = []

        mutating func renew() throws {
            renewals -= 1
            if renewals < 0 { throw Failure(.conflict, "another worker has it", reason: "fence_lost") }
        }
    }

    private let contents: Mutex<Contents>

    init(_ keys: [ObjectKey]) { contents = Mutex(Contents(waiting: keys.map { claimed($0) })) }

    @discardableResult
    func with<Answer: Sendable>(_ body: (inout Contents) throws -> Answer) rethrows -> Answer {
        try contents.withLock { contents in try body(&contents) }
    }

    var ports: QueuePorts {
        QueuePorts(
            claim: {
                try self.with { contents in
                    try Self.fail(&contents.brokenClaims)
                    return contents.waiting.isEmpty ? nil : contents.waiting.removeFirst()
                }
            },
            nextDue: { .seconds(3) },
            renew: { _ in try self.with { try $0.renew() } },
            pauseBeforeRenewal: {
                if self.with(\.isRenewing) { return !Task.isCancelled }
                // Until the work is done.
                try? await ContinuousClock().sleep(for: .seconds(60))
                return false
            },
            waitUntilOvertaken: { _ in
                try self.with { try Self.fail(&$0.brokenLooks) }
                if self.with(\.isOvertaking) { return true }
                // Until the work is done.
                try? await ContinuousClock().sleep(for: .seconds(60))
                return false
            },
            finish: { key in
                try self.with { contents in
                    try Self.fail(&contents.brokenFinishes)
                    contents.finished.append(key.key)
                }
            },
            release: { key, delay, end in
                self.with { contents in
                    contents.released.append(Release(key: key.key, after: delay, end: end))
                    guard end != .complete else { return }
                    contents.waiting.append(claimed(key.key, failures: key.failures + 1))
                }
            },
            ticket: { 0 },
            wait: { _, duration in
                let isEmpty = self.with { contents in
                    contents.waits.append(duration)
                    return contents.waiting.isEmpty && contents.brokenClaims == 0
                }
                if isEmpty { unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() } }
            }
        )
    }

    private static func fail(_ count: inout Int) throws {
        guard count > 0 else { return }
        count -= 1
        throw Failure(.unavailable, "the store is away")
    }
}

@Suite(.timeLimit(.minutes(1))) struct ReconcileLoopTests {
    private let role = key("Role", "a")

    /// Runs a loop until its queue is empty.
    private func drain(
        _ queue: Queue,
        workers: Int = 1,
        isOvertakable: Bool = false,
        report: @escaping ReconcileLoop.Report = { _, _ in },
        controller: @escaping ReconcileLoop.Controller
    ) async {
        await ReconcileLoop(
            queue: queue.ports,
            controllers: ["Role": controller],
            workers: workers,
            isOvertakable: isOvertakable,
            outage: QueueOutage { error in queue.with { $0.outages.append("\(error)") } },
            report: report
        ).run()
    }

    @Test func `a key that is done is finished`() async {
        let queue = Queue([role, key("Role", "b")])
        await drain(queue) { _ in .done }
        #expect(queue.with(\.finished) == [role, key("Role", "b")])
        #expect(queue.with(\.released).isEmpty)
    }

    @Test func `a lease is renewed while its controller works, and one that is lost cancels it`() async {
        let queue = Queue([role])
        queue.with { contents in
            contents.isRenewing = true
            contents.renewals = 3
        }
        await drain(queue) { _ in
            // Ends by cancellation alone, long before this time is over.
            try? await ContinuousClock().sleep(for: .seconds(50))
            return Task.isCancelled ? .again(after: .seconds(7)) : .done
        }
        #expect(queue.with(\.released) == [.init(key: role, after: .seconds(7), end: .complete)])
        #expect(queue.with(\.renewals) == -1)
    }

    @Test func `work that is overtaken is cancelled and begun anew, but not for ever`() async {
        let queue = Queue([role])
        queue.with { $0.isOvertaking = true }
        let begun = Mutex(0)
        await drain(queue, isOvertakable: true) { _ in
            if begun.withLock({ begun in
                begun += 1
                return begun == 4
            }) {
                return .done
            }
            // Ends by cancellation alone, long before this time is over.
            try? await ContinuousClock().sleep(for: .seconds(50))
            return .failed(Failure(.internal, "cancelled"))
        }
        let release = Queue.Release(key: role, after: .zero, end: .overtaken)
        #expect(queue.with(\.released) == [release, release, release])
        #expect(queue.with(\.finished) == [role])
    }

    @Test func `work that nobody may overtake is led to its end`() async {
        let queue = Queue([role])
        queue.with { $0.isOvertaking = true }
        await drain(queue) { _ in .done }
        #expect(queue.with(\.finished) == [role] && queue.with(\.released).isEmpty)
    }

    @Test func `a key that wants another look is released without a failure`() async {
        let queue = Queue([role])
        await drain(queue) { _ in .again(after: .seconds(42)) }
        #expect(queue.with(\.released) == [.init(key: role, after: .seconds(42), end: .complete)])
        #expect(queue.with(\.finished).isEmpty)
    }

    @Test func `a key that fails waits twice as long each time, and at most five minutes`() async {
        let queue = Queue([role])
        await drain(queue) { claimed in
            claimed.failures < 11 ? .failed(Failure(.unavailable, "no")) : .done
        }
        let delays = queue.with { $0.released.map(\.after.components.seconds) }
        #expect(delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        #expect(queue.with { $0.released.map(\.end) }.allSatisfy { $0 == .failed })
        #expect(queue.with(\.finished) == [role])
    }

    @Test func `a failing key keeps no other from being worked on`() async {
        let other = key("Role", "b")
        let queue = Queue([role, other])
        await drain(queue) { claimed in
            claimed.key.name == "a" && claimed.failures < 3
                ? .failed(Failure(.internal, "broken")) : .done
        }
        #expect(queue.with(\.finished) == [other, role])
    }

    @Test func `a key of a kind without a controller is finished`() async {
        let queue = Queue([key("Skill", "s")])
        await drain(queue) { claimed in
            Issue.record("\(claimed.key) has no controller")
            return .done
        }
        #expect(queue.with(\.finished) == [key("Skill", "s")])
    }

    @Test func `a queue that fails is waited for and asked again`() async {
        let queue = Queue([role, key("Role", "b")])
        queue.with {
            $0.brokenClaims = 2
            $0.brokenFinishes = 1
        }
        await drain(queue) { _ in .done }
        // The first key could not be finished: its lease runs out, and nothing else is lost.
        #expect(queue.with(\.finished) == [key("Role", "b")])
        let second = Duration.seconds(1)
        #expect(queue.with(\.waits) == [second, second, second, .seconds(3)])
        // One that lasted for two tries, and another one after a key was claimed.
        #expect(queue.with(\.outages.count) == 2)
    }

    @Test func `a queue that does not answer is told of once, however often it is asked`() async {
        let queue = Queue([role])
        queue.with { $0.brokenClaims = 20 }
        await drain(queue) { _ in .done }
        #expect(queue.with(\.finished) == [role])
        let outages = queue.with(\.outages)
        #expect(outages.count == 1 && outages[0].contains("the store is away"), "\(outages)")
    }

    @Test func `work is overtaken as well when the queue did not answer at first`() async {
        let queue = Queue([role])
        queue.with {
            $0.isOvertaking = true
            $0.brokenLooks = 5
        }
        await drain(queue, isOvertakable: true) { _ in
            guard queue.with(\.isOvertaking) else { return .done }
            // Ends by cancellation alone, long before this time is over.
            try? await ContinuousClock().sleep(for: .seconds(50))
            queue.with { $0.isOvertaking = false }
            return .failed(Failure(.internal, "cancelled"))
        }
        #expect(queue.with(\.released) == [.init(key: role, after: .zero, end: .overtaken)])
        #expect(queue.with(\.outages.count) == 1)
    }

    @Test func `every outcome of a controller is reported once`() async {
        let queue = Queue([role])
        let outcomes = Mutex<[Outcome]>([])
        await drain(queue, report: { _, outcome in outcomes.withLock { $0.append(outcome) } }) { claimed in
            claimed.failures == 0 ? .failed(Failure(.timeout, "slow")) : .again(after: .seconds(1))
        }
        let expected: [Outcome] = [.failed(Failure(.timeout, "slow")), .again(after: .seconds(1))]
        #expect(outcomes.withLock { $0 } == expected)
    }

    @Test func `as many keys are worked on at once as there are workers`() async {
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let queue = Queue([role, key("Role", "b")])
        await drain(queue, workers: 2) { claimed in
            if claimed.key.name == "b" { signal.finish() }
            // The first key comes to its end only when the second one is worked on meanwhile.
            for await _ in begun {}
            return .done
        }
        #expect(Set(queue.with(\.finished)) == [role, key("Role", "b")])
    }
}
