internal import Synchronization

/// A thread of its own for one actor, whose calls into C may block or need the same thread each time.
///
/// The actor keeps it in a stored property and says
/// `nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }`.
/// The thread ends when the last reference is gone, which is after the last job: no job is ever lost.
package final class ThreadExecutor: SerialExecutor {
    private let jobs: JobQueue

    /// Starts the thread; its name is cut to 15 bytes.
    ///
    /// - Throws: `SystemError` when the process may not have another thread or descriptor.
    package init(name: String) throws {
        let jobs = try JobQueue()
        self.jobs = jobs
        try startThread(name) { jobs.run() }
    }

    deinit { jobs.close() }

    package func enqueue(_ job: consuming ExecutorJob) {
        jobs.append(JobQueue.Entry(job: UnownedJob(job), executor: self))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }
}

/// The jobs of one executor; outlives it for as long as the thread needs to see that it is closed.
private final class JobQueue: Sendable {
    /// An entry holds its executor, so that an actor that goes away inside its last job does not take it
    /// along.
    struct Entry: Sendable {
        let job: UnownedJob
        let executor: ThreadExecutor
    }

    private struct State {
        var entries: [Entry] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp

    init() throws { wakeUp = try WakeUp() }

    // The queue's bound is that of the tasks: each has at most one job waiting here.
    func append(_ entry: Entry) {
        let wasEmpty = state.withLock { state in
            state.entries.append(entry)
            return state.entries.count == 1
        }
        if wasEmpty { wakeUp.signal() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    func run() {
        while true {
            let (batch, isClosed) = state.withLock { state in
                let taken = (state.entries, state.isClosed)
                state.entries = []
                return taken
            }
            for entry in batch {
                unsafe entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
            }
            if !batch.isEmpty { continue }
            if isClosed { return }
            // Idle: the hour only bounds the wait. A failed poll would be tried again at once, which is
            // harmless.
            _ = try? poll(
                [PollInterest(wakeUp.fileDescriptor, readable: true)],
                until: .after(.seconds(3600))
            )
            wakeUp.drain()
        }
    }
}
