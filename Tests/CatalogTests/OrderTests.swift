import Domain
import Testing

@testable import Catalog

/// What objects wait for by their annotation.
@Suite struct OrderTests {
    private func role(_ name: String, after other: String) -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Role
        metadata: {name: \(name), annotations: {agirunner.dev/depends-on: \(other)}}
        spec: {displayName: R, description: R., prompt: P., tools: [file_read]}
        ---

        """
    }

    private func load(_ files: [String: String], _ options: LoadOptions = LoadOptions()) -> Loaded {
        Loader().load(files.map { SourceFile(path: $0.key, bytes: Array($0.value.utf8)) }, options: options)
    }

    @Test func `a cycle is told however many objects lead to it without being in it`() {
        let waiting = (0..<300).map { role("waiting-\($0)", after: "Role/first") }
        let loaded = load([
            "a.yaml": waiting.joined(),
            "b.yaml": role("first", after: "Role/second") + role("second", after: "Role/first"),
        ])
        #expect(loaded.diagnostics.map(\.code) == ["REF006"])
        #expect(
            loaded.diagnostics.first?.message.hasSuffix("Role/first → Role/second → Role/first") == true
        )
        #expect(loaded.objects.isEmpty && loaded.heldBack.count == 302)
    }

    @Test func `of many cycles each is told, and the first ones from end to end`() {
        let pairs = (10..<80).map {
            role("a-\($0)", after: "Role/b-\($0)") + role("b-\($0)", after: "Role/a-\($0)")
        }
        let loaded = load(["a.yaml": pairs.joined()])
        #expect(loaded.diagnostics.map(\.code) == Array(repeating: "REF006", count: 70))
        #expect(loaded.diagnostics.first?.message.contains("Role/a-10 → Role/b-10 → Role/a-10") == true)
        #expect(loaded.diagnostics.last?.message.contains("Role/a-79 → Role/b-79") == true)
        #expect(loaded.objects.isEmpty && loaded.heldBack.count == 140)
    }

    @Test(arguments: [("default", [String]()), ("team", ["SCH005"])])
    func `a name may say the namespace that the object is in, also where its file says none`(
        namespace: String,
        codes: [String]
    ) {
        let free = role("free", after: "\"\"").replacing(
            ", annotations: {agirunner.dev/depends-on: \"\"}",
            with: ""
        )
        let files = ["a.yaml": role("bound", after: "default/Role/free"), "b.yaml": free]
        let loaded = load(files, LoadOptions().with { $0.namespace = namespace })
        #expect(loaded.diagnostics.map(\.code) == codes)
        #expect(loaded.objects.count == 2 - codes.count)
    }
}
