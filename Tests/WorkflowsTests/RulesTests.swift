import Domain
import Testing
import Workflows

@Suite struct RulesTests {
    /// Plays the bug fix up to the first review.
    private func reviewed(_ resolution: Resolution) throws -> RunDriver {
        var driver = try RunDriver(bugFix)
        try driver.deliver("run-reproduce-1-1")
        try driver.deliver("run-implement-1-1", commit: CommitID("c1"))
        try driver.deliver("run-review-1-1", resolution)
        return driver
    }

    @Test func `a run starts with the first stage's task ready and nothing else`() throws {
        let driver = try RunDriver(bugFix)
        #expect(driver.run.workflow.phase == .active)
        #expect(driver.run.workflow.currentStage == "reproduce")
        #expect(driver.run.tasks.map(\.name) == ["run-reproduce-1-1"])
        #expect(try driver.state("run-reproduce-1-1") == .ready)
    }

    @Test func `an approved review opens the gate and its approval completes the run`() throws {
        var driver = try reviewed(.approved)
        #expect(try driver.stage("release") == .awaitingGate)
        let gate = try #require(driver.run.gates.first)
        #expect(gate.name == "run-release-gate-1")
        try driver.decide(.approve, "Workflow", "run", expects: gate.digest)
        #expect(driver.run.workflow.phase == .completed)
        #expect(driver.run.workflow.finishedAt == driver.now)
        #expect(driver.run.workflow.head == CommitID("c1"))
    }

    @Test func `changes requested rework the delivery, and each revision is judged by a new task`() throws {
        var driver = try reviewed(.requestChanges)
        #expect(try driver.stage("implement") == .active)
        #expect(try driver.stage("review") == .pending)
        #expect(try driver.state("run-implement-1-1") == .ready)
        #expect(try driver.task("run-implement-1-1").revision == 2)
        #expect(try driver.task("run-implement-1-1").feedback == ["said"])
        try driver.deliver("run-implement-1-1", commit: CommitID("c2"))
        #expect(try driver.task("run-review-1-2").subject?.revision == 2)
        try driver.deliver("run-review-1-2", .approved)
        #expect(try driver.stage("release") == .awaitingGate)
        #expect(try driver.state("run-reproduce-1-1") == .completed)
    }

    @Test func `changes asked for more often than maxCycles stop the stage and ask a person`() throws {
        var driver = try reviewed(.requestChanges)
        try driver.deliver("run-implement-1-1")
        try driver.deliver("run-review-1-2", .requestChanges)
        try driver.deliver("run-implement-1-1")
        try driver.deliver("run-review-1-3", .requestChanges)
        #expect(try driver.stage("review") == .blocked)
        #expect(driver.run.escalations.map(\.reason) == ["changes_exhausted"])
        #expect(driver.run.workflow.phase == .active)
    }

    @Test func `no task is worked again more often than reworkPerTask, however many cycles there are`() throws
    {
        var playbook = bugFix
        playbook.limits.reworkPerTask = 1
        var driver = try RunDriver(playbook)
        for task in ["reproduce", "implement"] { try driver.deliver("run-\(task)-1-1") }
        try driver.deliver("run-review-1-1", .requestChanges)
        try driver.deliver("run-implement-1-1")
        #expect(driver.run.escalations.isEmpty)
        try driver.deliver("run-review-1-2", .requestChanges)
        #expect(try driver.stage("review") == .blocked)
        #expect(driver.run.escalations.map(\.reason) == ["changes_exhausted"])
        #expect(try driver.task("run-implement-1-1").revision == 2)
        #expect(
            driver.run.escalations.first?.question
                == "task/run-implement-1-1 would be worked again more than 1 times"
        )
    }

    @Test func `a rejected assessment blocks the stage until a person answers`() throws {
        var driver = try reviewed(.rejected)
        #expect(try driver.stage("review") == .blocked)
        let escalation = try #require(driver.run.escalations.first)
        try driver.decide(.answer, "Escalation", escalation.name, note: "look again")
        #expect(driver.run.escalations[0].state == .answered)
    }

    @Test func `a rejected gate fails the run and cancels what is open`() throws {
        var driver = try reviewed(.approved)
        try driver.decide(.reject, "Gate", "run-release-gate-1", note: "not now")
        #expect(driver.run.workflow.phase == .failed)
        #expect(driver.run.workflow.reason == "gate_rejected")
        #expect(driver.run.workflow.message == "not now")
    }

    @Test func `a gate refuses a stale digest, a viewer and a second vote of one person`() throws {
        var driver = try RunDriver(
            PlaybookSpec.of([["name": "go", "gate": operatorGate.merging(["count": 2])]])
        )
        #expect(throws: Refusal.self) {
            try driver.decide(.approve, "Workflow", "run", expects: Digest("old"))
        }
        #expect(throws: Refusal.self) { try driver.decide(.approve, "Workflow", "run", role: .viewer) }
        try driver.decide(.approve, "Workflow", "run")
        #expect(driver.run.workflow.phase == .active)
        #expect(throws: Refusal.self) { try driver.decide(.approve, "Workflow", "run") }
        try driver.decide(.approve, "Workflow", "run", by: "unix:7")
        #expect(driver.run.workflow.phase == .completed)
    }

    @Test func `roles of a stage deliver one after the other, and its assessors judge the last`() throws {
        var driver = try RunDriver(
            PlaybookSpec.of([["name": "make", "roles": ["dev", "rev"], "assessedBy": ["rev"]]])
        )
        #expect(try driver.state("run-make-1-2") == .pending)
        try driver.deliver("run-make-1-1")
        try driver.deliver("run-make-1-2")
        #expect(try driver.state("run-make-1-2") == .outputPendingAssessment)
        #expect(try driver.task("run-make-1-3").subject?.task == "run-make-1-2")
        try driver.deliver("run-make-1-3", .approved)
        #expect(driver.run.workflow.phase == .completed)
        #expect(driver.run.tasks.allSatisfy { $0.state == .completed })
    }

    @Test func `declared items run along dependsOn`() throws {
        var driver = try RunDriver(
            PlaybookSpec.of([
                [
                    "name": "build", "roles": ["dev"],
                    "workItems": [["name": "a", "dependsOn": []], ["name": "b", "dependsOn": ["a"]]],
                ]
            ])
        )
        #expect(try driver.state("run-build-2-1") == .pending)
        try driver.deliver("run-build-1-1")
        #expect(try driver.state("run-build-2-1") == .ready)
        try driver.deliver("run-build-2-1")
        #expect(driver.run.workflow.phase == .completed)
    }

    @Test func `a stage with nothing to do completes with a callout`() throws {
        let driver = try RunDriver(PlaybookSpec.of([["name": "nothing"]]))
        #expect(driver.run.workflow.phase == .completed)
        #expect(driver.run.workflow.callouts.count == 1)
    }

    @Test func `the same inputs always give the same run`() throws {
        let first = try reviewed(.requestChanges).run
        let second = try reviewed(.requestChanges).run
        #expect(first.tasks.map(\.name) == second.tasks.map(\.name))
        #expect(first.tasks.map(\.state) == second.tasks.map(\.state))
    }
}
