import Foundation
import Testing
import Threads

private actor Confined {
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private(set) var threads: Set<UInt> = []
    private(set) var count = 0

    init(_ name: String) throws { executor = try ThreadExecutor(name: name) }

    func step() -> UInt {
        count += 1
        threads.insert(UInt(pthread_self()))
        return UInt(pthread_self())
    }

    func block(_ descriptor: Int32) throws {
        _ = try poll([PollInterest(descriptor, readable: true)], until: .after(.seconds(20)))
    }
}

private func threadNames() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").compactMap { task in
        // A thread may end between the listing and the reading.
        try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
    }
}

@Suite struct ThreadExecutorTests {
    @Test func `every job of an actor runs on its one thread`() async throws {
        let actor = try Confined("one-thread")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { _ = await actor.step() } }
        }
        #expect(await actor.count == 200)
        #expect(await actor.threads.count == 1)
        #expect(await actor.step() != UInt(pthread_self()))
    }

    @Test func `a blocked actor blocks nobody else`() async throws {
        let wakeUp = try WakeUp()
        // More blocked threads than the cooperative pool has.
        let actors = try (0..<16).map { _ in try Confined("blocked") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for actor in actors { group.addTask { try await actor.block(wakeUp.fileDescriptor) } }
            let other = try Confined("other")
            for _ in 0..<100 { _ = await other.step() }
            wakeUp.signal()
            try await group.waitForAll()
        }
    }

    @Test func `the thread ends with its actor`() async throws {
        for _ in 0..<20 {
            let actor = try Confined("short-lived")
            _ = await actor.step()
        }
        // The threads end by themselves a moment later; yielding gives them the time.
        let deadline = Deadline.after(.seconds(20))
        while try threadNames().contains("short-lived\n"), !deadline.isPast { await Task.yield() }
        #expect(try !threadNames().contains("short-lived\n"))
    }

    @Test func `a body on its own thread answers and fails like any other`() async throws {
        #expect(try await onOwnThread("answer") { _ in 5 } == 5)
        await #expect(throws: SystemError.self) {
            try await onOwnThread("failure") { _ in
                throw SystemError(code: .failed, message: "no", call: "test")
            }
        }
    }

    @Test func `cancellation reaches the body as a wake-up`() async throws {
        let started = try WakeUp()
        let task = Task {
            try await onOwnThread("cancelled") { cancelled in
                started.signal()
                return try poll(
                    [PollInterest(cancelled.fileDescriptor, readable: true)],
                    until: .after(.seconds(20))
                )[0]
                .isReady
            }
        }
        _ = try await onOwnThread("watch") { _ in
            try poll([PollInterest(started.fileDescriptor, readable: true)], until: .after(.seconds(20)))
        }
        task.cancel()
        #expect(try await task.value)
    }
}
