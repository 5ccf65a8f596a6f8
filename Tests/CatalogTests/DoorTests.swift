import Domain
import Testing

@testable import Catalog

@Suite struct DoorTests {
    private let options = LoadOptions().with { $0.appliedBy = "unix:1000" }

    private func skill(_ change: (inout Value) -> Void = { _ in }) -> Value {
        var object: Value = [
            "apiVersion": "agirunner.dev/v1", "kind": "Skill",
            "metadata": ["name": "reading", "labels": ["team": "core"]],
            "spec": ["displayName": "Reading", "summary": "How to read.", "body": "Slowly."],
        ]
        change(&object)
        return object
    }

    @Test func `an object is validated as a file is`() throws {
        let declared = try Loader().validate(skill(), options: options).get()
        #expect(declared.object.key == ObjectKey("Skill", namespace: "default", name: "reading"))
        #expect(declared.object.spec?["delivery"] == "inline")
        #expect(declared.object.metadata.labels == ["team": "core"])
        #expect(declared.origin.appliedBy == "unix:1000" && declared.origin.gitSource == nil)
        let fields = ["metadata.labels.team", "spec.body", "spec.displayName", "spec.summary"]
        #expect(declared.origin.fields?.paths == fields, "not what is filled in")
        let text =
            "apiVersion: agirunner.dev/v1\nkind: Skill\nmetadata: {name: reading}\n"
            + "spec: {displayName: Reading, summary: How to read., body: Slowly.}\n"
        let file = Loader().load([SourceFile(path: "a.yaml", bytes: Array(text.utf8))])
        #expect(file.objects.first?.digest == declared.digest)
    }

    @Test func `what the server added is passed over`() throws {
        let object = skill {
            $0["status"] = ["conditions": []]
            $0["metadata"]?["uid"] = "0"
            $0["metadata"]?["creationTimestamp"] = .null
            $0["metadata"]?["managedFields"] = []
        }
        #expect(throws: Never.self) { try Loader().validate(object, options: options).get() }
    }

    @Test func `mistakes are told all at once`() {
        let object = skill {
            $0["spec"]?["body"] = 5
            $0["spec"]?["summry"] = "x"
            $0["metadata"]?["name"] = "Not A Name"
        }
        guard case .failure(let rejection) = Loader().validate(object, options: options, path: "body") else {
            Issue.record("the object must be rejected")
            return
        }
        #expect(rejection.diagnostics.map(\.code).sorted() == ["SCH001", "SCH005", "TXT001"])
        #expect(
            rejection.diagnostics.allSatisfy {
                $0.path == "body" && $0.span.start == .init(line: 1, column: 1)
            }
        )
    }

    private static let noObjects: [Value] = [
        .null, .array([]), .string("text"), .integer(5), .object([:]),
        .object(["kind": .object([:]), "metadata": .integer(1), "spec": .null]),
    ]

    @Test(arguments: noObjects) func `what is no object is rejected`(value: Value) {
        guard case .failure(let rejection) = Loader().validate(value, options: options) else {
            Issue.record("the value must be rejected")
            return
        }
        #expect(!rejection.diagnostics.isEmpty)
    }

    @Test func `a relative workspace needs a source`() {
        let object: Value = [
            "apiVersion": "agirunner.dev/v1", "kind": "Workspace", "metadata": ["name": "app"],
            "spec": ["type": "git", "url": "../app.git"],
        ]
        guard case .failure(let rejection) = Loader().validate(object, options: options) else {
            Issue.record("the workspace must be rejected")
            return
        }
        #expect(rejection.diagnostics.map(\.code) == ["SCH005"])
    }

    @Test func `a digest is over the canonical spec with its defaults`() throws {
        let plain = try Loader().validate(skill(), options: options).get()
        let explicit = try Loader().validate(
            skill { $0["spec"]?["delivery"] = "inline" },
            options: options
        ).get()
        let other = try Loader().validate(skill { $0["spec"]?["delivery"] = "onDemand" }, options: options)
            .get()
        #expect(plain.digest == explicit.digest && plain.digest != other.digest)
        #expect(
            digest(of: [:]).text == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        )
    }
}
