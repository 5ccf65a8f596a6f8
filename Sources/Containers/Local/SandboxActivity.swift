internal import Synchronization
internal import Threads

/// What the execs of one sandbox share: which of them run, and the word that all must end.
final class SandboxActivity: Sendable {
    /// Signalled once and never drained: from then on every exec ends at once.
    let ended: WakeUp
    let deadline: Deadline
    private let running = Mutex<Set<Int32>>([])

    init(deadline: Deadline) throws {
        ended = try WakeUp()
        self.deadline = deadline
    }

    /// The first process of each running exec.
    var roots: Set<Int32> { running.withLock { $0 } }

    func began(_ root: Int32) { running.withLock { _ = $0.insert(root) } }
    func finished(_ root: Int32) { running.withLock { _ = $0.remove(root) } }
}
