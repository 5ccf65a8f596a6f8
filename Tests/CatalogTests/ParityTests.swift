import Domain
import Testing

@testable import Catalog

/// `validate` without a server and the server itself say the same, but for what only the server knows.
@Suite struct ParityTests {
    /// What a commit may declare, who else declares it, and where the source is: the server alone knows.
    private static let serverOnly: Set<Code> = [
        .kindNotGranted, .namespaceNotGranted, .sourceAsWorkspace, .unchangedVersion,
        .immutable, .widenedRights,
    ]
    static let ofFiles = Mistake.all.filter {
        !serverOnly.contains($0.code) && !["above-root", "stored"].contains($0.name)
    }

    /// What one object cannot show: a door sees no other file and passes over what it added itself.
    private static let ofFilesOnly: Set<Code> = [
        .declaredTwice, .statusDeclared, .unused, .policiesDisagree,
    ]
    static let ofObjects = ofFiles.filter { mistake in
        // Nothing after a colon is null in JSON, which is another mistake; and what a mistake holds back
        // stands as it was, so that a door may find fault with those who name it.
        !ofFilesOnly.contains(mistake.code) && mistake.base == "good"
            && !["empty", "metadata", "across-files", "stands"].contains(mistake.name)
    }

    @Test(arguments: ofFiles)
    func `a commit is told what validate tells, at the same places`(mistake: Mistake) throws {
        var configuration = try Configuration(mistake.base)
        mistake.make(&configuration)
        var offlineOptions = LoadOptions.offline(isWhole: true)
        offlineOptions.communityRoots = configuration.options.communityRoots
        let offline = Loader().load(configuration.sourceFiles, options: offlineOptions)
        var spec = try source()
        if mistake.base == "community" { spec.layout = .community }
        let commit = CommitID(String(repeating: "a", count: 40))
        let options = LoadOptions.source("main", spec, commit: commit, stored: [])
        let online = Loader().load(configuration.sourceFiles, options: options)
        #expect(offline.diagnostics == online.diagnostics)
        #expect(offline.diagnostics.contains { $0.code == mistake.code.rawValue })
        #expect(Set(offline.heldBack.keys) == Set(online.heldBack.keys))
    }

    /// Whether a door can be sent the mistake: the form of a file, what only YAML reads in two ways, a secret
    /// and a Workspace are told of documents that are not compared.
    private static func isSaidByValues(_ mistake: Mistake) -> Bool {
        let ofText = mistake.code == .ambiguousScalar && mistake.name != "version" && mistake.name != "null"
        return !["BYT", "YML", "SEC"].contains(mistake.code.rawValue.prefix(3)) && !ofText
            && mistake.code != .workspaceFields && !["boolean", "transport"].contains(mistake.name)
    }

    @Test(arguments: ofObjects)
    func `a door says of an object what validate says of its document`(mistake: Mistake) throws {
        var configuration = try Configuration()
        let good = Loader().load(configuration.sourceFiles, options: .offline(isWhole: true)).objects
        mistake.make(&configuration)
        let offline = Loader().load(configuration.sourceFiles, options: .offline(isWhole: false))
        let known = Dictionary((good + offline.objects).map { ($0.object.key, stored($0)) }) { $1 }
        var codes: Set<String> = []
        // A door refuses relative workspaces, and what has neither kind nor name cannot be found again.
        for (object, value) in documents(configuration) where value["kind"] != "Workspace" && object != "" {
            let kind = value["kind"]?.string ?? ""
            let name = value.at("metadata", "name")?.string ?? ""
            let namespace = Kind.named(kind)?.isNamespaced == true ? "default" : nil
            let key = ObjectKey(kind, namespace: namespace, name: name)
            let options = LoadOptions.door(
                "unix:1000",
                key,
                specs: Array(known.values).specs,
                stored: known[key]
            )
            let diagnostics = Loader().load(value, options: options).diagnostics
            let wanted = offline.diagnostics.filter { $0.object == object }.map(summary)
            #expect(diagnostics.map(summary).sorted() == wanted.sorted(), "\(object)")
            codes.formUnion(diagnostics.map(\.code))
        }
        #expect(codes.contains(mistake.code.rawValue) || !Self.isSaidByValues(mistake))
    }

    @Test func `a client may have unknown fields left out, with a warning or without`() throws {
        let skill: Value = [
            "apiVersion": "agirunner.dev/v1", "kind": "Skill", "metadata": ["name": "a", "colour": "red"],
            "spec": ["displayName": "A", "summary": "s", "body": "b", "delivry": "onDemand"], "extra": 1,
        ]
        var options = LoadOptions()
        #expect(Loader().load(skill, options: options).objects.isEmpty)
        options.unknownFields = .warned
        let warned = Loader().load(skill, options: options)
        #expect(
            warned.diagnostics.map(\.message).sorted() == [
                "unknown field \"extra\"", "unknown field \"metadata.colour\"",
                "unknown field \"spec.delivry\"",
            ]
        )
        #expect(warned.diagnostics.allSatisfy { $0.severity == .warning })
        options.unknownFields = .ignored
        let ignored = Loader().load(skill, options: options)
        #expect(ignored.diagnostics.isEmpty && ignored.objects == warned.objects)
        #expect(ignored.objects.first?.object.spec?["delivery"] == "inline")
        #expect(ignored.objects.first?.object.spec?["delivry"] == nil)
    }

    private func summary(_ diagnostic: Diagnostic) -> String {
        "\(diagnostic.code) \(diagnostic.severity.rawValue) \(diagnostic.field ?? "") \(diagnostic.message)"
    }

    private func stored(_ declared: Declared) -> Stored {
        Stored(object: declared.object, digest: declared.digest, origin: Origin(appliedBy: "unix:1000"))
    }

    /// The documents that are JSON values too, each with the object it is about.
    private func documents(_ configuration: Configuration) -> [(object: String, value: Value)] {
        configuration.sourceFiles.flatMap { file in
            var findings = Findings(path: file.path)
            let stream = YAMLComposer.compose(SourceText(bytes: file.bytes, size: file.size), &findings)
            return stream.documents.compactMap { document -> (String, Value)? in
                var reader = ShapeReader(findings: Findings(path: file.path))
                let place = Place(root: document)
                guard findings.diagnostics.isEmpty, let value = reader.read(place, as: .anything),
                    reader.findings.diagnostics.isEmpty
                else { return nil }
                let names = [place["kind"]?.text, place["metadata"]?["name"]?.text]
                return (names.compactMap(\.self).joined(separator: "/"), value)
            }
        }
    }

    private func source() throws -> GitSourceSpec {
        let kinds: Value = ["*", "AccessBinding", "Fleet", "GitSource", "Policy", "SecretStore"]
        let spec: Value = [
            "url": "/srv/repositories/config", "ref": ["branch": "main"], "path": "", "namespace": "default",
            "include": [], "exclude": [], "interval": "60s", "timeout": "60s",
            "grants": ["namespaces": ["*"], "kinds": kinds],
            "prune": ["enabled": true, "maxPercent": 25], "drift": "correct", "suspend": false,
        ]
        return try spec.decode()
    }
}
