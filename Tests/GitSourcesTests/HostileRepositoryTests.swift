import Catalog
import Domain
import Foundation
import Git
import GitSources
import Reconciler
import Support
import Testing

/// Repositories that are made to trick, fill or stop whoever reads them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostileRepositoryTests {
    private let good = """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata: {name: good}
        spec: {displayName: Good, summary: S., body: B.}

        """

    @Test(arguments: HostileRepository.all) func `a hostile commit costs little and loses nothing`(
        hostile: HostileRepository
    ) async throws {
        try Git.initialise()
        let folder = try await TemporaryFolder()
        let repository = try await TemporaryRepository()
        let first = try await repository.commit(["good.yaml": good])
        let ports = sources(folder).sourcePorts
        let declared = try firstSource(url: repository.path, appliedBy: "unix:0")
        let spec: GitSourceSpec = try (declared.object.spec ?? [:]).decode()
        let before = try await ports.load("main", spec, CommitID(first))
        #expect(before.declared.map(\.object.key.name) == ["good"])
        try await hostile.commit(repository)
        let tip = try #require(try await ports.tip("main", spec))
        #expect(tip.text != first, "there is a hostile commit")
        let (start, memory) = (ContinuousClock.now, residentMegabytes("VmRSS"))
        try forgetPeak()
        // The commit is looked at as one that follows another, and as the first of all.
        for ports in [ports, sources(folder, "fresh").sourcePorts] {
            try await expect(hostile, try await outcome { try await ports.load("main", spec, tip) })
        }
        #expect(start.duration(to: .now) < .seconds(60))
        // Other tests run meanwhile; what is held back here would be gigabytes.
        #expect(residentMegabytes("VmHWM") - memory < 800)
        // Going back finds everything as it was.
        let after = try await ports.load("main", spec, CommitID(first))
        #expect(after.declared.map(\.object.key.name) == ["good"])
        #expect(after.declared.first?.digest == before.declared.first?.digest)
    }

    private func expect(_ hostile: HostileRepository, _ outcome: Result<LoadedRevision, Failure>) async throws
    {
        switch (hostile.end, outcome) {
        case (.refused(let words), .failure(let failure)):
            #expect([.invalid, .corrupted].contains(failure.code), "\(failure)")
            #expect(failure.message.contains(words), "\(failure)")
            #expect("\(failure)".utf8.count < 2000)
        case (.told(let codes), .success(let revision)):
            #expect(revision.declared.contains { $0.object.key.name == "good" })
            // Nothing uses the skills, which is doubtful and no more.
            let errors = revision.diagnostics.filter { $0.severity == .error }
            #expect(Set(errors.map(\.code)) == codes)
            #expect(errors.count <= 21_000)
            for diagnostic in errors.prefix(200) {
                let text = diagnostic.text()
                #expect(text.utf8.count < 3000 && !text.contains("\u{1B}") && !text.contains("\u{202E}"))
            }
        case (_, .failure(let failure)): Issue.record("the commit was refused: \(failure)")
        case (_, .success(let revision)):
            Issue.record("the commit was read: \(revision.diagnostics.prefix(3))")
        }
    }

    private func outcome(
        _ load: () async throws -> LoadedRevision
    ) async throws -> Result<LoadedRevision, Failure> {
        do { return .success(try await load()) } catch let failure as Failure { return .failure(failure) }
    }

    private func sources(_ folder: TemporaryFolder, _ name: String = "mirrors") -> SourceRepositories {
        SourceRepositories(
            folder: "\(folder.path)/\(name)",
            ports: .ofEmptyStore
        )
    }

    /// What this process has, or had at most, in its memory.
    private func residentMegabytes(_ field: String) -> Int {
        let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix(field)
        }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }

    /// *Source*: proc(5), `clear_refs`: 5 makes the peak begin anew.
    private func forgetPeak() throws {
        let file = try FileHandle(forWritingTo: URL(filePath: "/proc/self/clear_refs"))
        try file.write(contentsOf: Data("5".utf8))
        try file.close()
    }
}
