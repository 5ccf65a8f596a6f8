import Domain
import Testing

@Suite struct OriginTests {
    private let object = Object(
        kind: "Role",
        metadata: Metadata(name: "a", namespace: "default"),
        spec: [:],
        status: ["phase": "x"]
    )

    @Test func `an object of git shows its source, and is read back with it`() throws {
        let origin = Origin(
            gitSource: "main",
            commit: CommitID("c"),
            path: "roles/a.yaml",
            position: TextPosition(line: 3, column: 5)
        )
        let shown = Stored(object: object, digest: Digest("d"), origin: origin).shown
        #expect(
            shown.status == [
                "phase": "x",
                "source": [
                    "gitSource": "main", "commit": "c", "path": "roles/a.yaml", "line": 3, "column": 5,
                ],
            ]
        )
        #expect(shown.origin == origin)
        var annotated = origin
        annotated.fields = FieldSet(of: ["spec": ["a": 1, "b": 1]])
        annotated.owners = [
            FieldOwner(
                name: "unix:7",
                operation: .update,
                time: Timestamp(microseconds: 0),
                fields: FieldSet(of: ["spec": ["b": 1], "metadata": ["labels": ["team": "red"]]])
            )
        ]
        annotated.taken = FieldSet(of: ["spec": ["b": 1]])
        let again = Stored(object: object, digest: Digest("d"), origin: annotated).shown
        #expect(again.origin == annotated)
        #expect(again.metadata.managedFields?.map(\.manager) == ["git:main", "unix:7"])
        #expect(again.metadata.managedFields?.first?.fieldsV1 == ["f:spec": ["f:a": [:]]])
    }

    @Test func `what a person applied shows who it was and through which door`() {
        let shown = Stored(object: object, digest: Digest("d"), origin: Origin(appliedBy: "unix:7")).shown
        #expect(shown.status?["appliedBy"] == ["user": "unix:7", "door": "control"])
        #expect(shown.origin == Origin(appliedBy: "unix:7"))
    }

    @Test func `a status whose source is something else tells no origin`() {
        var revision = object
        revision.status = ["source": "main"]
        #expect(revision.origin == Origin(appliedBy: nil))
    }
}
