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

    private func places(_ options: LoadOptions) throws -> [String: TextPosition] {
        let loaded = Loader().load([SourceFile(path: "a.yaml", bytes: Array(file.utf8))], options: options)
        #expect(loaded.heldBack.isEmpty)
        return try #require(loaded.objects.first).places
    }

    @Test func `a load keeps where each field stands when it is asked to`() throws {
        var options = LoadOptions()
        options.keepsPlaces = true
        let places = try places(options)
        let told = places.map { "\($0.key) \($0.value.line):\($0.value.column)" }.sorted()
        #expect(
            told == [
                "metadata.labels 5:3", "metadata.labels.tier 6:11", "spec 7:1", "spec.description 9:16",
                "spec.displayName 8:16", "spec.escalation 13:3", "spec.escalation.maxDepth 14:15",
                "spec.prompt 10:11", "spec.tools 12:3", "spec.tools[0] 12:11", "spec.tools[1] 12:22",
            ]
        )
    }

    @Test func `a load keeps no places that nobody asked for`() throws {
        #expect(try places(LoadOptions()).isEmpty)
    }
}
