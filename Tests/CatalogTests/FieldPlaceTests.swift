import Catalog
import Domain
import Testing

@Suite struct FieldPlaceTests {
    private let file = """
        apiVersion: agirunner.dev/v1
        kind: Role
        metadata:
          name: developer
          labels:
            tier: one
        spec:
          displayName: Developer
          description: Writes code.
          prompt: |
            Do it.
          tools: [file_read, file_write]
          escalation:
            maxDepth: 2

        """

    private func load(_ options: LoadOptions) throws -> Declared {
        let loaded = Loader().load([SourceFile(path: "a.yaml", bytes: Array(file.utf8))], options: options)
        #expect(loaded.heldBack.isEmpty)
        return try #require(loaded.objects.first)
    }

    @Test func `a load keeps where each field stands when it is asked to`() throws {
        var options = LoadOptions()
        options.keepsPlaces = true
        let places = try load(options).places
        let told = places.map { "\($0.key) \($0.value.line):\($0.value.column)" }.sorted()
        #expect(
            told == [
                "metadata.labels 5:3", "metadata.labels.tier 6:11", "spec 7:1", "spec.description 9:16",
                "spec.displayName 8:16", "spec.escalation 13:3", "spec.escalation.maxDepth 14:15",
                "spec.prompt 10:11", "spec.tools 12:3", "spec.tools[0] 12:11", "spec.tools[1] 12:22",
            ]
        )
    }

    @Test func `what is written is kept without the defaults, and with what is empty`() throws {
        var options = LoadOptions()
        options.keepsPlaces = true
        let role = try load(options)
        #expect(role.asWritten.spec?["escalation"] == ["maxDepth": 2])
        #expect(role.asWritten.spec?["handoff"] == nil && role.object.spec?["handoff"] != nil)
        let text = """
            apiVersion: agirunner.dev/v1
            kind: Policy
            metadata: {name: house-rules}
            spec: {appliesTo: {}, requirePins: true}
            """
        let file = SourceFile(path: "b.yaml", bytes: Array(text.utf8))
        let policy = try #require(Loader().load([file], options: options).objects.first)
        #expect(policy.asWritten.spec == ["appliesTo": [:], "requirePins": true])
    }

    @Test func `a load keeps nothing that nobody asked for`() throws {
        let role = try load(LoadOptions())
        #expect(role.places.isEmpty && role.writtenSpec == nil)
    }
}
