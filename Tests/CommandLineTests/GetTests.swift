import ArgumentParser
import Domain
import Testing

@testable import CommandLine

@Suite struct GetTests {
    private let door = Door()

    init() throws {
        for name in ["t1", "t2", "t3", "t4", "t5"] { try door.put("Task", name, status: ["phase": "ready"]) }
        try door.put("Gate", "g1", status: ["phase": "open"])
    }

    private func get(_ arguments: String...) async -> Outcome { await run(Get.self, arguments, door: door) }

    @Test func `a table is read to its end, under one header`() async {
        door.with { $0.pageSize = 2 }
        let outcome = await get("tasks")
        let names = ["t1", "t2", "t3", "t4", "t5"]
        #expect(outcome.output == ["NAME   PHASE"] + names.map { "\($0)     ready" })
        #expect(door.with(\.listPaths).count == 3)
    }

    @Test func `a long cell is cut, but not of a wide table`() async throws {
        let long = String(repeating: "word ", count: 40)
        try door.put("Gate", "g1", status: ["phase": .string(long)])
        let cut = try #require(await get("gates").output.last)
        #expect(cut == "g1     \(long.prefix(99))…")
        #expect(await get("gates", "-o", "wide").output.last?.contains(long.dropLast()) == true)
    }

    @Test func `labels are shown as columns, or all in one`() async throws {
        let labels: Value = ["example.org/team": "red", "a": "b"]
        door.with { contents in
            for key in contents.objects.keys where key.hasSuffix("/t2") {
                contents.objects[key]?["metadata"]?["labels"] = labels
            }
        }
        let columns = await get("tasks", "-l", "a=b", "-L", "example.org/team,none", "--show-labels")
        #expect(
            columns.output == [
                "NAME   PHASE   TEAM   NONE     LABELS",
                "t2     ready   red    <none>   a=b,example.org/team=red",
            ]
        )
        #expect(await get("task", "t1", "--show-labels").output.last == "t1     ready   <none>")
    }

    @Test func `columns of one's own are headers and paths`() async {
        let outcome = await get(
            "tasks",
            "-o",
            "custom-columns=WHO:.metadata.name,IS:{.status.phase},X:.spec.x"
        )
        #expect(outcome.output.prefix(2) == ["WHO   IS      X", "t1    ready   <none>"])
        #expect(
            await get("task/t1", "--no-headers", "-o", "custom-columns=N:.metadata.name").output == ["t1"]
        )
        for columns in ["", "NAME", "NAME:.metadata.name,X"] {
            #expect(await get("tasks", "-o", "custom-columns=\(columns)").failure != nil, "\(columns)")
        }
    }

    @Test func `several kinds are one document`() async throws {
        let json = await get("tasks,gates", "-o", "json")
        #expect(json.output.count == 1)
        let list = try Value(json: json.output.first ?? "")
        let names = list["items"]?.array?.map { $0.at("metadata", "name")?.string }
        #expect(list["kind"] == "List" && names == ["t1", "t2", "t3", "t4", "t5", "g1"])
        #expect(await get("tasks,gates", "-o", "yaml").output.count == 1)
        let references = await get("gates,tasks", "-o", "name").output
        #expect(references.prefix(2) == ["gate.agirunner.dev/g1", "task.agirunner.dev/t1"])
        let object = try Value(json: await get("gate/g1", "-o", "json").output.first ?? "")
        #expect(object["kind"] == "Gate")
    }

    @Test(arguments: ["json", "yaml", "name", "jsonpath={.kind}", "wide", "custom-columns=A:.kind"])
    func `nothing is said of an object that is not there and need not be`(form: String) async {
        let outcome = await get("task/none", "--ignore-not-found", "-o", form)
        #expect(outcome.error == nil && outcome.output.isEmpty)
        #expect(await get("task/none", "-o", form).failure?.reason == "NotFound")
    }

    @Test(arguments: [
        ["tasks", "-w", "-o", "json"], ["tasks", "-w", "-o", "yaml"], ["tasks", "-w", "-o", "name"],
        ["tasks,gates", "-w"], ["task/t1", "-l", "a=b"],
    ])
    func `what cannot be shown is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Get.parse(arguments) }
    }
}
