import Testing
import Threads

@Suite struct DeadlineTests {
    @Test func `the poll time-out is rounded up and never negative`() {
        let now = ContinuousClock.now
        #expect(Deadline.after(.seconds(-1), now: now).pollTimeoutMilliseconds == 0)
        #expect(Deadline.after(.seconds(-1), now: now).isPast)
        #expect(Deadline.after(.seconds(-1), now: now).remaining == .zero)
        let soon = Deadline.after(.microseconds(300)).pollTimeoutMilliseconds
        #expect((0...1).contains(soon))
        #expect((59_000...60_000).contains(Deadline.after(.seconds(60)).pollTimeoutMilliseconds))
    }

    @Test func `an absurd duration is a long wait and no overflow`() {
        let deadline = Deadline.after(.seconds(Int64.max))
        #expect(!deadline.isPast)
        #expect(deadline.pollTimeoutMilliseconds == 2_000_000_000)
        #expect(Deadline.after(.seconds(1)) < deadline)
    }

    @Test func `an operation in time gives its value`() async throws {
        #expect(try await withDeadline(.seconds(60)) { 7 } == 7)
    }

    @Test func `an operation out of time throws timed out and was cancelled`() async throws {
        let error = await #expect(throws: SystemError.self) {
            try await withDeadline(.milliseconds(20)) { try await ContinuousClock().sleep(for: .seconds(60)) }
        }
        #expect(error?.code == .timedOut)
    }

    @Test func `the error of the operation comes through`() async {
        await #expect(throws: Oops.self) { try await withDeadline(.seconds(60)) { throw Oops() } }
    }

    @Test func `cancellation of the caller is no time-out`() async {
        let task = Task {
            try await withDeadline(.seconds(60)) { try await ContinuousClock().sleep(for: .seconds(60)) }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a value won in spite of cancellation is kept`() async throws {
        let task = Task {
            try await withDeadline(.seconds(60)) {
                // Answers cancellation with a value instead of an error.
                do { try await ContinuousClock().sleep(for: .seconds(60)) } catch { return 3 }
                return 4
            }
        }
        task.cancel()
        #expect(try await task.value == 3)
    }
}

private struct Oops: Error {}
