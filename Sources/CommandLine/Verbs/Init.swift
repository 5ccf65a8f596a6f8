package import ArgumentParser
import Catalog
import Domain
import Glibc

/// `agirunner init`.
package struct Init: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a configuration with playbooks of a catalog and all that they need.",
        usage: "agirunner init --from-catalog PATH [PLAYBOOK ...] [FOLDER]",
        discussion:
            "The catalog is a folder in the community's format. Without a PLAYBOOK, all of them are taken. "
            + "The last argument is the folder that is written to, if it is no playbook of the catalog; "
            + "else this one. No file is ever replaced."
    )

    @Option(help: "The folder of the catalog.") var fromCatalog: String
    @Argument(help: "Playbooks of the catalog, then perhaps a folder.") var arguments: [String] = []

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let files = try catalogFiles(in: fromCatalog)
        var options = LoadOptions.offline(isWhole: false)
        options.communityRoots = [catalogRoot(fromCatalog)]
        let loaded = Loader().load(files, options: options)
        let (playbooks, folder) = try split(loaded)
        let chosen = closure(of: playbooks, loaded)
        try refuseErrors(playbooks, loaded, files, environment)
        var written: [String] = []
        for object in chosen {
            let path =
                "\(folder)/\(Kind.named(object.kind)?.plural ?? "objects")/\(object.metadata.name).yaml"
            guard unsafe access(path, F_OK) != 0 else {
                throw CommandFailure("the file \"\(path)\" is there already, and no file is replaced")
            }
            written.append(path)
        }
        for (var object, path) in zip(chosen, written) {
            // Who reads the files says which namespace they are for.
            object.metadata.namespace = nil
            try makeFolders(above: path)
            try writeFile(path, YAMLText.document(nativeDocument(of: object)))
        }
        for path in written { environment.output(path) }
        let names = playbooks.joined(separator: ", ")
        environment.notice(
            "\(written.count) objects for \(names); 'agirunner validate \(folder)' checks them"
        )
    }

    /// The playbooks and the folder that the arguments mean.
    private func split(_ loaded: Loaded) throws -> (playbooks: [String], folder: String) {
        let keys = loaded.objects.map(\.object.key) + Array(loaded.heldBack.keys)
        let known = keys.filter { $0.kind == "Playbook" }.map(\.name).sorted()
        var names = arguments
        var folder = "."
        if let last = names.last, !known.contains(last), nearestName(to: last, among: known) == nil {
            folder = names.removeLast()
        }
        for name in names where !known.contains(name) {
            let nearest = nearestName(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw CommandFailure("there is no playbook '\(name)' in \(fromCatalog)\(nearest)")
        }
        var seen: Set<String> = []
        return (names.isEmpty ? known : names.filter { seen.insert($0).inserted }, catalogRoot(folder))
    }

    /// The playbooks and everything that they lead to, in the order in which they are applied.
    private func closure(of playbooks: [String], _ loaded: Loaded) -> [Object] {
        let byKey = Dictionary(
            loaded.objects.map { ($0.object.key, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var pending = loaded.objects.map(\.object.key).filter {
            $0.kind == "Playbook" && playbooks.contains($0.name)
        }
        var found: Set<ObjectKey> = []
        while let key = pending.popLast() {
            guard let declared = byKey[key], found.insert(key).inserted else { continue }
            pending += declared.references
        }
        return loaded.objects.map(\.object).filter { found.contains($0.key) }
    }

    /// A playbook with an error, or that needs something with one, is not written.
    private func refuseErrors(
        _ playbooks: [String],
        _ loaded: Loaded,
        _ files: [SourceFile],
        _ environment: CommandEnvironment
    ) throws {
        let bad = loaded.heldBack.filter { $0.key.kind == "Playbook" && playbooks.contains($0.key.name) }
        guard !bad.isEmpty else { return }
        for diagnostic in loaded.diagnostics where diagnostic.severity == .error {
            let source = files.first { $0.path == diagnostic.path }?.bytes
            environment.output(diagnostic.text(source: source))
        }
        let names = bad.keys.map(\.name).sorted().joined(separator: ", ")
        throw CommandFailure("nothing was written: there are errors in what \(names) needs")
    }
}

/// Makes the folders that a file lies in.
private func makeFolders(above path: String) throws {
    var folder = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/").dropLast() {
        folder += folder.isEmpty || folder.hasSuffix("/") ? String(part) : "/" + part
        guard unsafe mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw CommandFailure("the folder \"\(folder)\" cannot be made")
        }
    }
}
