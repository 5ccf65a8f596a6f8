import Domain
import Testing
import Workflows

@Suite struct AttemptTests {
    private let name = "run-reproduce-1-1"

    @Test func `a lost lease makes the task ready again and is counted`() throws {
        var driver = try RunDriver(bugFix)
        for _ in 0..<2 {
            let attempt = try driver.claim(name)
            try driver.send(.loseLease(attempt: attempt))
            #expect(try driver.state(name) == .ready)
        }
        let attempt = try driver.claim(name)
        try driver.send(.loseLease(attempt: attempt))
        #expect(try driver.state(name) == .escalated)
        #expect(driver.run.escalations.map(\.reason) == ["attempts_exhausted"])
        #expect(driver.run.attempts.map(\.state) == [.lost, .lost, .lost])
    }

    @Test func `a report of a stale attempt or with a wrong token changes nothing and says so`() throws {
        var driver = try RunDriver(bugFix)
        let lost = try driver.claim(name)
        try driver.send(.loseLease(attempt: lost))
        let before = driver.run
        #expect(throws: Refusal.self) { try driver.report(lost, .completed) }
        let live = try driver.claim(name)
        #expect(throws: Refusal.self) {
            try driver.send(.begin(attempt: live, tokenDigest: Digest("forged")))
        }
        #expect(before.handoffs == driver.run.handoffs)
    }

    @Test func `one task has at most one live attempt`() throws {
        var driver = try RunDriver(bugFix)
        _ = try driver.claim(name)
        #expect(throws: Refusal.self) { try driver.claim(name) }
    }

    @Test func `a failure of a retried category waits longer each time, then a person is asked`() throws {
        var driver = try RunDriver(bugFix)
        try driver.report(try driver.claim(name), .failed, category: "network")
        #expect(try driver.task(name).notBefore == driver.now + .seconds(5))
        #expect(throws: Refusal.self) { try driver.claim(name) }
        driver.now = driver.now + .seconds(5)
        try driver.report(try driver.claim(name), .failed, category: "network")
        #expect(try driver.task(name).notBefore == driver.now + .seconds(10))
        driver.now = driver.now + .seconds(10)
        try driver.report(try driver.claim(name), .failed, category: "network")
        #expect(try driver.state(name) == .escalated)
        try driver.decide(.retry, "Task", name, note: "the network is back")
        #expect(try driver.state(name) == .ready)
        #expect(try driver.task(name).feedback == ["the network is back"])
    }

    @Test func `any other failure asks a person at once`() throws {
        var driver = try RunDriver(bugFix)
        try driver.report(try driver.claim(name), .failed, category: "contract")
        #expect(try driver.state(name) == .escalated)
        #expect(driver.run.items[0].state == .escalated)
        try driver.decide(.answer, "Escalation", driver.run.escalations[0].name, note: "try this")
        #expect(try driver.state(name) == .ready)
        #expect(driver.run.items[0].state == .open)
    }

    @Test func `a blocked delivery escalates with what the agent said`() throws {
        var driver = try RunDriver(bugFix)
        try driver.report(try driver.claim(name), .completed, completion: .blocked)
        #expect(try driver.state(name) == .escalated)
        #expect(driver.run.escalations.map(\.question) == ["said"])
    }

    @Test func `a pause stops claims, a parked attempt is not counted, and resume goes on`() throws {
        var driver = try RunDriver(bugFix)
        let attempt = try driver.claim(name)
        try driver.decide(.pause, "Workflow", "run")
        #expect(driver.run.workflow.phase == .paused)
        try driver.report(attempt, .parked)
        #expect(try driver.task(name).failures == 0)
        #expect(throws: Refusal.self) { try driver.claim(name) }
        try driver.decide(.resume, "Workflow", "run")
        try driver.deliver(name)
        #expect(try driver.state(name) == .completed)
    }

    @Test func `cancelling ends attempts, tasks and items, and nothing moves afterwards`() throws {
        var driver = try RunDriver(bugFix)
        _ = try driver.claim(name)
        try driver.send(.declare(generation: 2, desired: .cancelled))
        #expect(driver.run.workflow.phase == .cancelled)
        #expect(driver.run.attempts.map(\.state) == [.cancelled])
        #expect(driver.run.tasks.map(\.state) == [.cancelled])
        #expect(throws: Refusal.self) { try driver.decide(.resume, "Workflow", "run") }
    }

    @Test func `a changed file lifts what a Decision holds, the same file again does not`() throws {
        var driver = try RunDriver(bugFix)
        try driver.decide(.pause, "Workflow", "run")
        try driver.send(.declare(generation: 2, desired: .run))
        #expect(driver.run.workflow.phase == .paused)
        try driver.send(.declare(generation: 3, desired: .paused))
        try driver.send(.declare(generation: 4, desired: .run))
        #expect(driver.run.workflow.phase == .active)
    }

    @Test func `a budget that is used up asks a person, and claims wait for the answer`() throws {
        let workflow = WorkflowSpec.spec(["budget": ["costUSD": "1.00", "onExceeded": "ask"]])
        var driver = try RunDriver(bugFix, workflow: workflow)
        let dear = Usage(cost: USD(nanodollars: 1_000_000_000))
        try driver.report(try driver.claim(name), .completed, usage: dear)
        #expect(driver.run.escalations.map(\.reason) == ["budget_exceeded"])
        #expect(throws: Refusal.self) { try driver.claim("run-implement-1-1") }
        try driver.decide(.answer, "Escalation", driver.run.escalations[0].name, note: "go on")
        _ = try driver.claim("run-implement-1-1")
    }

    @Test func `limits on active tasks hold back claims`() throws {
        let limits: Value = [
            "reworkPerTask": 10, "iterationsPerTask": 800, "modelRetries": 5, "activeTasks": 1,
        ]
        let items: Value = [["name": "a", "dependsOn": []], ["name": "b", "dependsOn": []]]
        let playbook = PlaybookSpec.of(
            [["name": "build", "roles": ["dev"], "workItems": items]],
            ["limits": limits]
        )
        var driver = try RunDriver(playbook)
        _ = try driver.claim("run-build-1-1")
        #expect(throws: Refusal.self) { try driver.claim("run-build-2-1") }
    }

    @Test func `deliveries on one branch are worked one after the other, and others side by side`() throws {
        let items = Value.array(["one", "two", "three"].map { ["name": .string($0), "dependsOn": []] })
        let playbook = PlaybookSpec.of([["name": "make", "roles": ["dev"], "workItems": items]])
        var driver = try RunDriver(playbook)
        let first = try driver.claim("run-make-1-1")
        let refusal = #expect(throws: Refusal.self) { try driver.claim("run-make-2-1") }
        #expect(refusal?.reason == .branchTaken)
        try driver.report(first, .completed)
        _ = try driver.claim("run-make-2-1")
        var free = try RunDriver(playbook, branch: nil)
        for number in 1...3 { _ = try free.claim("run-make-\(number)-1") }
    }

    @Test func `no more items of a stage are begun than parallelWorkItems`() throws {
        let items = Value.array(["one", "two"].map { ["name": .string($0), "dependsOn": []] })
        let stage: Value = ["name": "make", "roles": ["dev"], "assessedBy": ["rev"], "workItems": items]
        var playbook = PlaybookSpec.of([stage])
        playbook.limits.parallelWorkItems = 1
        var driver = try RunDriver(playbook, branch: nil)
        try driver.deliver("run-make-1-1")
        let refusal = #expect(throws: Refusal.self) { try driver.claim("run-make-2-1") }
        #expect(refusal?.reason == .capacityReached)
        try driver.deliver("run-make-1-2", .approved)
        try driver.deliver("run-make-2-1")
    }
}
