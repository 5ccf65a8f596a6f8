import Domain
import Outbound
import Testing

@testable import CommandLine

/// `logs`, `get -w` and `events -w`, which outlive the streams of a server.
@Suite(.timeLimit(.minutes(1))) struct StreamTests {
    private let door = Door()
    private let lost = OutboundError(code: .connectionLost, message: "The connection broke", call: "test")

    private func stream(_ lines: Value..., failure: (any Error)? = nil) -> Door.Stream {
        .init(lines: lines, failure: failure)
    }

    private func logLine(_ message: String, _ cursor: Int64) -> Value {
        [
            "attempt": "t1-1", "sequence": 1, "time": "2026-01-01T00:00:00Z", "source": "tool",
            "message": .string(message), "cursor": .integer(cursor),
        ]
    }

    private func row(_ name: String, _ version: String, _ type: String = "MODIFIED") -> Value {
        [
            "type": .string(type),
            "object": [
                "metadata": ["resourceVersion": .string(version)], "rows": [["cells": [.string(name), "x"]]],
            ],
        ]
    }

    private func queries(_ name: String) -> [String?] {
        door.with(\.streamPaths).map { path in
            path.split(whereSeparator: { "?&".contains($0) }).first { $0.hasPrefix("\(name)=") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
    }

    @Test func `a log is followed past the end of a stream, until its task is over`() async throws {
        try door.put("Task", "t1", status: ["state": "in_progress"])
        let path = "\(ControlClient.base)/namespaces/default/tasks/t1"
        door.with {
            $0.streams = [
                stream(logLine("one", 4)), stream(logLine("two", 7), failure: lost),
                .init(change: { $0[path]?["status"] = ["state": "completed"] }), stream(logLine("three", 9)),
            ]
        }
        let outcome = await run(Logs.self, ["task/t1", "-f"], door: door)
        #expect(outcome.error == nil)
        #expect(
            outcome.output == ["one", "two", "three"].map { "2026-01-01T00:00:00Z t1-1 tool: \($0)" }
        )
        #expect(queries("after") == [nil, "4", "7", "7"])
        #expect(queries("follow") == ["true", "true", "true", nil])
    }

    @Test func `a log that is not followed is read once, and a task that is not there is told`() async {
        door.with { $0.streams = [stream(logLine("one", 4))] }
        let outcome = await run(Logs.self, ["attempt/t1-1"], door: door)
        #expect(outcome.error == nil && outcome.output.count == 1)
        #expect(queries("follow") == [nil])
        let missing = await run(Logs.self, ["task/none", "--follow"], door: door)
        #expect(missing.failure?.reason == "NotFound" && door.with(\.streamPaths).count == 1)
    }

    @Test func `no message of a log looks like another line, or commands a terminal`() async {
        let message = "a\u{1B}[2Jb\n2026-01-01T00:00:01Z t1-1 loop: done\r\nend\n"
        door.with { $0.streams = [stream(logLine(message, 4))] }
        let outcome = await run(Logs.self, ["task/t1"], door: door)
        #expect(
            outcome.output == [
                """
                2026-01-01T00:00:00Z t1-1 tool: a\u{FFFD}[2Jb
                    2026-01-01T00:00:01Z t1-1 loop: done
                    end
                """
            ]
        )
    }

    @Test func `a watch goes on from the last version, past ends, bookmarks and a restart`() async throws {
        try door.put("Task", "t1", status: ["phase": "ready"])
        let busy: Value = ["reason": "ServiceUnavailable", "code": 503, "message": "busy"]
        door.with {
            $0.streams = [
                stream(row("t1", "11")), stream(row("t1", "15", "BOOKMARK")), stream(failure: lost),
                stream(["type": "ERROR", "object": busy]), stream(row("t2", "16", "ADDED")),
            ]
        }
        let outcome = await run(Get.self, ["tasks", "-w"], door: door)
        #expect(outcome.error is CancellationError, "the test has no more streams")
        #expect(outcome.output == ["NAME   PHASE", "t1     ready", "t1     x", "t2     x"])
        #expect(queries("resourceVersion") == ["9", "11", "15", "15", "15", "16"])
    }

    @Test func `an error within a stream is an error`() async throws {
        let expired: Value = ["reason": "Expired", "code": 410, "message": "too old"]
        for verb in ["get", "events"] {
            door.with { $0.streams = [stream(["type": "ERROR", "object": expired])] }
            let outcome =
                verb == "get"
                ? await run(Get.self, ["tasks", "-w"], door: door)
                : await run(Events.self, ["-w"], door: door)
            #expect(outcome.failure?.message == "Error from server (Expired): too old", "\(verb)")
        }
    }

    @Test func `events are selected by the server, and new ones are shown as they come`() async throws {
        try putEvent(3, subject: ("Task", "t1"), workflow: "fix")
        try putEvent(4, subject: ("Workflow", "fix"), workflow: nil)
        try putEvent(5, subject: ("Task", "other"), workflow: "another")
        try putEvent(6, subject: ("Workflow", "fix"), workflow: "fix")
        let run = await run(Events.self, ["--for", "workflow/fix"], door: door)
        #expect(run.output.dropFirst().map(subject) == ["task/t1", "workflow/fix", "workflow/fix"])
        let task = await CommandLineTests.run(Events.self, ["--for", "task/other"], door: door)
        #expect(task.output.dropFirst().map(subject) == ["task/other"])
        #expect(door.with(\.listPaths).allSatisfy { $0.contains("fieldSelector=status.") })
        let next = try event(12, subject: ("Task", "t1"), workflow: "fix")
        door.with { $0.streams = [stream(["type": "ADDED", "object": next]), stream()] }
        let watched = await CommandLineTests.run(Events.self, ["--for", "task/t1", "-w"], door: door)
        #expect(watched.output.dropFirst().map(subject) == ["task/t1", "task/t1"])
        #expect(queries("resourceVersion") == ["9", "12", "12"])
        #expect(queries("fieldSelector").allSatisfy { $0?.contains("subjectName%3Dt1") == true })
    }

    private func subject(of line: String) -> String {
        String(line.split(separator: " ").first { $0.contains("/") } ?? "")
    }

    private func event(_ position: Int64, subject: (String, String), workflow: String?) throws -> Value {
        let status: Value = .members([
            "subjectKind": .string(subject.0), "subjectName": .string(subject.1), "type": "t",
            "workflow": workflow.map(Value.string), "actor": "a", "time": "1970-01-01T00:00:00Z",
        ])
        var metadata = Metadata(name: "\(position)", namespace: "default")
        metadata.resourceVersion = Position(position)
        return try Value(encoding: Object(kind: "Event", metadata: metadata, status: status))
    }

    private func putEvent(_ position: Int64, subject: (String, String), workflow: String?) throws {
        let event = try event(position, subject: subject, workflow: workflow)
        let path = "\(ControlClient.base)/namespaces/default/events/\(position)"
        door.with { $0.objects[path] = event }
    }
}
