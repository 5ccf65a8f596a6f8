package import ArgumentParser
import Domain

/// `agirunner rollback`.
package struct Rollback: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Put an earlier commit of a source in force, until the next commit.",
        discussion: """
            The commit that was rolled back from is not applied again by itself: only another one is, or the \
            same one after --release. Nothing is written to git.

            Example: agirunner rollback gitsource/main --to 3f2a9c1
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "gitsource/NAME.") var target: String
    @Option(help: "The commit, at least seven digits of it; without it the one that was in force before.")
    var to: String?
    @Flag(help: "Apply the newest commit again.") var release = false
    @Option(help: "How long to wait for it.") var timeout = "60s"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        guard to == nil || !release else { throw CommandFailure("--to and --release exclude each other") }
        let limit = try timeLimit(timeout)
        let target = try Target(self.target)
        guard target.kind.name == "GitSource" else { throw CommandFailure("only a gitsource is rolled back") }
        let name = try target.required()
        let client = try connection.client()
        let source = try await client.get(target.kind, namespace: nil, name: name)
        guard !source.isSuspended else {
            throw CommandFailure("gitsource/\(name) is suspended and applies nothing; resume it first")
        }
        let rollback = release ? nil : try await wanted(of: source, name, client)
        let looked = try await client.askForLook(
            at: name,
            annotations: [GitSourceSpec.rollback: rollback.map { .string($0.text) } ?? .null],
            until: "applied \(rollback?.commit.short ?? "its newest commit")",
            within: limit,
            hopeless: { rollback?.isMissing(in: $0) == true }
        )
        let applied = looked.status?["appliedCommit"]?.string.map { CommitID($0) }
        if let rollback, applied != rollback.commit {
            throw CommandFailure(
                "gitsource/\(name) has applied \(applied?.short ?? "nothing") instead: "
                    + cell(looked.readyCondition?["message"])
            )
        }
        environment.output("\(target.kind.reference(name)) applied \(applied?.short ?? "nothing")")
    }

    private func wanted(of source: Object, _ name: String, _ client: ControlClient) async throws -> Wanted {
        guard let newest = source.status?["observedCommit"]?.string,
            let applied = source.status?["appliedCommit"]?.string
        else { throw CommandFailure("gitsource/\(name) has applied no commit yet") }
        let commits = try await appliedRevisions(of: name, client).filter {
            $0.status?["phase"]?.string == "applied"
        }.compactMap { $0.status?["commit"]?.string }
        let found: [String]
        if let to {
            let digits = to.lowercased()
            guard digits.count >= 7, digits.allSatisfy(\.isHexDigit) else {
                throw CommandFailure("--to must be at least seven digits of a commit, not '\(to)'")
            }
            found = commits.filter { $0.hasPrefix(digits) }
        } else {
            found = commits.filter { $0 != applied }
        }
        guard let commit = found.first else {
            let which = to.map { "the commit \($0)" } ?? "any commit but \(CommitID(applied).short)"
            throw CommandFailure(
                "gitsource/\(name) has never applied \(which); see: agirunner history gitsource/\(name)"
            )
        }
        guard Set(found).count == 1 || to == nil else {
            throw CommandFailure("several commits begin with \(to ?? ""); name more digits")
        }
        return Wanted(newest: CommitID(newest), commit: CommitID(commit))
    }
}

/// The commit that is to be in force, and the one that it takes the place of.
private struct Wanted {
    let newest: CommitID
    let commit: CommitID

    var text: String { "\(newest.text)..\(commit.text)" }

    /// Whether the repository of the source has the commit no more.
    func isMissing(in source: Object) -> Bool {
        guard let ready = source.readyCondition, ready["reason"] == "CommitMissing" else { return false }
        return ready["message"]?.string?.contains(commit.short) == true
    }
}
