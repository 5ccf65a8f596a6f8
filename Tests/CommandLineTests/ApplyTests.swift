import ArgumentParser
import Domain
import Outbound
import Support
import Testing

@testable import CommandLine

@Suite struct ApplyTests {
    private let door = Door()
    private let skill = Example.skill("testing")

    private func apply(_ arguments: String...) async -> Outcome {
        await run(Apply.self, arguments, door: door)
    }

    private func stored(_ kind: String, _ name: String) -> Value? {
        let plural = Kind.named(kind)?.plural ?? ""
        return door.with { $0.objects["\(ControlClient.base)/namespaces/default/\(plural)/\(name)"] }
    }

    @Test func `objects are created, configured and left unchanged`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill, to: "a.yaml")
        let file = "\(folder.path)/a.yaml"
        #expect(await apply("-f", file).output == ["skill.agirunner.dev/testing created"])
        #expect(await apply("-f", file).output == ["skill.agirunner.dev/testing unchanged"])
        try folder.write(skill.replacing("Test first.", with: "Test last."), to: "a.yaml")
        #expect(await apply("-f", file).output == ["skill.agirunner.dev/testing configured"])
        #expect(stored("Skill", "testing")?.at("spec", "body") == "Test last.")
        #expect(stored("Skill", "testing")?.at("spec", "delivery") == nil, "a default is not the file's")
    }

    @Test func `a run can be mended until it has started`() async throws {
        let folder = try await TemporaryFolder()
        try door.put("Playbook", "mend", status: [:])
        func apply(_ issue: String) async throws -> Outcome {
            let run =
                "apiVersion: agirunner.dev/v1\nkind: Workflow\nmetadata: {name: fix}\nspec:\n"
                + "  playbookRef: {name: mend}\n  parameters: {issue: \(issue)}\n"
            try folder.write(run, to: "run.yaml")
            return await self.apply("-f", "\(folder.path)/run.yaml")
        }
        #expect(try await apply("leak").output == ["workflow.agirunner.dev/fix created"])
        #expect(try await apply("pipe").output == ["workflow.agirunner.dev/fix configured"])
        let path = "\(ControlClient.base)/namespaces/default/workflows/fix"
        door.with { $0.objects[path] = ($0.objects[path] ?? .null).merging(["status": ["phase": "active"]]) }
        let late = try await apply("tap")
        #expect(late.error as? ExitCode == .failure && late.output.isEmpty)
        #expect(stored("Workflow", "fix")?.at("spec", "parameters", "issue") == "pipe")
    }

    @Test func `a dry run of the server says what would be, and writes nothing`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill, to: "a.yaml")
        let outcome = await apply("-f", folder.path, "--dry-run=server", "--validate=warn")
        #expect(outcome.output == ["skill.agirunner.dev/testing created (server dry run)"])
        #expect(stored("Skill", "testing") == nil)
        #expect(door.with(\.queries) == ["dryRun=All&fieldValidation=Warn"])
    }

    @Test func `a dry run of the client asks no server, and says what that leaves open`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(Example.role, to: "role.yaml")
        let outcome = await apply("-f", folder.path, "--dry-run", "client")
        #expect(outcome.error == nil && outcome.output == ["role.agirunner.dev/developer valid (dry run)"])
        #expect(outcome.notices.contains { $0.contains("whether it has what spec.skillRefs[0] names") })
        #expect(door.with(\.methods).isEmpty)
        try folder.write(Example.role.replacing("prompt:", with: "promt:"), to: "role.yaml")
        let wrong = await apply("-f", folder.path, "--dry-run", "client")
        #expect(wrong.error as? ExitCode == .failure && wrong.output.isEmpty)
    }

    @Test(arguments: [("true", 1), ("strict", 1), ("warn", 0), ("false", 0), ("ignore", 0)])
    func `a field that no kind has is judged as strictly as was asked for`(
        validate: String,
        code: Int
    ) async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill + "  sumary: twice\n", to: "a.yaml")
        let outcome = await apply("-f", folder.path, "--validate", validate)
        #expect((outcome.error == nil) == (code == 0))
        #expect((stored("Skill", "testing") != nil) == (code == 0))
        let isTold = outcome.notices.contains { $0.contains("sumary") }
        #expect(isTold == !["false", "ignore"].contains(validate))
    }

    @Test func `an item of a run is nothing that a file can refer to`() async throws {
        let folder = try await TemporaryFolder()
        let item = """
            apiVersion: agirunner.dev/v1
            kind: WorkItem
            metadata: {name: part}
            spec: {workflowRef: fix, stage: s, title: T, goal: G, acceptance: A, parentRef: fix-1}

            """
        try folder.write(item, to: "item.yaml")
        try door.put("WorkItem", "fix-1", status: ["state": "open"])
        let outcome = await apply("-f", folder.path)
        #expect(outcome.notices.contains { $0.contains("'fix-1' not found") }, "\(outcome.notices)")
        #expect(stored("WorkItem", "part") == nil)
    }

    @Test func `files come from a server, and not without bound`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill, to: "served/a.yaml")
        try folder.write(String(repeating: "#", count: (8 << 20) + 1), to: "served/large.yaml")
        try await ServerProcess.files(of: "\(folder.path)/served", log: "\(folder.path)/log") { url in
            let outcome = await apply("-f", "\(url)/a.yaml?token=secret")
            #expect(outcome.output == ["skill.agirunner.dev/testing created"])
            let missing = await apply("-f", "\(url)/none.yaml?token=secret")
            #expect(
                missing.failure?.message == "\(url)/none.yaml cannot be read: the server answers 404"
            )
            let large = await apply("-f", "\(url)/large.yaml")
            #expect(large.failure?.message.hasPrefix("\(url)/large.yaml cannot be read") == true)
        }
    }

    @Test func `two URLs that differ in their queries alone are two files`() async {
        let urls = ["one", "two", "three", "two"].flatMap { ["-f", "http://a/skill?name=\($0)"] }
        let outcome = await run(Apply.self, urls, door: door) { request, _ in
            let name = request.url.split(separator: "=").last ?? ""
            return HTTPResponse(
                head: HTTPResponseHead(status: 200, headers: []),
                body: Array(Example.skill(String(name)).utf8)
            )
        }
        let names = ["one", "three", "two"]
        #expect(outcome.error == nil && outcome.output == names.map { "skill.agirunner.dev/\($0) created" })
    }

    @Test func `what a set no longer holds is pruned, and nothing else`() async throws {
        let folder = try await TemporaryFolder()
        for name in ["one", "two", "kept"] { try folder.write(Example.skill(name), to: "\(name).yaml") }
        let arguments = ["-f", folder.path, "--applyset", "team"]
        #expect(await run(Apply.self, arguments, door: door).error == nil)
        #expect(
            stored("Skill", "one")?.at("metadata", "labels") == ["agirunner.dev/applyset": "default.team"]
        )
        try door.put("Skill", "other", status: [:], labels: ["agirunner.dev/applyset": "default.others"])
        try door.put("Skill", "free", status: [:])
        try door.put("GitSource", "main", status: [:], labels: ["agirunner.dev/applyset": "default.team"])
        for name in ["one", "kept"] { try folder.remove("\(name).yaml") }
        annotate("kept", "agirunner.dev/prune", "disabled")
        let tried = await run(Apply.self, arguments + ["--prune", "--dry-run=server"], door: door)
        #expect(tried.output.last == "skill.agirunner.dev/one pruned (server dry run)")
        #expect(stored("Skill", "one") != nil)
        let pruned = await run(Apply.self, arguments + ["--prune"], door: door)
        #expect(
            pruned.output == ["skill.agirunner.dev/two unchanged", "skill.agirunner.dev/one pruned"]
        )
        #expect(
            pruned.notices == [
                "skill.agirunner.dev/kept not pruned: agirunner.dev/prune is disabled",
                "gitsource.agirunner.dev/main not pruned: a source is only deleted by name",
            ]
        )
        #expect(stored("Skill", "one") == nil)
        for name in ["two", "kept", "other", "free"] { #expect(stored("Skill", name) != nil) }
    }

    private func annotate(_ skill: String, _ name: String, _ value: String) {
        let path = "\(ControlClient.base)/namespaces/default/skills/\(skill)"
        let patch: Value = ["metadata": ["annotations": .object([name: .string(value)])]]
        door.with { $0.objects[path] = ($0.objects[path] ?? .null).merging(patch) }
    }

    @Test func `a member of another set is not taken away, and nothing is written then`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(Example.skill("a-first"), to: "a.yaml")
        try folder.write(Example.skill("theirs"), to: "b.yaml")
        try door.put("Skill", "theirs", status: [:], labels: ["agirunner.dev/applyset": "default.others"])
        let outcome = await apply("-f", folder.path, "--applyset", "team")
        #expect(outcome.failure?.message.contains("is a member of the set default.others") == true)
        #expect(stored("Skill", "a-first") == nil)
        #expect(await apply("-f", folder.path).error == nil, "without a set it stays in the one it is in")
        #expect(
            stored("Skill", "theirs")?.at("metadata", "labels")
                == ["agirunner.dev/applyset": "default.others"]
        )
    }

    @Test func `applying waits until everything is ready, and says who is not`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill, to: "a.yaml")
        door.with {
            $0.outcome = ["conditions": [["type": "Ready", "status": "True"]]]
        }
        let ready = await apply("-f", folder.path, "--wait")
        #expect(
            ready.output == ["skill.agirunner.dev/testing created", "skill.agirunner.dev/testing ready"]
        )
        try folder.write(Example.skill("stuck"), to: "a.yaml")
        door.with {
            $0.outcome = [
                "conditions": [
                    ["type": "Ready", "status": "False", "reason": "Bad", "message": "no"],
                    ["type": "Stalled", "status": "True"],
                ]
            ]
        }
        let stuck = await apply("-f", folder.path, "--wait", "--timeout", "30s")
        #expect(stuck.failure?.exitCode == 4)
        #expect(stuck.failure?.message == "skill/stuck is stalled: Bad: no")
        try folder.write(Example.skill("slow"), to: "a.yaml")
        door.with { $0.outcome = [:] }
        #expect(await apply("-f", folder.path, "--wait", "--timeout", "0s").failure?.exitCode == 3)
    }

    @Test(arguments: [
        ["--prune", "-f", "x"], [], ["--prune", "--applyset", "team", "--dry-run=client", "-f", "x"],
        ["--applyset", "Not A Name", "-f", "x"], ["some.plan", "--wait"],
        ["--timeout", "soon", "-f", "x"],
    ])
    func `what makes no sense together is refused before anything is read`(arguments: [String]) async {
        let outcome = await run(Apply.self, arguments, door: door)
        #expect(outcome.failure != nil && door.with(\.methods).isEmpty)
    }
}

@Suite struct DeleteTests {
    private let door = Door()

    init() throws {
        for name in ["one", "two"] { try door.put("Skill", name, status: [:]) }
    }

    @Test func `objects are deleted by kind and names, or each by both`() async throws {
        let both = await run(Delete.self, ["skills", "one", "two"], door: door)
        #expect(
            both.output == [
                "skill.agirunner.dev \"one\" deleted", "skill.agirunner.dev \"two\" deleted",
            ]
        )
        #expect(door.with(\.objects).isEmpty)
        try door.put("Skill", "one", status: [:])
        #expect(await run(Delete.self, ["skill/one"], door: door).error == nil)
    }

    @Test func `what is not there fails, unless that is no matter, and the others go`() async {
        let outcome = await run(Delete.self, ["skill/none", "skill/one"], door: door)
        #expect(outcome.failure?.reason == "NotFound")
        #expect(outcome.output == ["skill.agirunner.dev \"one\" deleted"])
        let ignored = await run(Delete.self, ["skill/none", "--ignore-not-found"], door: door)
        #expect(ignored.error == nil && ignored.output.isEmpty)
    }

    @Test func `deleting waits until the objects are gone`() async {
        door.with { $0.keepsDeleted = true }
        let outcome = await run(Delete.self, ["skill/one", "--timeout", "0s"], door: door)
        #expect(outcome.failure?.exitCode == 3)
        #expect(await run(Delete.self, ["skill/one", "--no-wait"], door: door).error == nil)
    }

    @Test(arguments: ["client", "server"])
    func `a dry run deletes nothing`(mode: String) async {
        let outcome = await run(Delete.self, ["skill/one", "--dry-run", mode], door: door)
        let mark = mode == "client" ? "(dry run)" : "(server dry run)"
        #expect(outcome.output == ["skill.agirunner.dev \"one\" deleted \(mark)"])
        #expect(door.with(\.objects).count == 2)
        let missing = await run(Delete.self, ["skill/none", "--dry-run", mode], door: door)
        #expect(missing.failure?.reason == "NotFound")
    }

    @Test(arguments: [["skill"], [], ["skill/one", "two"], ["skill", "one/two"]])
    func `what names no objects is refused`(arguments: [String]) async {
        #expect(await run(Delete.self, arguments, door: door).failure?.exitCode == 1)
        #expect(door.with(\.objects).count == 2)
    }
}
