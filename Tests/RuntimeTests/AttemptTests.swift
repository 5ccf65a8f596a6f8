import Containers
import Domain
import Foundation
import Synchronization
import Testing
import WorkerProtocol

@testable import Runtime

private let runTests: (String, Value) = ("shell_exec", ["command": "python3 -m unittest -v"])

@Suite struct AttemptTests {
    /// The turns of a developer who reproduces the defect, fixes it, and shows that the test passes.
    private let fixing: Value = [
        turn(("file_list", [:]), ("read_predecessor_handoff", [:]), say: "I look around."),
        turn(runTests, say: "I run the tests.", seen: ["tool": "file_list", "contains": "calculator.py"]),
        turn(
            ("grep", ["pattern": "int\\(.*/", "glob": "*.py"]),
            ("file_read", ["path": "calculator.py"]),
            seen: ["tool": "shell_exec", "contains": "FAILED (failures=1)", "error": true]
        ),
        turn(
            ("file_edit", ["path": "calculator.py", "old_text": "int(a / b)", "new_text": "a // b"]),
            say: "Rounding down is what was meant.",
            seen: ["tool": "grep", "matches": "calculator.py:2:*int(a / b)"]
        ),
        turn(runTests, seen: ["tool": "file_edit", "error": false]),
        turn(
            ("git_commit", ["message": "Round down, also below zero"]),
            seen: ["tool": "shell_exec", "contains": "OK", "error": false]
        ),
        turn(
            (
                "submit_handoff",
                [
                    "summary": "Division rounds down.", "completion": "full", "changes": ["calculator.py"],
                    "role_data": ["verification": "2 tests pass"],
                ]
            ),
            seen: ["tool": "git_commit", "contains": "Round down"]
        ),
    ]

    @Test func `an attempt reproduces a defect, fixes it, and pushes what it committed`() async throws {
        try await Fixture.with { fixture in
            let main = try await fixture.tip("main")
            let contract = try fixture.contract {
                $0["requiredHandoff"] = ["verification"]
                $0.setTurns(fixing)
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            #expect(report.handoff?.summary == "Division rounds down.")
            let tip = try #require(try await fixture.tip())
            #expect(report.commit == tip)
            #expect(fixture.door.state.withLock { $0.announced } == [tip])
            #expect(try await fixture.tip("main") == main)
            try await fixture.shell(
                "git clone -q -b agirunner/fix remote.git check && cd check && python3 -m unittest -q"
            )
            let log = try await fixture.shell(
                "git -C remote.git log -1 --format='%an <%ae> %s %P' agirunner/fix"
            )
            .trimmed
            #expect(log == "Agirunner <agirunner@localhost> Round down, also below zero \(main?.text ?? "")")
            #expect(report.usage.modelCalls == 7 && report.usage.toolCalls == 9)
            #expect(
                report.usage.inputTokens > 1000 && report.usage.cost > .zero
                    && report.usage.wallMilliseconds > 0
            )
            let calls = fixture.door.state.withLock { $0.calls.filter { $0 != "logs" } }
            #expect(calls == ["begin", "announce", "report"])
        }
    }

    @Test func `the log tells every turn and call, numbered, labelled as scripted and without secrets`()
        async throws
    {
        try await Fixture.with { fixture in
            let contract = try fixture.contract {
                $0.setTurns([
                    turn(
                        ("shell_exec", ["command": "echo worker-token-secret attempt-token-secret"]),
                        say: "I look."
                    ),
                    handOff,
                ])
            }
            try await fixture.run(contract)
            let lines = fixture.door.lines
            #expect(lines.map(\.sequence) == Array(1...Int64(lines.count)))
            let model = lines.filter { $0.source == "model" }
            #expect(model.map { $0.data?["scripted"] } == [true, true])
            #expect(model.first?.message == "I look.")
            let tools = lines.filter { $0.source == "tool" }
            #expect(tools.map { $0.data?["tool"] } == ["shell_exec", "submit_handoff"])
            let text = try Value(encoding: lines).canonicalJSON
            #expect(!text.contains("token-secret") && text.contains("•••"))
        }
    }

    @Test func `what is left uncommitted is told and not kept`() async throws {
        try await Fixture.with { fixture in
            let contract = try fixture.contract {
                $0.setTurns([turn(("file_write", ["path": "new.txt", "content": "x"])), handOff])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed && report.commit == nil)
            #expect(try await fixture.tip() == nil)
            let line = fixture.door.lines.first { $0.source == "workspace" && $0.data?["files"] != nil }
            #expect(line?.data?["files"]?.string?.contains("new.txt") == true)
        }
    }

    @Test func `what is committed beside the branch is told and not kept`() async throws {
        try await Fixture.with { fixture in
            let aside =
                "git checkout -q -b aside && git commit -q --allow-empty -m 'Far away' && git checkout -q -"
            let contract = try fixture.contract {
                $0.setTurns([turn(("shell_exec", ["command": .string(aside)])), handOff])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed && report.commit == nil, "\(report.message ?? "")")
            let line = fixture.door.lines.first { $0.source == "workspace" && $0.data?["commits"] != nil }
            #expect(line?.data?["commits"]?.string?.contains("aside: Far away") == true)
        }
    }

    @Test func `an attempt that uses no sandbox makes none`() async throws {
        try await Fixture.with { fixture in
            let contract = try fixture.contract {
                $0.setTurns([turn(("read_predecessor_handoff", [:])), handOff])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed)
            #expect(!fixture.door.lines.contains { $0.source == "sandbox" })
        }
    }

    @Test func `an assessor reads and runs its subject but changes nothing`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "work")
            let contract = try fixture.contract {
                $0["identity"]?["purpose"] = "assessment"
                $0["workspace"]?["head"] = .string(head.text)
                $0.setTurns([
                    turn(("file_write", ["path": "other.txt", "content": "mine"])),
                    turn(
                        (
                            "shell_exec",
                            ["command": "echo mine > other.txt && cat other.txt && git status --porcelain"]
                        ),
                        seen: ["error": true, "contains": "There is no tool `file_write`"]
                    ),
                    turn(
                        ("shell_exec", ["command": "cat other.txt; echo mine > /workspace/repo/other.txt"]),
                        seen: ["contains": "mine\n M other.txt"]
                    ),
                    turn(
                        ("file_read", ["path": "other.txt"]),
                        ("grep", ["pattern": "mine"]),
                        seen: ["error": true, "matches": "*stdout:\nwork\n*Read-only*"]
                    ),
                    turn(
                        (
                            "submit_handoff",
                            ["summary": "Fine.", "completion": "full", "resolution": "approved"]
                        ),
                        seen: ["matches": "     1\twork\n\n?nothing was found?"]
                    ),
                ])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            #expect(report.handoff?.resolution == .approved && report.commit == nil)
            #expect(try await fixture.tip() == head)
        }
    }

    @Test func `setup, which writes, is left out and told where the workspace is only read`() async throws {
        for isReadOnly in [true, false] {
            try await Fixture.with { fixture in
                let contract = try fixture.contract {
                    $0["workspace"]?["spec"]?["readOnly"] = .bool(isReadOnly)
                    $0["workspace"]?["spec"]?["setup"] = ["touch made"]
                    $0.setTurns([
                        turn(("shell_exec", ["command": "ls"])),
                        turn(
                            ("submit_handoff", ["summary": "s", "completion": "full"]),
                            seen: ["matches": isReadOnly ? "*test_calculator.py*" : "*made*"]
                        ),
                    ])
                }
                let report = try await fixture.run(contract)
                #expect(report.outcome == .completed, "\(report.message ?? "")")
                let told = fixture.door.lines.filter { $0.message.contains("touch made") }.map(\.message)
                #expect(told.count == 1 && told.first?.contains("left out") == isReadOnly, "\(told)")
            }
        }
    }

    @Test func `a delivery changes nothing in a workspace that is only read`() async throws {
        try await Fixture.with { fixture in
            let contract = try fixture.contract {
                $0["workspace"]?["spec"]?["readOnly"] = true
                $0.setTurns([
                    turn(("git_commit", ["message": "mine"])),
                    turn(
                        ("shell_exec", ["command": "echo mine > /workspace/repo/other.txt"]),
                        seen: ["error": true, "contains": "There is no tool `git_commit`"]
                    ), turn(("shell_exec", ["command": "echo mine > other.txt"]), seen: ["error": true]),
                    handOff,
                ])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed && report.commit == nil, "\(report.message ?? "")")
            #expect(try await fixture.tip() == nil)
        }
    }

    @Test func `a screenplay that departs fails the attempt with what was expected and seen`() async throws {
        try await Fixture.with { fixture in
            let contract = try fixture.contract {
                $0.setTurns([turn(runTests), turn(runTests, seen: ["contains": "all is well"])])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .failed && report.category == "model")
            let message = try #require(report.message)
            #expect(message.contains("all is well") && message.contains("FAILED (failures=1)"))
            #expect(report.usage.modelCalls == 1)
        }
    }

    @Test func `a cancelled attempt kills what it runs and reports nothing`() async throws {
        try await Fixture.with { fixture in
            let marker = "sleep 4\(Int.random(in: 10_000_000...99_999_999))"
            let contract = try fixture.contract {
                $0.setTurns([turn(("shell_exec", ["command": .string(marker)]))])
            }
            let claim = Fixture.claim(contract)
            let control = fixture.control(claim)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await fixture.supervisor().run(claim, control) }
                try await eventually("the shell runs") { !processes(with: marker).isEmpty }
                let told = ContinuousClock.now
                control.apply(
                    .init(attempt: control.proof.attempt, leaseMilliseconds: 1000, directive: .cancel),
                    sent: told
                )
                try await group.waitForAll()
                #expect(told.duration(to: .now) < .seconds(10))
            }
            #expect(processes(with: marker).isEmpty)
            #expect(fixture.door.reports.isEmpty)
        }
    }

    @Test func `an attempt whose lease ran out stops and throws its report away`() async throws {
        try await Fixture.with { fixture in
            let marker = "sleep 5\(Int.random(in: 10_000_000...99_999_999))"
            let contract = try fixture.contract {
                $0.setTurns([turn(("shell_exec", ["command": .string(marker)]))])
            }
            let claim = Fixture.claim(contract)
            let started = ContinuousClock.now
            await fixture.supervisor().run(claim, fixture.control(claim, lease: .seconds(2)))
            #expect(started.duration(to: .now) < .seconds(20))
            #expect(processes(with: marker).isEmpty)
            #expect(fixture.door.reports.isEmpty)
        }
    }

    @Test func `an attempt that runs too long is stopped and reported`() async throws {
        try await Fixture.with { fixture in
            let marker = "sleep 6\(Int.random(in: 10_000_000...99_999_999))"
            let contract = try fixture.contract {
                $0["limits"]?["timeoutMilliseconds"] = 4000
                $0.setTurns([turn(("shell_exec", ["command": .string(marker)]))])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .failed && report.category == "timeout")
            #expect(report.message == "The task's time limit of 4s is over")
            #expect(processes(with: marker).isEmpty)
        }
    }

    @Test func `an attempt that is to park does so at a turn boundary`() async throws {
        try await Fixture.with { fixture in
            let contract = try fixture.contract { $0.setTurns(fixing) }
            let claim = Fixture.claim(contract)
            let control = fixture.control(claim)
            control.apply(
                .init(attempt: control.proof.attempt, leaseMilliseconds: 60_000, directive: .park),
                sent: .now
            )
            await fixture.supervisor().run(claim, control)
            #expect(fixture.door.reports.map(\.outcome) == [.parked])
            #expect(try await fixture.tip() == nil)
        }
    }

    @Test func `a report is repeated with the same id until somebody answers`() async throws {
        try await Fixture.with { fixture in
            let away = Failure(.unavailable, "away")
            fixture.door.fail("report", with: [away, away])
            fixture.door.fail("begin", with: [away])
            let report = try await fixture.run(try fixture.contract { $0.setTurns([handOff]) })
            #expect(report.outcome == .completed)
            let calls = fixture.door.state.withLock { $0.calls.filter { $0 != "logs" } }
            #expect(calls == ["begin", "begin", "report", "report", "report"])
        }
    }

    @Test func `a report that nobody takes is given up after a quarter of an hour, whatever the lease`()
        async throws
    {
        try await Fixture.with { fixture in
            let away = Failure(.unavailable, "away")
            fixture.door.fail("report", with: Array(repeating: away, count: 100_000))
            // A pause between two reports takes no time, and the clock goes on by it.
            let paused = Mutex(Duration.zero)
            let clock = Timepiece(
                now: { ContinuousClock.now.advanced(by: paused.withLock { $0 }) },
                wall: Timepiece.system.wall,
                sleep: { duration in
                    guard duration <= .seconds(5) else { return try await Task.sleep(for: duration) }
                    try Task.checkCancellation()
                    paused.withLock { $0 += duration }
                }
            )
            var supervisor = fixture.supervisor()
            supervisor.clock = clock
            let claim = Fixture.claim(try fixture.contract { $0.setTurns([handOff]) })
            await supervisor.run(claim, fixture.control(claim, lease: .seconds(1_000_000)))
            #expect(fixture.door.reports.isEmpty)
            let reports = fixture.door.count("report")
            #expect((170...200).contains(reports), "\(reports)")
        }
    }

    @Test func `an attempt that may not begin does nothing`() async throws {
        try await Fixture.with { fixture in
            fixture.door.fail("begin", with: [Failure(.forbidden, "ended")])
            let contract = try fixture.contract { $0.setTurns([handOff]) }
            let claim = Fixture.claim(contract)
            await fixture.supervisor().run(claim, fixture.control(claim))
            #expect(fixture.door.reports.isEmpty)
        }
    }

    @Test func `what cannot be set up fails the attempt with its category`() async throws {
        let cases: [(String, (inout Value) -> Void, words: String)] = [
            ("infrastructure", { $0["workspace"]?["spec"]?["url"] = "/nowhere/remote.git" }, "could not be"),
            (
                "infrastructure", { $0["sandbox"]?["requiredCommands"] = ["git", "no-such-command"] },
                "no-such-command"
            ),
            ("infrastructure", { $0["sandbox"]?["bootstrap"] = ["echo broken >&2; exit 3"] }, "broken"),
            ("contract", { $0["sandbox"]?["image"] = "debian:12" }, "image"),
            ("contract", { $0["model"]?["provider"]?["type"] = "openai" }, "openai"),
            ("contract", { $0["workspace"]?["spec"]?["url"] = "-x" }, "URL"),
            ("contract", { $0["workspace"]?["spec"]?["type"] = "directory" }, "directory"),
        ]
        for (category, change, words) in cases {
            try await Fixture.with { fixture in
                let contract = try fixture.contract {
                    $0.setTurns([turn(("shell_exec", ["command": "true"])), handOff])
                    change(&$0)
                }
                let report = try await fixture.run(contract)
                #expect(report.outcome == .failed && report.category == category, "\(report.message ?? "")")
                #expect(report.message?.contains(words) == true, "\(report.message ?? "")")
            }
        }
    }
}
