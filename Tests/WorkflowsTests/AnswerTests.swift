import Domain
import Testing

@testable import Workflows

/// Whatever stops a run, a person's answer lets it go on.
@Suite struct AnswerTests {
    private func answer(_ driver: inout RunDriver, _ note: String = "look again") throws {
        let open = try #require(driver.run.escalations.last { $0.state == .open })
        try driver.decide(.answer, "Escalation", open.name, note: note)
    }

    /// A run of the first example whose reviewer has said this of the first delivery.
    private func reviewed(_ resolution: Resolution, cycles: Int = 2) throws -> RunDriver {
        var playbook = bugFix
        playbook.stages[2].onChangesRequested.maxCycles = cycles
        var driver = try RunDriver(playbook)
        for task in ["reproduce", "implement"] { try driver.deliver("run-\(task)-1-1") }
        try driver.deliver("run-review-1-1", resolution)
        return driver
    }

    @Test(arguments: [Resolution.rejected, .blocked])
    func `what an assessor refused is worked again with the answer, and judged anew`(
        resolution: Resolution
    ) throws {
        var driver = try reviewed(resolution)
        #expect(try driver.stage("review") == .blocked)
        try answer(&driver)
        #expect(driver.run.escalations.map(\.state) == [.answered])
        #expect(try driver.stage("implement") == .active)
        #expect(try driver.task("run-implement-1-1").feedback == ["look again"])
        try driver.deliver("run-implement-1-1")
        try driver.deliver("run-review-1-2", .approved)
        #expect(try driver.stage("release") == .awaitingGate)
    }

    @Test func `when changes were asked for too often, an answer gives as many again`() throws {
        var driver = try reviewed(.requestChanges, cycles: 1)
        try driver.deliver("run-implement-1-1")
        try driver.deliver("run-review-1-2", .requestChanges)
        #expect(driver.run.escalations.map(\.reason) == ["changes_exhausted"])
        try answer(&driver)
        try driver.deliver("run-implement-1-1")
        try driver.deliver("run-review-1-3", .requestChanges)
        #expect(driver.run.escalations.map(\.state) == [.answered])
        #expect(try driver.state("run-implement-1-1") == .ready)
    }

    @Test func `a gate that was blocked is asked anew after an answer`() throws {
        var driver = try RunDriver(PlaybookSpec.of([["name": "go", "gate": operatorGate]]))
        try driver.decide(.block, "Workflow", "run", note: "not before Monday")
        #expect(try driver.stage("go") == .blocked)
        #expect(driver.run.escalations.map(\.reason) == ["gate_blocked"])
        #expect(driver.run.escalations.first?.question == "not before Monday")
        try answer(&driver)
        #expect(driver.run.gates.map(\.state) == [.blocked, .awaiting])
        try driver.decide(.approve, "Workflow", "run")
        #expect(driver.run.workflow.phase == .completed)
    }

    @Test func `a cancelled task is made anew for its own role, and those after it wait for that one`() throws
    {
        var driver = try RunDriver(
            PlaybookSpec.of([["name": "make", "roles": ["dev", "writer"], "assessedBy": ["rev"]]])
        )
        try driver.decide(.cancel, "Task", "run-make-1-1")
        try answer(&driver)
        let tasks = driver.run.tasks.map { "\($0.role) \($0.state.rawValue)" }
        #expect(tasks == ["dev cancelled", "writer pending", "dev ready"])
        try driver.deliver("run-make-1-3")
        #expect(try driver.state("run-make-1-2") == .ready)
        try driver.deliver("run-make-1-2")
        #expect(try driver.task("run-make-1-4").subject?.task == "run-make-1-2")
        try driver.deliver("run-make-1-4", .approved)
        #expect(driver.run.workflow.phase == .completed)
    }

    @Test func `an item waits for the delivery that was made anew in an item it depends on`() throws {
        let items: Value = [["name": "one", "dependsOn": []], ["name": "two", "dependsOn": ["one"]]]
        var driver = try RunDriver(
            PlaybookSpec.of([["name": "make", "roles": ["dev"], "workItems": items]])
        )
        try driver.decide(.cancel, "Task", "run-make-1-1")
        #expect(try driver.state("run-make-2-1") == .pending)
        try answer(&driver)
        try driver.deliver("run-make-1-2")
        try driver.deliver("run-make-2-1")
        #expect(driver.run.workflow.phase == .completed)
    }

    @Test func `cancelling a task drops what was asked about it before`() throws {
        var driver = try RunDriver(PlaybookSpec.of([["name": "make", "roles": ["dev"]]]))
        try driver.report(try driver.claim("run-make-1-1"), .failed, category: "contract")
        try driver.decide(.cancel, "Task", "run-make-1-1")
        #expect(driver.run.escalations.map(\.state) == [.cancelled, .open])
    }

    @Test(arguments: ["warn", "ask"])
    func `a run that may exceed its budget is given no limit by it`(onExceeded: String) throws {
        let workflow = WorkflowSpec.spec(["budget": ["costUSD": "1.00", "onExceeded": .string(onExceeded)]])
        var driver = try RunDriver(
            PlaybookSpec.of([["name": "make", "roles": ["dev", "rev"]]]),
            workflow: workflow
        )
        let first = try limit(of: "run-make-1-1", &driver)
        #expect(first?.nanodollars == (onExceeded == "ask" ? 1_000_000_000 : nil))
        try driver.report(
            driver.run.attempts[0].uid,
            .completed,
            usage: Usage(cost: USD(nanodollars: 2_000_000_000))
        )
        if onExceeded == "ask" { try answer(&driver) }
        #expect(try limit(of: "run-make-1-2", &driver) == nil)
    }

    private func limit(of task: String, _ driver: inout RunDriver) throws -> USD? {
        _ = try driver.claim(task)
        let attempt = try #require(driver.run.attempts.last)
        return try contract(
            for: attempt,
            task: try driver.task(task),
            run: driver.run,
            pins: driver.pins
        ).limits.cost
    }

    @Test func `usage that no worker can have does no harm`() throws {
        let workflow = WorkflowSpec.spec(["budget": ["tokens": 100, "onExceeded": "stop"]])
        var driver = try RunDriver(PlaybookSpec.of([["name": "make", "roles": ["dev"]]]), workflow: workflow)
        let most = Usage(inputTokens: .max, outputTokens: .max, cost: USD(nanodollars: -5), toolCalls: -1)
        try driver.report(try driver.claim("run-make-1-1"), .completed, usage: most)
        #expect(driver.run.workflow.reason == "budget_exceeded")
        #expect(driver.run.workflow.spend.cost == .zero && driver.run.workflow.spend.toolCalls == 0)
    }
}
