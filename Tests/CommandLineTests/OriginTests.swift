import Domain
import Support
import Testing

@testable import CommandLine

@Suite struct OriginTests {
    private let door = Door()

    /// A live object that belongs to another one.
    private func put(
        _ kind: String,
        _ name: String,
        _ status: Value,
        owner: (kind: String, name: String)? = nil,
        at seconds: Int64 = 0
    ) throws {
        var metadata = Metadata(
            name: name,
            namespace: Kind.named(kind)?.isNamespaced == true ? "default" : nil
        )
        metadata.uid = UID("uid-\(name)")
        metadata.resourceVersion = Position(seconds + 1)
        metadata.creationTimestamp = Timestamp(microseconds: seconds * 1_000_000)
        metadata.labels = ["agirunner.dev/workflow": "fix", "agirunner.dev/source": "main"]
        metadata.ownerReferences = owner.map {
            [OwnerReference(kind: $0.kind, name: $0.name, uid: UID("uid-\($0.name)"))]
        }
        let object = Object(kind: kind, metadata: metadata, status: status)
        try door.put(Stored(object: object, digest: Digest("d"), origin: Origin(appliedBy: nil)))
    }

    private func putRun() throws {
        var metadata = Metadata(name: "fix", namespace: "default")
        metadata.uid = UID("uid-fix")
        let origin = Origin(
            gitSource: "main",
            commit: CommitID(String(repeating: "a", count: 40)),
            path: "runs/fix.yaml",
            position: TextPosition(line: 3, column: 1)
        )
        let run = Object(kind: "Workflow", metadata: metadata, status: ["phase": "active"])
        try door.put(Stored(object: run, digest: Digest("d"), origin: origin))
        try put("WorkItem", "fix-1", ["state": "active"], owner: ("Workflow", "fix"))
        try put("Task", "fix-1-2", ["state": "ready"], owner: ("WorkItem", "fix-1"), at: 2)
        try put("Task", "fix-1-1", ["state": "completed"], owner: ("WorkItem", "fix-1"), at: 1)
        try put("Attempt", "fix-1-1-1", ["state": "completed"], owner: ("Task", "fix-1-1"))
        try put("Gate", "fix-g", ["state": "open"], owner: ("Workflow", "fix"), at: 5)
    }

    private func putRevisions() throws {
        for (index, commit) in ["a", "b"].enumerated() {
            let status: Value = [
                "source": "main", "commit": .string(String(repeating: commit, count: 40)),
                "phase": "applied", "author": "A <a@b>",
                "message": .string("Commit \(commit)\u{1B}\n\nBody."),
                "created": 3, "changed": 1, "removed": 0, "heldBack": 0,
                "finishedAt": .string("1969-12-31T23:59:0\(index)Z"),
            ]
            try put("Revision", "main-\(commit)", status, at: Int64(index))
        }
    }

    private func putSource(_ spec: Value = ["url": "/config", "ref": ["branch": "main"]]) throws {
        let object = Object(
            kind: "GitSource",
            metadata: Metadata(name: "main", namespace: nil),
            spec: spec,
            status: [
                "appliedCommit": .string(String(repeating: "b", count: 40)),
                "conditions": [["type": "Ready", "status": "True"]],
            ]
        )
        try door.put(Stored(object: object, digest: Digest("d"), origin: Origin(appliedBy: "unix:0")))
    }

    @Test func `a source's commits are listed, the last one first`() async throws {
        try putRevisions()
        let outcome = await run(History.self, ["gitsource/main"], door: door)
        // A control character of a commit's message does not reach the terminal.
        #expect(
            outcome.output.map { $0.replacing("\u{FFFD}", with: "?") } == [
                "COMMIT    PHASE     APPLIED   AUTHOR    MADE   CHANGED   DELETED   HELD-BACK   MESSAGE",
                "bbbbbbb   applied   59s ago   A <a@b>   3      1         0         0           Commit b?",
                "aaaaaaa   applied   60s ago   A <a@b>   3      1         0         0           Commit a?",
            ]
        )
        let limited = await run(History.self, ["gs/main", "--limit", "1", "-o", "json"], door: door)
        #expect(try Value(json: limited.output.joined()).array?.count == 1)
    }

    @Test func `only a source that exists has a history`() async throws {
        #expect(await run(History.self, ["gitsource/none"], door: door).failure?.reason == "NotFound")
        try putSource()
        let empty = await run(History.self, ["gitsource/main"], door: door)
        #expect(empty.notices == ["gitsource/main has applied no commit yet"] && empty.output.isEmpty)
        #expect(
            await run(History.self, ["role/x"], door: door).failure?.message
                == "only a gitsource has a history"
        )
    }

    @Test func `the tree of a run follows its owners, oldest first`() async throws {
        try putRun()
        let outcome = await run(Tree.self, ["workflow/fix"], door: door)
        #expect(
            outcome.output == [
                "workflow/fix  active", "├── workitem/fix-1  active", "│   ├── task/fix-1-1  completed",
                "│   │   └── attempt/fix-1-1-1  completed", "│   └── task/fix-1-2  ready",
                "└── gate/fix-g  open",
            ]
        )
    }

    @Test func `the tree of a source follows its files`() async throws {
        let example = try await AppliedExample()
        let outcome = await run(Tree.self, ["gitsource/main"], door: example.door)
        #expect(
            outcome.output.map(example.named) == [
                "gitsource/main at first", "├── roles/developer.yaml", "│   └── role/developer",
                "├── skills/kept.yaml", "│   └── skill/kept", "├── skills/old.yaml", "│   └── skill/old",
                "└── skills/testing.yaml", "    └── skill/testing",
            ]
        )
        #expect(
            await run(Tree.self, ["task/x"], door: door).failure?.message.contains("workflow/NAME") == true
        )
    }

    @Test func `the tree of any other object shows what it uses and what uses it`() async throws {
        func put(_ kind: String, _ name: String, _ spec: Value) throws {
            let namespace = Kind.named(kind)?.isNamespaced == true ? "default" : nil
            let object = Object(kind: kind, metadata: Metadata(name: name, namespace: namespace), spec: spec)
            try door.put(Stored(object: object, digest: Digest("d"), origin: Origin(appliedBy: nil)))
        }
        let role: Value = ["displayName": "R", "description": "D.", "prompt": "P.", "skillRefs": ["how"]]
        try put("Skill", "how", ["displayName": "S", "summary": "S.", "body": "B."])
        try put("Role", "writer", role)
        try put("Role", "reader", role.merging(["escalation": ["to": "writer"], "modelRouteRef": "none"]))
        let skill = await run(Tree.self, ["skill/how"], door: door)
        #expect(
            skill.output == [
                "skill/how", "└── used by", "    ├── role/reader", "    └── role/writer",
                "        └── role/reader  (see above)",
            ]
        )
        let reader = await run(Tree.self, ["role/reader"], door: door)
        #expect(
            reader.output == [
                "role/reader", "└── uses", "    ├── modelroute/none  missing", "    ├── role/writer",
                "    │   └── skill/how", "    └── skill/how  (see above)",
            ]
        )
        #expect(await run(Tree.self, ["role/x"], door: door).failure?.reason == "NotFound")
    }

    @Test func `a live object is traced to the line that declares its run`() async throws {
        try putRun()
        try putRevisions()
        try putSource(["url": "https://user:token@example.org/c", "ref": ["branch": "main"]])
        let outcome = await run(Trace.self, ["attempt/fix-1-1-1"], door: door)
        #expect(
            outcome.output == [
                "Object:    attempt/fix-1-1-1  completed", "Owner:     task/fix-1-1  completed",
                "Owner:     workitem/fix-1  active", "Owner:     workflow/fix  active",
                "File:      runs/fix.yaml:3:1",
                "Commit:    \(String(repeating: "a", count: 40))  A <a@b>: Commit a\u{FFFD}",
                "Source:    gitsource/main (https://•••@example.org/c, branch main)",
                "Applied:   bbbbbbb  ready",
            ]
        )
    }

    @Test func `what a person applied, or a controller made, is traced to that`() async throws {
        try putSource()
        let source = await run(Trace.self, ["gitsource/main"], door: door)
        #expect(source.output.last == "Source:    applied by unix:0 on the control door")
        try put("Worker", "w", ["state": "idle"])
        let worker = await run(Trace.self, ["worker/w"], door: door)
        #expect(worker.output == ["Object:    worker/w  idle", "Source:    none: a controller made it"])
    }
}
