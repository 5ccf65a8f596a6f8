import Domain
import Testing

@testable import Catalog

@Suite struct PolicyTests {
    private func policy(_ scope: String, _ rest: String) -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Policy
        metadata: {name: gates}
        spec:
          appliesTo: \(scope)
        \(rest)

        """
    }

    private let gate = """
          requireGates:
            - playbook: mend-a-leak
              stage: water-on
              gate: {approvers: ["role:operator"]}
          assesses: [inspector]
        """

    /// The catalog below a folder, beside a Policy.
    private func load(_ policy: String, _ change: (inout LoadOptions) -> Void = { _ in }) throws -> Loaded {
        let catalog = try Configuration("community")
        var options = catalog.options
        options.communityRoots = ["catalog"]
        change(&options)
        let files = catalog.sourceFiles.map { SourceFile(path: "catalog/\($0.path)", bytes: $0.bytes) }
        return Loader().load(
            files + [SourceFile(path: "policy.yaml", bytes: Array(policy.utf8))],
            options: options
        )
    }

    private func stages(_ loaded: Loaded) throws -> [PlaybookSpec.Stage] {
        let playbook = try #require(loaded.objects.first { $0.object.kind == "Playbook" })
        #expect(playbook.digest == digest(of: playbook.object.spec ?? [:]))
        let spec: PlaybookSpec = try (playbook.object.spec ?? [:]).decode()
        return spec.stages
    }

    @Test func `a Policy adds a gate to a stage of an imported playbook, and says who judges`() throws {
        let loaded = try load(policy("{source: main}", gate))
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text() })")
        let stages = try stages(loaded)
        #expect(stages.map { $0.gate?.approvers } == [nil, nil, nil, ["role:operator"]])
        #expect(stages[3].gate?.onReject == .fail && stages[3].gate?.count == 1)
        #expect(stages[2].roles == [] && stages[2].assessedBy == ["inspector"])
        #expect(stages[3].roles == ["plumber"])
    }

    @Test(arguments: ["{source: other}", "{labels: {agirunner.dev/category: content}}"])
    func `a Policy leaves alone what it is not for`(scope: String) throws {
        let loaded = try load(policy(scope, gate))
        // Nothing meets the demand, which may come yet.
        #expect(loaded.diagnostics.map(\.code) == ["POL006"] && !loaded.hasErrors)
        #expect(try stages(loaded).allSatisfy { $0.gate == nil && $0.assessedBy == [] })
    }

    @Test func `a Policy that is stored is in force for what is loaded after it`() throws {
        let first = try load(policy("{labels: {agirunner.dev/category: engineering}}", gate))
        let stored = try #require(first.objects.first { $0.object.kind == "Policy" }).object
        let catalog = try Configuration("community")
        var options = catalog.options
        options.existing[stored.key] = stored.spec
        let loaded = Loader().load(catalog.sourceFiles, options: options)
        #expect(loaded.diagnostics.isEmpty)
        #expect(try stages(loaded)[3].gate?.approvers == ["role:operator"])
        options.namespace = "elsewhere"
        let elsewhere = Loader().load(catalog.sourceFiles, options: options)
        #expect(try stages(elsewhere)[3].gate == nil)
    }

    @Test(arguments: [true, false])
    func `what a commit changes is judged with the Policies that stand`(isOwn: Bool) throws {
        var native = try Configuration()
        let rule = "  requireGates:\n    - stage: review\n      gate: {approvers: [\"user:ann\"]}"
        let text = policy("{}", rule)
        if isOwn { native.append(text, to: "policy.yaml") }
        let other = Loader().load([SourceFile(path: "policy.yaml", bytes: Array(text.utf8))]).objects[0]
        if !isOwn { native.options.existing[other.object.key] = other.object.spec }
        var memory = LoaderMemory()
        for file in native.sourceFiles { memory.remember(Loader().read(file)) }
        let first = memory.judge(native.options, othersVersion: "1").loaded
        #expect(first.diagnostics.isEmpty, "\(native.report(first))")
        let path = "playbooks/bug-fix/playbook.yaml"
        native.replace("version: \"1.0.0\"", "version: \"1.0.1\"", in: path)
        memory.remember(Loader().read(SourceFile(path: path, bytes: native.files[path] ?? [])))
        let second = memory.judge(native.options, othersVersion: "1").loaded
        let whole = native.load()
        #expect(
            second.objects.sorted { $0.object.key < $1.object.key }.map(\.digest)
                == whole.objects.sorted { $0.object.key < $1.object.key }.map(\.digest)
        )
        let stage = try stages(second).first { $0.name == "review" }
        #expect(stage?.gate?.approvers == ["user:ann"])
    }

    @Test func `a stage keeps its own gate, and its files are the same with a Policy`() throws {
        let loaded = try load(policy("{}", gate))
        let catalog = try Configuration("community")
        #expect(catalog.differences(loaded) == [])
        var native = try Configuration()
        let rule = "  requireGates:\n    - stage: release\n      gate: {approvers: [\"user:ann\"]}"
        native.append(policy("{}", rule), to: "policy.yaml")
        let again = native.load()
        #expect(again.diagnostics.isEmpty, "\(native.report(again))")
        #expect(try stages(again).last?.gate?.approvers == ["role:operator"])
    }
}
