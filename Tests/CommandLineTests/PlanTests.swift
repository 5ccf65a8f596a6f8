import ArgumentParser
import Domain
import Foundation
import Support
import Testing

@testable import CommandLine

@Suite struct PlanVerbTests {
    private func plan(_ example: AppliedExample, _ arguments: String...) async -> Outcome {
        await run(PlanVerb.self, arguments + ["-f", example.repository.path], door: example.door)
    }

    @Test func `the plan of a commit, and of the files as they lie there, says the same`() async throws {
        let example = try await AppliedExample()
        let commit = await plan(example, "--revision", "HEAD", "--detailed-exitcode")
        #expect(commit.error as? ExitCode == ExitCode(2))
        let files = await plan(example)
        #expect(files.error == nil)
        let named = await run(PlanVerb.self, [example.repository.path], door: example.door)
        #expect(named.output == files.output)
        let lines = files.output.joined().split(separator: "\n").dropFirst()
        #expect(lines == commit.output.joined().split(separator: "\n").dropFirst())
        #expect(lines.last == "1 to create, 1 to change, 1 to delete, 1 moved")
        #expect(example.door.with(\.methods) == ["GET"], "a plan only reads")
    }

    @Test func `what is applied already needs no plan`() async throws {
        let example = try await AppliedExample()
        let outcome = await plan(example, "--revision", "v1", "--detailed-exitcode")
        #expect(outcome.error == nil && outcome.output.joined().hasSuffix("no changes"))
    }

    @Test func `what git ignores is no part of the files`() async throws {
        let example = try await AppliedExample()
        try await example.repository.git("checkout", "-q", "v1")
        try await example.repository.commit([".gitignore": "scratch/\n", "scratch/a.yaml": "not: [yaml"])
        #expect(await plan(example, "--detailed-exitcode").error == nil)
    }

    @Test func `files count as git has them: hidden ones too, links and what lies in .git never`()
        async throws
    {
        let example = try await AppliedExample()
        try await example.repository.commit([
            ".hidden/a.yaml": Example.skill("hidden"), "deep/er/b.yml": Example.skill("deep"),
            "notes.md": "kind: nothing",
        ])
        let path = example.repository.path
        try FileManager.default.createSymbolicLink(
            atPath: "\(path)/link.yaml",
            withDestinationPath: ".hidden/a.yaml"
        )
        try await example.repository.commit([:])
        #expect(FileManager.default.createFile(atPath: "\(path)/.git/c.yaml", contents: Data("a: b".utf8)))
        let (commit, files) = (await plan(example, "--revision", "HEAD"), await plan(example))
        #expect(commit.error == nil && files.error == nil)
        func lines(_ outcome: Outcome) -> ArraySlice<Substring> {
            outcome.output.joined().split(separator: "\n").dropFirst()
        }
        #expect(lines(files) == lines(commit))
        #expect(lines(files).last == "3 to create, 1 to change, 1 to delete, 1 moved")
    }

    @Test func `the source's folder, namespace and excluded files count as on the server`() async throws {
        let example = try await AppliedExample()
        try example.putSource(["path": "skills", "namespace": "other", "exclude": ["skills/kept.yaml"]])
        let outcome = await plan(example, "--revision", "HEAD", "-o", "json")
        let report = try Value(json: outcome.output.joined())
        let created = (report["changes"]?.array ?? []).filter { $0["act"] == "create" }
        #expect(created.map { $0.at("key", "namespace")?.string } == ["other", "other"])
        #expect(created.map { $0.at("key", "name")?.string } == ["new", "testing"])
    }

    @Test func `a brake, a hold, a conflict and a mistake are told`() async throws {
        let example = try await AppliedExample()
        try example.putSource(["prune": ["maxPercent": 10]])
        example.change("Skill", "old", ["metadata": ["annotations": ["agirunner.dev/prune": "disabled"]]])
        example.change("Skill", "kept", ["status": ["source": .null, "appliedBy": ["user": "unix:7"]]])
        try await example.repository.commit(["skills/how-to-test.yaml": nil])
        let outcome = await plan(example, "--revision", "HEAD", "--detailed-exitcode")
        #expect(outcome.error as? ExitCode == ExitCode(1))
        let text = outcome.output.joined()
        #expect(text.contains("it belongs to unix:7 on the control door"))
        #expect(text.contains("= Skill/old  skills/old.yaml:1:1  stays: the commit has errors"))
        #expect(text.contains("! Role/developer  roles/developer.yaml"))
        example.change("Skill", "kept", ["status": ["source": ["gitSource": "main"]]])
        try await example.repository.commit(["roles/developer.yaml": nil])
        let braked = await plan(example, "--revision", "HEAD", "--detailed-exitcode").output.joined()
        #expect(braked.contains("stays: agirunner.dev/prune is disabled"))
        #expect(braked.contains("Nothing is deleted: the commit would delete 2 of"))
        #expect(braked.contains("  = Role/developer\n  = Skill/testing"))
        #expect(braked.hasSuffix("2 not deleted"))
    }

    @Test func `what a run uses stays, and what one has is taken`() async throws {
        let example = try await AppliedExample()
        var metadata = Metadata(name: "p", namespace: "default")
        metadata.generation = 1
        let playbook: Value = ["lifecycle": "ongoing", "stages": [["name": "work"]]]
        let made = Object(kind: "Playbook", metadata: metadata, spec: playbook)
        try example.door.put(Stored(object: made, digest: Digest("d"), origin: Origin(appliedBy: "unix:0")))
        metadata.name = "fix"
        var run = Object(kind: "Workflow", metadata: metadata, spec: ["playbookRef": ["name": "p"]])
        run.status = ["uses": ["Skill/old"]]
        try example.door.put(Stored(object: run, digest: Digest("d"), origin: Origin(appliedBy: "unix:0")))
        try example.door.put(
            "WorkItem",
            "fix-work-1",
            status: ["state": "open"],
            labels: [LiveLabel.workflow: "fix"]
        )
        let used = await plan(example, "--revision", "HEAD").output.joined()
        #expect(used.contains("Workflow/fix uses it and has not ended"))
        run.status = ["uses": ["Skill/old"], "finishedAt": "2026-01-01T00:00:00Z"]
        try example.door.put(Stored(object: run, digest: Digest("d"), origin: Origin(appliedBy: "unix:0")))
        #expect(await !plan(example, "--revision", "HEAD").output.joined().contains("uses it"))
        try await example.repository.commit([
            "item.yaml": """
            apiVersion: agirunner.dev/v1
            kind: WorkItem
            metadata: {name: fix-work-1}
            spec: {workflowRef: fix, stage: work, title: Work, goal: Done., acceptance: It runs.}
            """
        ])
        let taken = await plan(example, "--revision", "HEAD").output.joined()
        #expect(taken.contains("it belongs to Workflow/fix, whose controller alone writes it"))
    }

    @Test func `what may keep a plan from being carried out is told`() async throws {
        let example = try await AppliedExample()
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMyHGi947zOjqmT8xBv/LqZOeT8dfvBPXOm/vSqtFPC+"
        try example.putSource([
            "suspend": true, "verify": ["mode": "tip", "allowedSigners": .string("ann@example.org \(key)")],
            "freeze": [["start": "0 0 * * *", "duration": "1h", "timeZone": "UTC"]],
        ])
        let told = await plan(example).notices.joined(separator: "\n")
        #expect(told.contains("suspended") && told.contains("signatures") && told.contains("freeze windows"))
    }

    @Test func `what runs have is not compared, and not asked for`() async throws {
        let example = try await AppliedExample()
        let before = await plan(example)
        try example.door.put("WorkItem", "fix-1", status: ["state": "open"])
        var metadata = Metadata(name: "made", namespace: "default")
        metadata.generation = 1
        let made = Object(kind: "WorkItem", metadata: metadata, spec: ["stage": "work"])
        try example.door.put(Stored(object: made, digest: Digest("d"), origin: Origin(appliedBy: "unix:0")))
        let stored = try await storedObjects(example.door.client).filter { $0.object.kind == "WorkItem" }
        #expect(stored.map(\.object.metadata.name) == ["made"])
        #expect(await plan(example).output == before.output)
    }

    @Test func `the source must be one that can be told`() async throws {
        let example = try await AppliedExample()
        #expect(await plan(example, "--source", "no").failure?.message.contains("no GitSource 'no'") == true)
        try example.putSource(name: "second")
        #expect(
            await plan(example).failure?.message == "name one of the sources with --source: main, second"
        )
        #expect(await plan(example, "--source", "main").error == nil)
    }

    @Test func `only a commit can be saved, and only without errors`() async throws {
        let example = try await AppliedExample()
        let folder = try await TemporaryFolder()
        let file = "\(folder.path)/a.plan"
        #expect(await plan(example, "-o", file).failure?.message.contains("--revision") == true)
        #expect(await plan(example, "-o", "jsn").failure?.message.hasPrefix("-o must be") == true)
        try await example.repository.commit(["skills/bad.yaml": "kind: Skil"])
        #expect(await plan(example, "--revision", "HEAD", "-o", file).error as? ExitCode == .failure)
        #expect(folder.read("a.plan") == nil)
    }
}

@Suite struct SavedPlanTests {
    private let folder: TemporaryFolder
    private let example: AppliedExample
    private var file: String { "\(folder.path)/a.plan" }

    init() async throws {
        folder = try await TemporaryFolder()
        example = try await AppliedExample()
        let outcome = await run(
            PlanVerb.self,
            ["-f", example.repository.path, "--revision", "HEAD", "-o", "json", "--out", file],
            door: example.door
        )
        if let error = outcome.error { throw error }
        // Plays the control plane: it handles what it is asked to, and applies the planned commit.
        let second = example.second
        example.door.with {
            $0.afterPatch = { source in
                let asked = source.at("metadata", "annotations")?["agirunner.dev/reconcile-at"] ?? .null
                return source.merging([
                    "status": ["lastHandledReconcileAt": asked, "appliedCommit": .string(second)]
                ])
            }
        }
    }

    private func apply() async -> Outcome {
        await run(Apply.self, [file, "--timeout", "1s"], door: example.door)
    }

    private var annotation: String? {
        example.door.with { $0.objects["\(ControlClient.base)/gitsources/main"] }?
            .at("metadata", "annotations", "agirunner.dev/apply-plan")?.string
    }

    @Test func `a plan that still holds is carried out`() async throws {
        let outcome = await apply()
        #expect(outcome.error == nil, "\(String(describing: outcome.error))")
        #expect(
            outcome.output == ["gitsource.agirunner.dev/main applied \(example.second.prefix(7))"]
        )
        #expect(annotation == "\(example.first)..\(example.second)")
    }

    @Test func `what went stale is named, and nothing is asked for`() async throws {
        example.change("Skill", "kept", ["spec": ["body": "By hand."]])
        example.change("Skill", "old", nil)
        try example.putSource(["prune": ["maxPercent": 50]], applied: String(repeating: "b", count: 40))
        try example.door.put(
            Stored(
                object: Object(kind: "Skill", metadata: Metadata(name: "new", namespace: "default")),
                digest: Digest("d"),
                origin: Origin(appliedBy: "unix:7")
            )
        )
        let outcome = await apply()
        #expect(
            outcome.failure?.message == """
                the plan is stale, and nothing was done; plan again
                  GitSource/main has another spec
                  GitSource/main has applied bbbbbbb; the plan is based on \(example.first.prefix(7))
                  Skill/kept has changed
                  Skill/old is gone
                  Skill/new is new
                """
        )
        #expect(outcome.failure?.exitCode == 1 && !example.door.with(\.methods).contains("PATCH"))
    }

    @Test func `a status that moved makes no plan stale`() async {
        example.change(
            "Skill",
            "kept",
            ["metadata": ["resourceVersion": "99"], "status": ["conditions": []]]
        )
        #expect(await apply().error == nil)
    }

    @Test func `a server that applied another commit, or nothing, is told`() async {
        let other = String(repeating: "c", count: 40)
        example.door.with {
            $0.afterPatch = { source in
                let asked = source.at("metadata", "annotations")?["agirunner.dev/reconcile-at"] ?? .null
                return source.merging([
                    "status": ["lastHandledReconcileAt": asked, "appliedCommit": .string(other)]
                ])
            }
        }
        #expect(await apply().failure?.message.contains("has applied ccccccc instead of") == true)
    }

    @Test func `a look that somebody else asked for a moment later is enough, also after a restart`() async {
        let second = example.second
        example.door.with {
            $0.outagesAfterChange = 2
            $0.afterPatch = { $0 }
            $0.afterLook = { objects in
                let path = "\(ControlClient.base)/gitsources/main"
                let later: Value = [
                    "lastHandledReconcileAt": "1970-01-01T00:00:01Z", "appliedCommit": .string(second),
                ]
                objects[path] = objects[path]?.merging(["status": later])
            }
        }
        #expect(await apply().error == nil)
    }

    @Test func `a look that was over before the request is not taken for an answer`() async {
        example.change("GitSource", "main", ["status": ["lastHandledReconcileAt": "2090-01-01T00:00:01Z"]])
        example.door.with { $0.afterPatch = { $0 } }
        #expect(await apply().failure?.exitCode == 3)
    }

    @Test func `a server that does not get to it in time is no success`() async {
        example.door.with { $0.afterPatch = { $0 } }
        #expect(await apply().failure?.exitCode == 3)
    }

    @Test func `a file that is no plan is refused`() async throws {
        try folder.write("{}", to: "a.plan")
        #expect(await apply().failure?.message.contains("is no saved plan") == true)
    }
}
