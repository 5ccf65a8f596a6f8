package import ArgumentParser
import Catalog
import Domain
import Git
import Reconciler

/// `agirunner drift`.
package struct Drift: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Show where the server's objects differ from the commit that was applied.",
        discussion:
            "Only reads: the applied commit from the source's repository, when that is on this machine, "
            + "else from a clone; and the objects from the server.\n\n"
            + "Examples:\n"
            + "  agirunner drift\n"
            + "  agirunner drift gitsource/main --repository ~/config -o json\n\n"
            + "Exit codes: 0 no drift, 1 drift, 2 failed; with --detailed-exitcode 0 none, 2 drift, "
            + "1 failed."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "gitsource/NAME (default: the only one).") var target: String?
    @Option(help: "The same by its name alone.") var source: String?
    @Option(help: "A folder of a clone of the source's repository (default: the current one).")
    var repository: String?
    @Option(name: .shortAndLong, help: "text, json or markdown.") var output = "text"
    @Flag(help: "Exit with 2 when something drifted, and with 1 when it cannot be told.")
    var detailedExitcode = false

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        try await ComparisonExit.of(detailed: detailedExitcode) {
            let environment = try CommandEnvironment.required()
            let format = try ReportFormat(output)
            let view = try await SourceView(try named(), try connection.client())
            guard let commit = view.appliedCommit else {
                throw CommandFailure("GitSource/\(view.name) has applied no commit yet")
            }
            let files = try TreeFiles(
                try clone(of: view, with: commit),
                commit: commit,
                below: view.folder,
                view.spec.reads
            )
            let loaded = Loader().load(files.files, options: view.options(commit: commit))
            let report = drift(of: view, loaded)
            let heading = ReportHeading(
                title: "Drift of GitSource/\(view.name)",
                from: commit.short,
                to: "the server",
                isFuture: false
            )
            environment.output(try report.shown(heading, as: format))
            return report
        }
    }

    /// The source that was asked for; nil for the only one.
    private func named() throws -> String? {
        guard let target = try target.map({ try Target($0) }) else { return source }
        guard target.kind.name == Kind.gitSource.name, source == nil else {
            throw CommandFailure("drift is that of one gitsource/NAME")
        }
        return try target.required()
    }

    /// What is live against what is declared: the other way round than a plan.
    ///
    /// An object that an error held back is at its last good version, which no commit need have; one that is
    /// no longer declared, or is another owner's, is the plan's to explain. None of them is drift.
    private func drift(of view: SourceView, _ loaded: Loaded) -> ChangeReport {
        let foreign = Set(view.stored.filter { $0.origin.gitSource != view.name }.map(\.object.key))
        let stored = Dictionary(
            view.stored.map { ($0.object.key, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        // What people set beside a file is no drift either.
        let declared = loaded.objects.filter { !foreign.contains($0.object.key) }.map { declared in
            stored[declared.object.key].map { declared.keepingFields(of: $0, drift: .correct) } ?? declared
        }
        let byKey = Dictionary(
            declared.map { ($0.object.key, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let live = view.stored.compactMap { stored in
            byKey[stored.object.key].map { declared in
                var live = declared
                live.object = stored.object
                live.digest = stored.digest
                return live
            }
        }
        return ChangeReport(from: declared, to: live, comparison: fieldComparison)
    }

    /// The repository that holds a commit: the source's own, or a clone.
    private func clone(of view: SourceView, with commit: CommitID) throws -> LocalRepository {
        // A URL that nobody can read is the control plane's to complain about.
        let local = (try? RemoteURL(view.spec.url))?.localPath
        guard let folder = repository ?? local else { return try found(in: ".", view, commit) }
        return try found(in: folder, view, commit)
    }

    private func found(
        in folder: String,
        _ view: SourceView,
        _ commit: CommitID
    ) throws -> LocalRepository {
        let repository = try Checkout.repository(containing: folder)
        guard try repository.has(commit) else {
            throw CommandFailure(
                "\(repository.top ?? repository.folder) does not have commit \(commit.short); run this in an "
                    + "up-to-date clone of GitSource/\(view.name), or name one with --repository"
            )
        }
        return repository
    }
}
