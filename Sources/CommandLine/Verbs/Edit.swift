package import ArgumentParser
import Catalog
import Domain
import Glibc
import Reconciler

/// `agirunner edit`.
package struct Edit: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Change an object in your editor.",
        discussion: """
            Opens the object as YAML in what KUBE_EDITOR, VISUAL or EDITOR names, else in vi. What is saved \
            is checked and written; what is refused is opened again with the reasons on top. Where that is \
            left as it is, the file is kept and named. What a file declares is changed in the file, or taken \
            from it with --force-conflicts.

            Example:
              EDITOR=nano agirunner edit gitsource/main
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, or a kind and a name.") var words: [String]
    @OptionGroup var force: ForceChoice

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let (kind, name, rest) = try leadingTarget(words)
        guard rest.isEmpty else { throw CommandFailure("one object is edited at a time") }
        guard kind.isDeclared else {
            throw CommandFailure("a \(kind.name) is written by controllers; it cannot be edited")
        }
        let client = try connection.client()
        let object = try await client.get(kind, namespace: connection.namespace, name: name)
        guard !kind.isAlsoLive || object.metadata.isDeclared else {
            throw CommandFailure("\(object.key) is written by controllers; it cannot be edited")
        }
        if let source = object.origin.gitSource, !force.forceConflicts {
            let place = FilePlace(object.origin)?.description ?? "a file of it"
            try CommandEnvironment.required().notice(
                "\(object.key) is declared by GitSource/\(source) at \(place); what stands there is refused"
                    + " without --force-conflicts"
            )
        }
        var session = try EditSession(kind: kind, object: object, client: client, force: force)
        try await session.run()
    }
}

/// One object in a person's editor, until it is written or given up.
private struct EditSession {
    let kind: Kind
    let object: Object
    let client: ControlClient
    let force: ForceChoice
    private let original: String
    /// What is wrong with what was saved last, a line each.
    private var reasons: [String] = []

    init(kind: Kind, object: Object, client: ControlClient, force: ForceChoice) throws {
        self.kind = kind
        self.object = object
        self.client = client
        self.force = force
        var shown = object
        shown.metadata.managedFields = nil
        shown.status = nil
        original = YAMLText.document(try Value(encoding: shown))
    }

    mutating func run() async throws {
        let environment = try CommandEnvironment.required()
        let path = try temporaryFile("agirunner-edit", suffix: ".yaml")
        var text = original
        do {
            while true {
                try writeFile(path, header + text)
                let saved = Self.withoutComments(try editedText(at: path))
                if saved.isEmpty || saved == Self.withoutComments(original) {
                    _ = unsafe unlink(path)
                    return environment.notice("Edit cancelled, no changes made.")
                }
                guard reasons.isEmpty || saved != Self.withoutComments(text) else {
                    throw CommandFailure("Edit cancelled, no valid changes were saved.")
                }
                text = saved
                if let said = try await write(saved) {
                    _ = unsafe unlink(path)
                    return environment.output("\(kind.reference(object.metadata.name)) \(said)")
                }
            }
        } catch {
            environment.notice("A copy of your changes is kept in \(path)")
            throw error
        }
    }

    /// What the editor shows above the object.
    private var header: String {
        let intro = [
            "Change the object and save it. Lines that begin with '#' do not count;",
            "a file that is left as it is, or empty, changes nothing.",
        ]
        let refused = reasons.isEmpty ? [] : ["", "What was saved was refused:"] + reasons
        return (intro + refused).map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined() + "#\n"
    }

    private static func withoutComments(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.drop { $0.hasPrefix("#") || $0.allSatisfy(\.isWhitespace) }
        return kept.allSatisfy { $0.hasPrefix("#") || $0.allSatisfy(\.isWhitespace) }
            ? "" : kept.joined(separator: "\n")
    }

    /// Checks and writes what was saved, and answers the word for it; nil when it was refused, with the
    /// reasons for the next round.
    private mutating func write(_ text: String) async throws -> String? {
        guard let declared = try await load(text) else { return nil }
        guard declared.object.key == object.key else {
            reasons = ["kind, name and namespace must stay as they are: \(object.key)"]
            return nil
        }
        do {
            let after = try await put(declared.object)
            return isSame(object, after) ? "edited (no change)" : "edited"
        } catch let failure as CommandFailure where failure.reason == "Invalid" {
            reasons = failure.message.split(separator: "\n").map(String.init)
            return nil
        }
    }

    private mutating func load(_ text: String) async throws -> Declared? {
        let options = LoadOptions.files(beside: try await storedObjects(client))
        let bytes = Array(text.utf8)
        let loaded = Loader().load([SourceFile(path: "edited.yaml", bytes: bytes)], options: options)
        let errors = loaded.diagnostics.filter { $0.severity == .error }
        reasons = errors.flatMap { error in
            error.text(source: bytes).split(separator: "\n").map(String.init)
        }
        guard errors.isEmpty else { return nil }
        guard let first = loaded.objects.first, loaded.objects.count == 1 else {
            reasons = ["there must be one object"]
            return nil
        }
        return first
    }

    /// Replaces the object that was opened; a status that moved since is no conflict, anything else is.
    private func put(_ edited: Object) async throws -> Object {
        var version = object.metadata.resourceVersion
        let path =
            client.path(kind, namespace: object.metadata.namespace, name: object.metadata.name)
            + client.query([force.item])
        for attempt in 1... {
            var body = edited
            body.metadata.resourceVersion = version
            do {
                return try client.decode(try await client.request("PUT", path, try Value(encoding: body)))
            } catch let failure as CommandFailure where failure.isStale {
                let now = try await client.get(
                    kind,
                    namespace: object.metadata.namespace,
                    name: object.metadata.name
                )
                guard now.metadata.uid == object.metadata.uid, isSame(object, now) else {
                    throw CommandFailure(
                        "\(object.key) was changed since you opened it; edit it again",
                        reason: failure.reason
                    )
                }
                guard attempt < 5 else { throw failure }
                version = now.metadata.resourceVersion
            }
        }
        throw CommandFailure("\(object.key) keeps changing; try again")
    }
}
