import Domain
import Glibc
import Support
import Testing

@testable import CommandLine

@Suite struct WordTests {
    @Test(arguments: [(0, "0.0s"), (449, "0.4s"), (12_300, "12.3s"), (59_999, "59.9s"), (200_000, "3m20s")])
    func `a span shows tenths while it is short`(milliseconds: Int, text: String) {
        #expect(span(.milliseconds(milliseconds)) == text)
    }

    @Test func `a cell shows one line of text, and nothing as none`() {
        let cells: [Value?] = [nil, .null, "", "one\ntwo", "one\r\ntwo", 7, ["a", true]]
        #expect(cells.map(cell) == ["<none>", "<none>", "<none>", "one", "one", "7", "[\"a\",true]"])
    }

    private let object: Value = [
        "metadata": ["name": "x", "labels": ["agirunner.dev/workflow": "fix"]],
        "status": [
            "phase": "active", "empty": .null,
            "conditions": [
                ["type": "Stalled", "status": "True"], ["type": "Ready", "status": "False", "count": 2],
            ],
        ],
    ]

    @Test(arguments: [
        ("metadata.name", "x"), (".metadata.name", "x"), ("{.metadata.name}", "x"),
        (".status.conditions[1].type", "Ready"), (".status.conditions[0].type", "Stalled"),
        ("{.status.conditions[?(@.type==\"Ready\")].status}", "False"),
        ("status.conditions[?(@.type=='Stalled')].status", "True"),
        ("{.metadata.labels.agirunner\\.dev/workflow}", "fix"),
    ]) func `a path leads to its value`(path: String, text: String) {
        #expect(valueAt(path: path, in: object)?.string == text)
    }

    @Test(arguments: [
        "metadata.nothing", "metadata.name.deeper", "status.conditions[2]", "status.conditions[-1]",
        "status.conditions[x]", "status.conditions[", "status.conditions[?(@.type==\"Never\")]",
        "status.conditions[?(", "metadata[0]",
    ]) func `a path that leads nowhere has no value`(path: String) {
        #expect(valueAt(path: path, in: object) == nil)
    }

    @Test func `the empty path is the whole`() {
        #expect(valueAt(path: "{}", in: object) == object)
        #expect(valueAt(path: ".status.conditions[1]", in: object)?["count"] == 2)
    }

    @Test func `columns are as wide as their widest cell, and lines end without spaces`() {
        var table = TableText(["Name", "State", "Message"])
        table.add(["a-long-name", "ok", ""])
        table.add(["b", "reconciling", "x y"])
        #expect(
            table.lines() == [
                "NAME          STATE         MESSAGE",
                "a-long-name   ok",
                "b             reconciling   x y",
            ]
        )
        #expect(table.lines(withHeaders: false).count == 2)
    }

    @Test func `a row may have fewer or more cells than there are headers`() {
        var table = TableText(["a", "b"])
        table.add(["1"])
        table.add(["1", "2", "3"])
        #expect(table.lines() == ["A   B", "1", "1   2   3"])
    }
}

@Suite struct FileTypeTests {
    @Test func `a folder is one, also where the file system does not tell while it is read`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write("", to: "a/b.yaml")
        let unknown = UInt8(DT_UNKNOWN)
        #expect(fileType(unknown, at: "\(folder.path)/a") == DT_DIR)
        #expect(fileType(unknown, at: "\(folder.path)/a/b.yaml") == DT_REG)
        #expect(fileType(UInt8(DT_DIR), at: "/nowhere") == DT_DIR)
    }
}

@Suite struct TargetTests {
    @Test(arguments: ["task/x", "tasks/x", "Task/x", "TASKS/x"])
    func `a kind is known by any of its names`(text: String) throws {
        let target = try Target(text)
        #expect(target.kind.name == "Task" && target.name == "x")
    }

    @Test func `a name may stand apart, and one behind the slash wins`() throws {
        #expect(try Target("wf", name: "fix").name == "fix")
        #expect(try Target("wf/one", name: "two").name == "one")
        #expect(try Target("wf/a/b").name == "a/b")
    }

    @Test func `a kind with a slip suggests the one that was meant`() {
        #expect(throws: CommandFailure.self) { try Target("worflow/x") }
        let failure = #expect(throws: CommandFailure.self) { try Target("worflows") }
        #expect(
            failure?.description
                == "error: the server doesn't have a resource type 'worflows'; did you mean 'workflows'?"
        )
        #expect(
            #expect(throws: CommandFailure.self) { try Target("xyzzyplugh") }?.message
                .contains("api-resources") == true
        )
        #expect(throws: CommandFailure.self) { try Target("") }
    }

    @Test func `a target without a name is refused where one is needed`() throws {
        let target = try Target("tasks")
        let failure = #expect(throws: CommandFailure.self) { try target.required() }
        #expect(failure?.message == "a name is missing, as in 'task/NAME'")
    }
}

@Suite struct CommandFailureTests {
    private func failure(_ status: Int, _ body: Value) -> CommandFailure {
        CommandFailure(ControlClient.Answer(status: status, body: body.canonicalBytes))
    }

    @Test func `a Status object becomes kubectl's words, with each cause on its line`() {
        let failure = failure(
            422,
            [
                "kind": "Status", "reason": "Invalid", "message": "Role \"a\" is invalid",
                "details": [
                    "causes": [
                        ["field": "spec.prompt", "message": "must not be empty"],
                        ["message": "is invalid"],
                    ]
                ],
            ]
        )
        #expect(failure.reason == "Invalid" && failure.exitCode == 1)
        #expect(
            failure.description == """
                Error from server (Invalid): Role "a" is invalid
                  spec.prompt: must not be empty
                """
        )
    }

    @Test func `a problem document is told as well`() {
        let failure = failure(403, ["title": "Forbidden", "detail": "only the owner may"])
        #expect(failure.description == "Error from server (HTTP 403): only the owner may")
    }

    @Test func `an answer of something that is not our server is told as what it is`() {
        let answer = ControlClient.Answer(status: 502, body: Array("<html>".utf8))
        #expect(CommandFailure(answer).message == "Error from server (HTTP 502): no explanation")
    }
}
