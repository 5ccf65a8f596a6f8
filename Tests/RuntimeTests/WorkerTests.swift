import Domain
import Logging
import Synchronization
import Testing
import Threads
import WorkerProtocol

@testable import Runtime

@Suite struct WorkerTests {
    private let door = FakeDoor()

    private func worker(
        _ clock: Timepiece = .system,
        claimWait: Duration = .milliseconds(10),
        supervise: @escaping @Sendable (ClaimReply.Claim, AttemptControl) async -> Void = { _, _ in }
    ) -> Worker {
        let ids = Atomic(0)
        let settings = WorkerSettings(
            name: "runtime-1",
            version: "1",
            commands: ["git"],
            claimWait: claimWait,
            requestID: { "claim-\(ids.add(1, ordering: .relaxed).newValue)" },
            random: { 0.5 }
        )
        return Worker(
            settings: settings,
            door: door.door,
            clock: clock,
            logger: Logger(label: "test"),
            supervise: supervise
        )
    }

    private func claim(_ digit: Int, lease: Int64 = 30_000) throws -> ClaimReply.Claim {
        let contract = try makeContract {
            $0["identity"]?["attemptUID"] = .string("33333333-3333-4333-8333-33333333333\(digit)")
        }
        return ClaimReply.Claim(contract: contract, token: "token-\(digit)", leaseMilliseconds: lease)
    }

    @Test func `claims are repeated unchanged until answered, slots are respected, and draining finishes`()
        async throws
    {
        let gate = Bell()
        let supervised = Mutex<[String]>([])
        door.fail("register", with: [Failure(.unavailable, "not yet")])
        door.fail("claim", with: [Failure(.timeout, "lost"), Failure(.unavailable, "lost")])
        let claims = try (1...3).map { try claim($0) }
        door.state.withLock { $0.waiting = claims }
        let worker = worker { claim, _ in
            supervised.withLock { $0.append(claim.token) }
            if claim.token == "token-1" { await gate.wait(atMost: .seconds(60), .system) }
        }
        async let end = worker.run()
        try await eventually("all are claimed") { supervised.withLock { $0.count } == 3 }
        #expect(door.count("claim") >= 4)
        try await eventually("the first is in a heartbeat") {
            door.state.withLock { $0.heartbeats.last?.attempts.map(\.token) } == ["token-1"]
        }
        door.state.withLock { $0.mustDrain = true }
        try await eventually("the worker says that it drains") {
            door.state.withLock { $0.heartbeats.last?.isDraining } == true
        }
        let before = door.state.withLock { $0.heartbeats.count }
        try await eventually("leases are renewed while draining") {
            door.state.withLock { $0.heartbeats.count } > before + 2
        }
        gate.ring()
        #expect(try await end == .drained)
        let requests = door.state.withLock { $0.claims }
        #expect(requests.first?.requestID == "claim-1" && requests.first?.count == 2)
        #expect(Set(requests.map(\.requestID)).count == requests.count)
        #expect(requests.allSatisfy { (1...2).contains($0.count) })
    }

    @Test func `a worker that nobody answers gives up after 24 beats and stops its attempts`() async throws {
        let claims = [try claim(1)]
        door.state.withLock { $0.waiting = claims }
        let wasCancelled = Mutex(false)
        let isRunning = Bell()
        let worker = worker(.instant) { _, _ in
            isRunning.ring()
            do { try await Task.sleep(for: .seconds(600)) } catch { wasCancelled.withLock { $0 = true } }
        }
        async let end = worker.run()
        await isRunning.wait(atMost: .seconds(30), .system)
        door.fail("heartbeat", with: Array(repeating: Failure(.unavailable, "away"), count: 24))
        #expect(try await end == .abandoned("away"))
        #expect(door.state.withLock { $0.replies["heartbeat"] }?.isEmpty == true)
        #expect(wasCancelled.withLock { $0 })
    }

    @Test func `a worker that is not known any more gives up at once`() async throws {
        door.fail("heartbeat", with: [Failure(.unauthenticated, "who are you")])
        #expect(try await worker().run() == .abandoned("who are you"))
    }

    @Test func `a claim waits for half a lease at most, so that what it brings can be renewed`() async throws
    {
        let worker = worker(claimWait: .seconds(60))
        let life = Task { try await worker.run() }
        try await eventually("it claims") { door.count("claim") > 0 }
        life.cancel()
        // It ends by the cancellation, whatever it says of that.
        _ = try? await life.value
        #expect(door.state.withLock { $0.claims }.allSatisfy { $0.waitMilliseconds == 15_000 })
    }

    @Test func `a worker that may not register says why`() async throws {
        door.fail("register", with: [Failure(.forbidden, "this token was used")])
        let failure = try await #require(throws: Failure.self) { try await worker().run() }
        #expect(failure.code == .forbidden)
    }

    @Test func `directives of a heartbeat reach the attempt`() async throws {
        let claims = [try claim(1)]
        for (directive, lease) in [
            (HeartbeatReply.Directive.cancel, 30_000), (.proceed, Int64(0)), (.park, 30_000),
        ] {
            let door = FakeDoor()
            door.state.withLock {
                $0.waiting = claims
                $0.directive = directive
                $0.leaseMilliseconds = lease
            }
            let seen = Mutex<String?>(nil)
            let worker = Worker(
                settings: .init(name: "r", version: "1", commands: [], requestID: { "1" }, random: { 0 }),
                door: door.door,
                clock: .system,
                logger: Logger(label: "test")
            ) { _, control in
                if directive == .park {
                    while !control.mustPark { await Task.yield() }
                    seen.withLock { $0 = "park" }
                } else {
                    let stop = await control.stopped(by: nil, .system)
                    seen.withLock { $0 = stop.map { "\($0)" } }
                }
                door.state.withLock { $0.mustDrain = true }
            }
            #expect(try await worker.run() == .drained)
            #expect(
                seen.withLock { $0 } == (directive == .park ? "park" : lease == 0 ? "leaseLost" : "cancelled")
            )
        }
    }

    @Test func `a lease counts from the moment its renewal was sent`() async throws {
        let now = Mutex(ContinuousClock.now)
        let clock = Timepiece(
            now: { now.withLock { $0 } },
            wall: Timepiece.system.wall,
            sleep: { duration in now.withLock { $0 = $0.advanced(by: duration) } }
        )
        let start = clock.now()
        let control = AttemptControl(
            proof: AttemptProof(attempt: UID("a"), token: "t"),
            leaseEnd: start.advanced(by: .seconds(10))
        )
        // The reply of a renewal that was sent at 5 s arrives at 9 s; one that was sent earlier comes late.
        now.withLock { $0 = start.advanced(by: .seconds(9)) }
        control.apply(
            .init(attempt: UID("a"), leaseMilliseconds: 10_000, directive: .proceed),
            sent: start.advanced(by: .seconds(5))
        )
        control.apply(
            .init(attempt: UID("a"), leaseMilliseconds: 10_000, directive: .proceed),
            sent: start.advanced(by: .seconds(1))
        )
        #expect(await control.stopped(by: start.advanced(by: .seconds(12)), clock) == .timedOut)
        #expect(clock.now() == start.advanced(by: .seconds(12)))
        #expect(await control.stopped(by: nil, clock) == .leaseLost)
        #expect(clock.now() == start.advanced(by: .seconds(15)))
        control.apply(
            .init(attempt: UID("a"), leaseMilliseconds: 60_000, directive: .proceed),
            sent: clock.now()
        )
        #expect(await control.stopped(by: nil, clock) == .leaseLost, "a lost lease does not come back")
    }

    @Test func `a bell wakes who waits, keeps one ring, and gives way to time and cancellation`() async throws
    {
        let bell = Bell()
        bell.ring()
        bell.ring()
        let started = ContinuousClock.now
        await bell.wait(atMost: .seconds(60), .system)
        #expect(started.duration(to: .now) < .seconds(30))
        await bell.wait(atMost: .milliseconds(5), .system)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: .seconds(600), .system) }
            group.cancelAll()
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: .seconds(600), .system) }
            bell.ring()
        }
        #expect(started.duration(to: .now) < .seconds(60))
    }
}

@Suite struct TaskLogTests {
    @Test func `lines go out in batches, again when nobody answered, and never twice in another order`() async
    {
        let sent = Mutex<[[Int64]]>([])
        let failures = Mutex(2)
        let log = TaskLog(clock: .instant) { lines in
            try failures.withLock { left in
                guard left == 0 else {
                    left -= 1
                    throw Failure(.unavailable, "away")
                }
            }
            sent.withLock { $0.append(lines.map(\.sequence)) }
        }
        for number in 1...450 { log.add(.runtime, "line \(number)") }
        log.close()
        await log.run()
        #expect(sent.withLock { $0.map(\.count) } == [200, 200, 50])
        #expect(sent.withLock { $0.flatMap { $0 } } == Array(1...450))
    }

    @Test func `what does not fit is counted and said`() async {
        let sent = Mutex<[TaskLogLine]>([])
        let log = TaskLog(clock: .instant) { lines in sent.withLock { $0 += lines } }
        for number in 1...2010 { log.add(.runtime, "line \(number)") }
        let running = Task { await log.run() }
        while sent.withLock({ $0.count }) < 2000 { await Task.yield() }
        log.add(.runtime, "the last line")
        log.close()
        await running.value
        let tail = sent.withLock { $0.suffix(2) }
        #expect(tail.first?.message.hasPrefix("10 lines were left out") == true)
        #expect(tail.last?.message == "the last line" && tail.last?.sequence == 2002)
    }

    @Test func `a batch is bounded by its bytes, and so is a line`() async throws {
        let sent = Mutex<[[TaskLogLine]]>([])
        let log = TaskLog(clock: .instant) { lines in sent.withLock { $0.append(lines) } }
        // Every byte of it becomes six in JSON.
        let text = String(repeating: "\u{1}", count: 8 << 10)
        for _ in 1...200 { log.add(.tool, text, ["result": .string(text)]) }
        log.add(.tool, "many", ["input": ["paths": .array(Array(repeating: .string(text), count: 1000))]])
        log.close()
        await log.run()
        let batches = sent.withLock { $0 }
        #expect(batches.flatMap { $0 }.count == 201)
        for batch in batches {
            #expect(try Value(encoding: batch).canonicalBytes.count < 3 << 20)
        }
    }

    @Test func `what is left out of the end or refused is said, too`() async {
        let sent = Mutex<[TaskLogLine]>([])
        let refusals = Mutex(1)
        let log = TaskLog(clock: .instant) { lines in
            try refusals.withLock { left in
                guard left == 0 else {
                    left -= 1
                    throw Failure(.invalid, "too large")
                }
            }
            sent.withLock { $0 += lines }
        }
        for number in 1...2010 { log.add(.runtime, "line \(number)") }
        log.close()
        await log.run()
        #expect(sent.withLock { $0.count } == 1801)
        #expect(sent.withLock { $0.last?.message.hasPrefix("210 lines were left out") } == true)
    }

    @Test func `long texts are shortened and lines that nobody wants are let go`() async {
        let log = TaskLog(clock: .instant) { _ in throw Failure(.forbidden, "ended") }
        log.add(.tool, String(repeating: "x", count: 100_000), ["a": ["b": "c"]])
        log.close()
        await log.run()
        let sent = Mutex<[TaskLogLine]>([])
        let other = TaskLog(clock: .instant) { lines in sent.withLock { $0 += lines } }
        other.add(.tool, String(repeating: "x", count: 100_000))
        other.close()
        await other.run()
        let size = sent.withLock { $0.first?.message.utf8.count }
        #expect((8000..<9000).contains(size ?? 0), "\(size ?? 0)")
    }
}
