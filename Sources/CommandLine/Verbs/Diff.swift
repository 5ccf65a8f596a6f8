package import ArgumentParser
import Catalog
import Domain
import Git
import Reconciler

/// `agirunner diff`.
package struct Diff: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Compare two revisions of a repository without a server, or files with a server.",
        discussion:
            "With --revision only the two trees are read: A..B compares them as they are, A...B compares B "
            + "with the newest commit both have in common, as a pull request does. With -f it says what "
            + "'apply -f' would change.\n\n"
            + "Examples:\n"
            + "  agirunner diff --revision main...HEAD -o markdown\n"
            + "  agirunner diff --revision v1..v2 config\n"
            + "  agirunner diff -f roles/developer.yaml\n\n"
            + "Exit codes: 0 the same, 1 different, 2 failed or invalid; with --detailed-exitcode 0 the "
            + "same, 2 different, 1 failed or invalid."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions
    @Option(help: "A..B or A...B; what is left out is HEAD.") var revision: String?
    @Argument(help: "The folder of the repository that declares, from its top (default: all of it).")
    var path = ""
    @Option(help: "A folder of the repository to read.") var repository = "."
    @Option(name: .shortAndLong, help: "text, json or markdown.") var output = "text"
    @Flag(help: "Exit with 2 when something differs, and with 1 when it cannot be told.")
    var detailedExitcode = false

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        try await ComparisonExit.of(detailed: detailedExitcode) {
            let environment = try CommandEnvironment.required()
            let format = try ReportFormat(output)
            let (report, heading) = try await compare()
            environment.output(try report.shown(heading, as: format))
            return report
        }
    }

    private func compare() async throws -> (ChangeReport, ReportHeading) {
        guard let revision else {
            guard !files.filename.isEmpty else {
                throw CommandFailure("must specify --revision A..B, or -f FILE to compare with the server")
            }
            return try await compareWithServer()
        }
        guard files.filename.isEmpty else {
            throw CommandFailure("--revision compares two revisions, and -f files with the server")
        }
        return try compareRevisions(revision)
    }

    private func compareRevisions(_ range: String) throws -> (ChangeReport, ReportHeading) {
        let environment = try CommandEnvironment.required()
        let repository = try Checkout.repository(containing: repository)
        let (from, to) = try RevisionRange(range).commits(in: repository)
        let before = try load(repository, from)
        // Whether a run has started is not known here, and only then it may not change.
        let judged = before.loaded.objects.filter { $0.object.kind != "Workflow" }
        let specs = judged.map { ($0.object.key, $0.object.spec ?? [:]) }
        let inForce = Dictionary(specs, uniquingKeysWith: { first, _ in first })
        let after = try load(repository, to, inForce: inForce)
        if before.loaded.hasErrors {
            environment.notice("\(from.short) has errors itself; what they hold back counts as missing there")
        }
        let diagnostics = news(in: after.loaded.diagnostics, since: before.loaded.diagnostics)
        for diagnostic in diagnostics {
            environment.notice(diagnostic.text(source: after.files?.bytes(of: diagnostic.path)))
        }
        let report = ChangeReport(
            from: before.loaded.objects,
            to: after.loaded.objects,
            heldBack: after.loaded.heldBack,
            diagnostics: diagnostics,
            comparison: fieldComparison
        )
        let heading = ReportHeading(
            title: path.isEmpty ? "Changes" : "Changes in \(path)",
            from: from.short,
            to: to.short,
            isFuture: false
        )
        return (report, heading)
    }

    /// Every error, and the warnings that the older tree does not have already: the others are not what the
    /// change is about.
    private func news(in diagnostics: [Diagnostic], since old: [Diagnostic]) -> [Diagnostic] {
        func identity(_ diagnostic: Diagnostic) -> [String?] {
            [diagnostic.code, diagnostic.object ?? diagnostic.path, diagnostic.field]
        }
        let known = Set(old.map(identity))
        return diagnostics.filter { $0.severity == .error || !known.contains(identity($0)) }
    }

    /// The tree of one side; a folder that a commit does not have declares nothing there.
    private func load(
        _ repository: LocalRepository,
        _ commit: CommitID,
        inForce: [ObjectKey: Value] = [:]
    ) throws -> (files: TreeFiles?, loaded: Loaded) {
        let files: TreeFiles
        do {
            files = try TreeFiles(repository, commit: commit, below: path)
        } catch let failure as Failure where failure.reason == "path_missing" {
            return (nil, Loaded())
        }
        // Where the source will be is not known; both sides take the same place for it.
        var options = LoadOptions.offline(isWhole: path.isEmpty)
        options.gitSource = "repository"
        options.commit = commit
        options.namespace = connection.namespace
        options.inForce = inForce
        options.keepsPlaces = true
        return (files, Loader().load(files.files, options: options))
    }

    private func compareWithServer() async throws -> (ChangeReport, ReportHeading) {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let declared = try await files.declared(connection, client)
        let keys = Set(declared.map(\.object.key))
        let stored = try await storedObjects(client).filter { keys.contains($0.object.key) }
        let owned = Dictionary(stored.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
        var wanted: [Declared] = []
        for declared in declared {
            // What is new is what its file says.
            guard let stored = owned[declared.object.key] else {
                wanted.append(declared)
                continue
            }
            guard let source = stored.origin.gitSource else {
                wanted.append(try await applied(declared, over: stored, client))
                continue
            }
            let place = FilePlace(stored.origin).map { " at \($0)" } ?? ""
            environment.notice(
                "\(stored.object.key) is declared by GitSource/\(source)\(place); the server would refuse it"
            )
            wanted.append(declared.beside(stored))
        }
        let live = stored.map {
            Declared(object: $0.object, digest: $0.digest, origin: $0.origin, references: [])
        }
        var report = ChangeReport(from: live, to: wanted, comparison: fieldComparison)
        report.changes.removeAll { $0.act == .move }
        let files = files.filename.joined(separator: ", ")
        return (report, ReportHeading(title: "Changes", from: "the server", to: files))
    }

    /// What the server says an object would be, with the places of its file.
    ///
    /// What it refuses is compared as the file has it: somebody else holds a field, which is said, or the
    /// object refers to what is new in another file.
    private func applied(
        _ declared: Declared,
        over stored: Stored,
        _ client: ControlClient
    ) async throws -> Declared {
        guard let kind = Kind.named(declared.object.kind) else { return declared }
        let object = ApplySet.keeping(declared.asWritten, live: stored.object)
        do {
            let after = try await client.apply(kind, object, query: [("dryRun", DryRun.server.parameter)])
            return declared.being(after)
        } catch let failure as CommandFailure where ["Conflict", "Invalid"].contains(failure.reason) {
            if failure.reason == "Conflict" {
                try CommandEnvironment.required().notice(failure.message)
            }
            return declared
        }
    }
}

extension Declared {
    /// This object as its source would have it, with what others hold of the one that is stored.
    fileprivate func beside(_ stored: Stored) -> Declared {
        var copy = self
        copy.origin.gitSource = stored.origin.gitSource
        return copy.keepingFields(of: stored, drift: .correct)
    }

    /// What another object has, at the places of this one.
    fileprivate func being(_ object: Object) -> Declared {
        var copy = self
        copy.object.spec = object.spec
        copy.object.metadata.labels = object.metadata.labels
        copy.object.metadata.annotations = object.metadata.annotations
        copy.digest = Catalog.digest(of: object.spec ?? [:])
        return copy
    }
}

/// Two revisions as git writes them: `A..B` or `A...B`.
struct RevisionRange: Equatable {
    let from: String
    let to: String
    /// Whether the first is replaced by what both have in common.
    let isFromMergeBase: Bool

    /// Reads a range; *throws* when there are no two dots in it.
    init(_ text: String) throws {
        guard let dots = text.firstRange(of: "..") else {
            throw CommandFailure("--revision must be A..B, as in 'main..HEAD', not '\(text)'")
        }
        let rest = text[dots.upperBound...]
        isFromMergeBase = rest.hasPrefix(".")
        let (first, last) = (text[..<dots.lowerBound], isFromMergeBase ? rest.dropFirst() : rest)
        from = first.isEmpty ? "HEAD" : String(first)
        to = last.isEmpty ? "HEAD" : String(last)
    }

    /// The two commits; *throws* `Failure` for a revision that is not there.
    func commits(in repository: LocalRepository) throws -> (from: CommitID, to: CommitID) {
        let (first, last) = (try repository.commit(of: from), try repository.commit(of: to))
        return (isFromMergeBase ? try repository.mergeBase(first, last) : first, last)
    }
}
