import Domain
import Testing

@testable import Catalog

/// Pieces of work among each other, and beside the run that they are for.
@Suite struct IntakeTests {
    private func item(_ name: String, parent: String?) -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: WorkItem
        metadata: {name: \(name)}
        spec:
          workflowRef: fix-division
          stage: implement
          title: T
          goal: G
          acceptance: A
        \(parent.map { "  parentRef: \($0)" } ?? "")
        ---

        """
    }

    /// The good configuration, whose playbook goes on for ever, beside some items with their parents.
    private func configuration(_ items: [(name: String, parent: String?)]) throws -> Configuration {
        var configuration = try Configuration()
        configuration.replace(
            "  outcome:",
            "  lifecycle: ongoing\n  outcome:",
            in: "playbooks/bug-fix/playbook.yaml"
        )
        for (name, parent) in items { configuration.append(item(name, parent: parent), to: "work.yaml") }
        return configuration
    }

    private func names(_ loaded: Loaded) -> [String] {
        loaded.objects.filter { $0.object.kind == "WorkItem" }.map(\.object.metadata.name)
    }

    @Test func `what an item is a part of comes before it, and after the run`() throws {
        let items = [("a", "b"), ("b", "z"), ("c", "a"), ("m", nil), ("z", nil)] as [(String, String?)]
        let loaded = try configuration(items).load()
        #expect(loaded.heldBack.isEmpty, "\(loaded.diagnostics.map { $0.text() })")
        #expect(names(loaded) == ["m", "z", "b", "a", "c"])
        let kinds = loaded.objects.map(\.object.kind)
        let run = try #require(kinds.firstIndex(of: "Workflow"))
        #expect(kinds.firstIndex(of: "WorkItem").map { $0 > run } == true)
    }

    @Test func `items in a circle are told once, as the way they lead, and held back with what is below`()
        throws
    {
        let items = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "c"), ("free", nil)] as [(String, String?)]
        let loaded = try configuration(items).load()
        let errors = loaded.diagnostics.filter { $0.severity == .error }
        #expect(errors.map(\.code) == ["REF006"])
        let way = ["a", "b", "c", "a"].map { "WorkItem/\($0)" }.joined(separator: " → ")
        #expect(errors.first?.message == "spec.parentRef must not form a cycle: \(way)")
        #expect(errors.first?.notes.count == 3)
        #expect(names(loaded) == ["free"])
        #expect(loaded.heldBack.keys.map(\.name).sorted() == ["a", "b", "c", "d"])
    }

    @Test func `a playbook that ends holds back the work of its runs, whichever file changes`() throws {
        var configuration = try configuration([("a", nil)])
        let path = "playbooks/bug-fix/playbook.yaml"
        var memory = LoaderMemory()
        for file in configuration.sourceFiles { memory.remember(Loader().read(file)) }
        #expect(!memory.judge(configuration.options, othersVersion: "1").loaded.hasErrors)
        configuration.replace("lifecycle: ongoing", "lifecycle: planned", in: path)
        let file = SourceFile(path: path, bytes: try #require(configuration.files[path]))
        memory.remember(Loader().read(file))
        let loaded = memory.judge(configuration.options, othersVersion: "1").loaded
        #expect(loaded.diagnostics.filter { $0.severity == .error }.map(\.code) == ["SEM019"])
        #expect(loaded.heldBack.keys.map(\.name) == ["a"])
    }

    @Test func `what reads work for a commit and for a person reads the run and its playbook`() {
        for kind in ["Playbook", "WorkItem", "Workflow"] {
            #expect(LoadOptions.kindsReadOfOthers.contains(kind))
            #expect(LoadOptions.kindsRead(by: "WorkItem").contains(kind))
            #expect(LoadOptions.kindsRead(by: "Trigger").contains(kind) || kind == "WorkItem")
        }
    }
}
