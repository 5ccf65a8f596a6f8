package import ArgumentParser
import Catalog
import Domain
import Git
import Reconciler

/// `agirunner plan`.
package struct PlanVerb: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the server would do with a tree of one of its sources.",
        discussion:
            "Reads the checkout that a folder belongs to, or a commit of it, and what the server has, and "
            + "plans as the server does: what it would make, change, move and delete, what it would keep "
            + "and why, and who else owns an object. Changes nothing.\n\n"
            + "Examples:\n"
            + "  agirunner plan\n"
            + "  agirunner plan --revision HEAD -o release.plan\n"
            + "  agirunner apply release.plan\n"
            + "  agirunner plan ~/config --source main -o markdown --detailed-exitcode\n\n"
            + "Exit codes: 0, or 1 when it failed or the files have errors; with --detailed-exitcode 2 when "
            + "there are changes."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "A folder of the checkout, committed or not.") var folder = "."
    @Option(name: [.customShort("f"), .customLong("filename")], help: "The same, as other verbs have it.")
    var filename: String?
    @Option(help: "Plan this commit of the repository instead of its files, as in HEAD or v2.")
    var revision: String?
    @Option(help: "The GitSource (default: the only one).") var source: String?
    @Option(name: .shortAndLong, help: "text, json, markdown, or a file to save the plan in.")
    var output = "text"
    @Option(help: "A file to save the plan in, besides printing it.") var out: String?
    @Flag(help: "Exit with 2 when there are changes.") var detailedExitcode = false

    private var path: String { filename ?? folder }

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let isFile = ReportFormat(rawValue: output) == nil && output.contains { "./".contains($0) }
        let format = isFile ? .text : try ReportFormat(output)
        let file = out ?? (isFile ? output : nil)
        guard file == nil || revision != nil else {
            throw CommandFailure("only the plan of a commit can be saved: name it with --revision")
        }
        let client = try connection.client()
        let view = try await SourceView(source, client)
        let files = try read(view)
        let loaded = Loader().load(files.files, options: view.options(commit: files.commit))
        for diagnostic in loaded.diagnostics {
            environment.notice(diagnostic.text(source: files.bytes(of: diagnostic.path)))
        }
        var input = view.planInput(loaded)
        input.live = try await liveNames(among: loaded.objects, client)
        let report = ChangeReport(
            Reconciler.plan(input),
            of: input,
            heldBack: loaded.heldBack,
            diagnostics: loaded.diagnostics,
            comparison: fieldComparison
        )
        environment.output(try report.shown(heading(view, files), as: format))
        for line in view.reservations { environment.notice(line) }
        if report.hasErrors {
            if file != nil { environment.notice("not saved: a plan with errors is not carried out") }
            throw ExitCode(1)
        }
        if let file, let commit = files.commit {
            try writeFile(file, SavedPlan(input, report, view, commit: commit).text())
            environment.notice("saved; 'agirunner apply \(file)' carries it out if nothing has changed")
        }
        if detailedExitcode { try ComparisonExit.detailed(report) }
    }

    private func heading(_ view: SourceView, _ files: TreeFiles) -> ReportHeading {
        ReportHeading(
            title: "Plan for GitSource/\(view.name)",
            from: view.appliedCommit?.short ?? "nothing",
            to: files.commit?.short ?? "the files in \(path)"
        )
    }

    private func read(_ view: SourceView) throws -> TreeFiles {
        if let revision {
            let repository = try Checkout.repository(containing: path)
            let commit = try repository.commit(of: revision)
            return try TreeFiles(repository, commit: commit, below: view.folder, view.spec.reads)
        }
        return try TreeFiles(checkout: try Checkout(containing: path), below: view.folder, view.spec.reads)
    }
}
