import Foundation
import Testing
import Threads

@Suite struct SleepTests {
    @Test func `sleepers wake in the order of their times, whichever began first`() async {
        let woken = await withTaskGroup(of: Int.self) { group in
            for milliseconds in [300, 100, 200] {
                group.addTask {
                    // Nobody cancels this test.
                    try? await Threads.sleep(for: .milliseconds(milliseconds))
                    return milliseconds
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(woken == [100, 200, 300])
    }

    @Test func `a sleeper never wakes early`() async throws {
        for milliseconds in [0, 1, 20] {
            let start = ContinuousClock.now
            try await Threads.sleep(for: .milliseconds(milliseconds))
            #expect(start.duration(to: .now) >= .milliseconds(milliseconds))
        }
    }

    @Test func `whoever is cancelled wakes at once, before the sleep and in it`() async {
        for isLate in [false, true] {
            let sleeper = Task { try await Threads.sleep(for: .seconds(3600)) }
            if isLate { await Task.yield() }
            sleeper.cancel()
            await #expect(throws: CancellationError.self) { try await sleeper.value }
        }
    }

    @Test func `cancelled sleeps leave nothing behind`() async throws {
        try await cancelSleeps(5000)
        let before = try residentPages()
        try await cancelSleeps(50_000)
        // The clock's own sleep keeps about 9,000 pages of 4 KiB for as many.
        #expect(try residentPages() - before < 2500)
    }

    private func cancelSleeps(_ count: Int) async throws {
        for _ in 0..<count {
            let sleeper = Task { try await Threads.sleep(for: .seconds(3600)) }
            await Task.yield()
            sleeper.cancel()
            await #expect(throws: CancellationError.self) { try await sleeper.value }
        }
    }

    /// The second number of `statm`, proc(5).
    private func residentPages() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
