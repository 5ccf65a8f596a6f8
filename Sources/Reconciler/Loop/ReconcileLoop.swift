package import Domain
internal import Synchronization

/// Takes keys from the queue and hands each to the controller of its kind, for ever.
///
/// Level-triggered: a controller is handed a key, rereads everything, and may be run twice, late, or by
/// another process. Its writes carry the key's fence, so of two that overlap one takes effect.
package struct ReconcileLoop: Sendable {
    package typealias Controller = @Sendable (ClaimedKey) async -> Outcome
    /// Called with a key and what its controller said, for logs.
    package typealias Report = @Sendable (ClaimedKey, Outcome) -> Void

    /// How long the queue is left alone when nothing is due and no bell rings: what a lost bell costs.
    private static let longestPause = Duration.seconds(5)
    /// Between two looks, since what is due may be somebody else's already.
    private static let shortestPause = Duration.milliseconds(20)

    private let queue: QueuePorts
    private let controllers: [String: Controller]
    private let workers: Int
    private let overtaking: Overtaking?
    private let outage: QueueOutage
    private let report: Report

    /// A loop over the controllers by kind; `workers` keys are worked on at once.
    ///
    /// With `isOvertakable`, work is given up and begun anew when people or a commit mark its key again.
    /// Loops on one store share their outage.
    package init(
        queue: QueuePorts,
        controllers: [String: Controller],
        workers: Int,
        isOvertakable: Bool = false,
        outage: QueueOutage,
        report: @escaping Report
    ) {
        self.queue = queue
        self.controllers = controllers
        self.workers = workers
        overtaking = isOvertakable ? Overtaking() : nil
        self.outage = outage
        self.report = report
    }

    /// Runs until it is cancelled; a store that cannot be reached is waited for.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            var begun = 0
            while !Task.isCancelled {
                // One that has ended counts until its place is needed.
                if begun == workers {
                    await group.next()
                    begun -= 1
                }
                guard let key = await claim() else { continue }
                group.addTask { await work(on: key) }
                begun += 1
            }
        }
    }

    /// The next key; nil after a while without one.
    private func claim() async -> ClaimedKey? {
        let ticket = queue.ticket()
        var pause = Duration.seconds(1)
        do {
            if let key = try await queue.claim() {
                outage.end()
                return key
            }
            let due = try await queue.nextDue() ?? Self.longestPause
            outage.end()
            pause = min(max(due, Self.shortestPause), Self.longestPause)
        } catch {
            outage.note(error)
        }
        await queue.wait(ticket, pause)
        return nil
    }

    private func work(on key: ClaimedKey) async {
        do { try await handle(key) } catch {
            // The queue itself failed: the key's lease runs out and somebody takes it again.
            outage.note(error)
            await queue.wait(queue.ticket(), .seconds(1))
        }
    }

    private func handle(_ claimed: ClaimedKey) async throws {
        guard let controller = controllers[claimed.key.kind] else { return try await queue.finish(claimed) }
        let outcome = await keeping(claimed) { await controller(claimed) }
        report(claimed, outcome)
        switch outcome {
        case .done: try await queue.finish(claimed)
        case .again(let delay): try await queue.release(claimed, delay, .complete)
        case .overtaken: try await queue.release(claimed, .zero, .overtaken)
        case .failed: try await queue.release(claimed, backOff(after: claimed.failures + 1), .failed)
        }
    }

    /// Runs a controller while the key's lease is renewed, so that slow work is not begun again beside it.
    ///
    /// A lease that cannot be renewed is another worker's by now: the controller is cancelled, and the fence
    /// refuses whatever it still tries to write. One that was overtaken is cancelled, too, and begun anew.
    private func keeping(
        _ claimed: ClaimedKey,
        _ work: @escaping @Sendable () async -> Outcome
    ) async -> Outcome {
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                let outcome = await work()
                if !Task.isCancelled { overtaking?.forget(claimed.key) }
                return outcome
            }
            group.addTask {
                while await queue.pauseBeforeRenewal() {
                    do { try await queue.renew(claimed) } catch {
                        outage.note(error)
                        return nil
                    }
                }
                return nil
            }
            if let overtaking, overtaking.isAllowed(claimed.key) {
                group.addTask {
                    guard await isOvertaken(claimed) else { return nil }
                    overtaking.note(claimed.key)
                    return .overtaken
                }
            }
            var outcome: Outcome?
            while let ended = await group.next() {
                // What was cancelled has nothing to say any more.
                outcome = outcome ?? ended
                group.cancelAll()
            }
            return outcome ?? .failed(Failure(.unavailable, "the work on \(claimed.key) was given up"))
        }
    }

    private func isOvertaken(_ claimed: ClaimedKey) async -> Bool {
        while !Task.isCancelled {
            do { return try await queue.waitUntilOvertaken(claimed) } catch { outage.note(error) }
        }
        return false
    }
}

/// Tells once when the queue cannot be asked, however often it is tried, and again after it could be.
package final class QueueOutage: Sendable {
    private let isTold = Mutex(false)
    private let tell: @Sendable (any Error) -> Void

    /// An outage that has not begun; `tell` gets the error that begins one.
    package init(tell: @escaping @Sendable (any Error) -> Void) { self.tell = tell }

    func note(_ error: any Error) {
        // A key that another worker has, and work that ends with the process, are in order.
        if error is CancellationError || (error as? Failure)?.code == .conflict { return }
        let isNews = isTold.withLock { isTold in
            defer { isTold = true }
            return !isTold
        }
        if isNews { tell(error) }
    }

    func end() { isTold.withLock { $0 = false } }
}

/// How often each key was overtaken since its work was last led to an end.
private final class Overtaking: Sendable {
    private let counts = Mutex<[ObjectKey: Int]>([:])

    /// Whether work that begins now may be overtaken.
    ///
    /// Not for the fourth time: commits that come faster than one can be applied would keep every one of them
    /// from being applied.
    func isAllowed(_ key: ObjectKey) -> Bool {
        counts.withLock { counts in
            if counts[key, default: 0] < 3 { return true }
            counts[key] = nil
            return false
        }
    }

    func note(_ key: ObjectKey) { counts.withLock { $0[key, default: 0] += 1 } }
    func forget(_ key: ObjectKey) { counts.withLock { $0[key] = nil } }
}

/// How long a key waits after its nth failure in a row: 1 s, 2 s, 4 s … five minutes.
func backOff(after failures: Int) -> Duration { .seconds(min(300, 1 << min(failures - 1, 9))) }
