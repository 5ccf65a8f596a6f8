import Glibc
import Testing
import Threads

@Suite struct PollTests {
    @Test func `a wake-up is readable from signal to drain`() throws {
        let wakeUp = try WakeUp()
        let interest = [PollInterest(wakeUp.fileDescriptor, readable: true)]
        #expect(try !poll(interest, until: .after(.zero))[0].isReady)
        wakeUp.signal()
        wakeUp.signal()
        #expect(try poll(interest, until: .after(.seconds(20)))[0].readable)
        wakeUp.drain()
        #expect(try !poll(interest, until: .after(.zero))[0].isReady)
    }

    @Test func `results come in the order of the interests`() throws {
        let quiet = try WakeUp()
        let loud = try WakeUp()
        loud.signal()
        let results = try poll(
            [
                PollInterest(quiet.fileDescriptor, readable: true),
                PollInterest(loud.fileDescriptor, readable: true),
                PollInterest(quiet.fileDescriptor, writable: true), PollInterest(-1, readable: true),
            ],
            until: .after(.seconds(20))
        )
        #expect(results.map(\.isReady) == [false, true, true, false])
        #expect(results.map(\.writable) == [false, false, true, false])
    }

    @Test func `a closed other side is a hang-up`() throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        close(ends[1])
        defer { close(ends[0]) }
        let result = try poll([PollInterest(ends[0], readable: true)], until: .after(.seconds(20)))[0]
        #expect(result.hungUp && !result.readable)
    }

    @Test func `a wait ends at its deadline and not before`() throws {
        let start = ContinuousClock.now
        let wakeUp = try WakeUp()
        let results = try poll(
            [PollInterest(wakeUp.fileDescriptor, readable: true)],
            until: .after(.milliseconds(30))
        )
        #expect(!results[0].isReady)
        #expect(ContinuousClock.now - start >= .milliseconds(30))
    }

    @Test func `an interrupted wait goes on`() async throws {
        // A handler without SA_RESTART makes poll(2) fail with EINTR on the thread that the signal is sent
        // to.
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        #expect(unsafe sigaction(SIGURG, &action, nil) == 0)
        let wakeUp = try WakeUp()
        let ready = try WakeUp()
        async let waited = onOwnThread("interrupted") { _ in
            var set = sigset_t()
            unsafe sigemptyset(&set)
            unsafe pthread_sigmask(SIG_SETMASK, &set, nil)
            ready.signal()
            return try poll(
                [PollInterest(wakeUp.fileDescriptor, readable: true)],
                until: .after(.seconds(20))
            )[0].readable
        }
        try await onOwnThread("interrupter") { _ in
            _ = try poll([PollInterest(ready.fileDescriptor, readable: true)], until: .after(.seconds(20)))
            // Only the thread named "interrupted" takes the signal: every other one of ours blocks all of
            // them, and the handler does nothing wherever else it runs.
            for _ in 0..<50 { kill(getpid(), SIGURG) }
            wakeUp.signal()
        }
        #expect(try await waited)
    }
}
