import Domain
import Support
import Testing

@testable import Catalog

@Suite struct LoaderTests {
    @Test func `the example configuration loads without a diagnostic`() throws {
        let configuration = try Configuration()
        let loaded = configuration.load()
        #expect(loaded.diagnostics.isEmpty, "\(configuration.report(loaded))")
        #expect(loaded.heldBack.isEmpty && loaded.unreadable.isEmpty)
        #expect(
            loaded.objects.map(\.object.key.description) == [
                "ModelProvider/rehearsal", "ModelRoute/default", "Skill/careful-reading",
                "ToolProfile/engineer",
                "ToolProfile/reader", "RuntimeProfile/sandbox", "Workspace/calculator", "Role/developer",
                "Role/reviewer", "Playbook/bug-fix", "RuntimePool/local", "Workflow/fix-division",
            ]
        )
        let workspace = try #require(loaded.objects.first { $0.object.kind == "Workspace" })
        #expect(workspace.object.spec?["url"]?.string == "/srv/repositories/workspaces/calculator.git")
        #expect(workspace.origin.path == "workspaces/calculator.yaml" && workspace.origin.line == 1)
        let playbook = try #require(loaded.objects.first { $0.object.kind == "Playbook" })
        #expect(
            playbook.references == [
                ObjectKey("Role", namespace: "default", name: "developer"),
                ObjectKey("Role", namespace: "default", name: "reviewer"),
            ]
        )
        let spec: PlaybookSpec = try #require(playbook.object.spec).decode()
        #expect(spec.instructions == "Reproduce before you change anything. One defect, one fix.\n")
        #expect(spec.limits.reworkPerTask == 10 && spec.retry.maxAttempts == 3)
    }

    @Test func `shuffled files give the same objects, digests and diagnostics`() throws {
        var configuration = try Configuration()
        configuration.replace("engine: local", "engine: locl", in: "profiles/sandbox.yaml")
        configuration.replace("type: git", "type: gti", in: "workspaces/calculator.yaml")
        let expected = configuration.load()
        #expect(!expected.objects.isEmpty && !expected.heldBack.isEmpty)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let files = configuration.sourceFiles.shuffled(using: &generator)
            let loaded = Loader().load(files, options: configuration.options)
            #expect(loaded.objects == expected.objects, "seed \(seed)")
            #expect(loaded.diagnostics == expected.diagnostics, "seed \(seed)")
            #expect(loaded.heldBack == expected.heldBack, "seed \(seed)")
        }
    }

    @Test func `an error holds back what depends on it and nothing else`() throws {
        var configuration = try Configuration()
        configuration.replace(
            "name: careful-reading",
            "name: careful-reading\n  nmae: x",
            in: "skills/careful-reading.yaml"
        )
        let loaded = configuration.load()
        #expect(loaded.diagnostics.map(\.code) == ["SCH001"])
        func key(_ kind: String, _ name: String) -> ObjectKey {
            ObjectKey(kind, namespace: "default", name: name)
        }
        #expect(
            Set(loaded.heldBack.keys) == [
                key("Skill", "careful-reading"), key("Role", "reviewer"), key("Playbook", "bug-fix"),
                key("Workflow", "fix-division"),
            ]
        )
        let reason = try #require(loaded.heldBack[key("Workflow", "fix-division")])
        #expect(reason.code == "REF007" && reason.field == "spec.playbookRef.name")
        #expect(reason.notes.first?.path == "skills/careful-reading.yaml", "the note names the first cause")
        #expect(loaded.objects.count == 8)
    }

    @Test func `a file that hides its objects is told apart`() throws {
        var configuration = try Configuration()
        configuration.files["roles/developer.yaml"] = Array("a: [".utf8)
        let loaded = configuration.load()
        #expect(loaded.unreadable == ["roles/developer.yaml"])
        let dangling = try #require(loaded.diagnostics.first { $0.code == "REF001" })
        #expect(dangling.notes.first?.path == "roles/developer.yaml")
    }

    @Test func `what is stored can be referred to and its playbook be run`() throws {
        var configuration = try Configuration()
        let all = configuration.load()
        configuration.files = configuration.files.filter { $0.key.hasPrefix("runs/") }
        #expect(configuration.load().diagnostics.map(\.code) == ["REF001", "REF001"])
        for object in all.objects { configuration.options.existing[object.object.key] = object.object.spec }
        #expect(configuration.load().objects.count == 1)
        configuration.replace("issue:", "isue:", in: "runs/fix-division.yaml")
        #expect(configuration.load().diagnostics.map(\.code) == ["RUN001"])
    }

    @Test func `objects that name no namespace get the source's`() throws {
        var configuration = try Configuration()
        configuration.options.namespace = "team-a"
        let loaded = configuration.load()
        #expect(loaded.diagnostics.isEmpty)
        #expect(Set(loaded.objects.map(\.object.metadata.namespace)) == ["team-a", nil])
    }

    @Test func `only YAML files are read, and too many are refused`() {
        let other = SourceFile(path: "README.md", bytes: Array("[".utf8))
        #expect(Loader().load([other]).diagnostics.isEmpty)
        let files = (0...Loader.fileLimit).map { SourceFile(path: "\($0).yaml", bytes: []) }
        let loaded = Loader().load(files)
        #expect(loaded.diagnostics.map(\.code) == ["BYT005"])
        #expect(loaded.unreadable.count == files.count)
    }

    @Test(arguments: [
        ("../x.git", "https://h.org/a/b.git", "https://h.org/a/x.git"),
        ("./x.git", "https://h.org/a/b", "https://h.org/a/b/x.git"),
        ("../../x", "git@h.org:a/b", "git@h.org:x"),
        ("../x/", "/srv/a/b/", "/srv/a/x"),
        ("../../../x", "https://h.org/a/b", nil),
        ("../x/../../y", "/srv/a/b", nil),
        ("../../x", "/a/b", "/x"),
        ("../../../x", "/a/b", nil),
    ]) func `a relative URL is joined as git joins a submodule's`(
        relative: String,
        base: String,
        expected: String?
    ) {
        #expect(resolveURL(relative, against: base) == expected)
    }
}
