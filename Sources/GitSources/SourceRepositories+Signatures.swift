internal import Domain
internal import Git
package import Reconciler
internal import Synchronization

/// The commits of one source whose signatures count, so that none is judged twice by one list of signers.
struct KnownSeals: Sendable {
    /// Names of some twenty bytes each: a few megabytes.
    private static let limit = 50_000

    private var allowedSigners = ""
    private var signers: [CommitID: String] = [:]

    /// Who signed a commit; nil when that is not known by this list.
    func signer(of commit: CommitID, by allowedSigners: String) -> String? {
        self.allowedSigners == allowedSigners ? signers[commit] : nil
    }

    mutating func remember(_ signer: String, of commit: CommitID, by allowedSigners: String) {
        if self.allowedSigners != allowedSigners || signers.count >= Self.limit { signers = [:] }
        self.allowedSigners = allowedSigners
        signers[commit] = signer
    }
}

// Who vouches for the commits of a source.
extension SourceRepositories {
    /// How many commits one look judges at most: some two minutes of them.
    private static let commitLimit = 10_000

    /// Judges the signatures that a commit needs.
    ///
    /// Whether a commit counts follows from it and the list of signers alone, as time is that of the commit.
    func verify(
        _ name: String,
        _ spec: GitSourceSpec,
        _ tip: CommitID,
        since base: CommitID?
    ) async throws -> SourceVerification {
        let mirror = try await fetched(name, spec)
        let isRange = spec.verify?.mode == .range
        let new = try await mirror.newCommits(
            of: tip,
            since: isRange ? base : nil,
            limit: Self.commitLimit
        )
        let judge = try SignatureJudge(allowedSigners: spec.verify?.allowedSigners ?? "")
        var signer = ""
        for commit in new.commits {
            let (verdict, seal) = try await verdict(on: commit, name, judge, mirror)
            guard verdict.reason == .verified else {
                return refusal(verdict, seal, among: new, of: tip)
            }
            signer = verdict.signer
        }
        return SourceVerification(
            commit: tip,
            reason: .verified,
            message: praise(new, tip, signer, isFirst: isRange && base == nil),
            signer: signer
        )
    }

    /// The mirror of a source with what its ref leads to now.
    private func fetched(_ name: String, _ spec: GitSourceSpec) async throws -> Mirror {
        let mirror = try mirror(name)
        _ = try await mirror.fetch(
            url: RemoteURL(spec.url),
            ref: GitReference(spec.ref),
            credential: ports.credential(spec),
            deadline: deadline(spec)
        )
        return mirror
    }

    private func verdict(
        on commit: CommitID,
        _ name: String,
        _ judge: SignatureJudge,
        _ mirror: Mirror
    ) async throws -> (SealVerdict, CommitSeal?) {
        let list = judge.allowedSigners
        if let signer = entries.withLock({ $0[name]?.seals.signer(of: commit, by: list) }) {
            return (SealVerdict(reason: .verified, signer: signer), nil)
        }
        let seal = try await mirror.seal(of: commit)
        let verdict = try await judge.verdict(on: seal)
        if verdict.reason == .verified {
            entries.withLock { $0[name]?.seals.remember(verdict.signer, of: commit, by: list) }
        }
        return (verdict, seal)
    }

    private func refusal(
        _ verdict: SealVerdict,
        _ seal: CommitSeal?,
        among new: NewCommits,
        of tip: CommitID
    ) -> SourceVerification {
        let commit = seal?.commit ?? tip
        let author = seal.map { " by \(line($0.author))" } ?? ""
        let company =
            new.commits.count == 1 ? "" : "; it is one of the \(new.commits.count) that \(tip.short) brings"
        return SourceVerification(
            commit: tip,
            reason: verdict.reason,
            message: "commit \(commit.short)\(author) \(verdict.words)\(company)\(strangeness(new))",
            rejected: commit
        )
    }

    private func praise(_ new: NewCommits, _ tip: CommitID, _ signer: String, isFirst: Bool) -> String {
        let words =
            new.commits.count == 1
            ? "commit \(tip.short) is signed by \(signer)"
            : "\(new.commits.count) commits up to \(tip.short) are signed, the last by \(signer)"
        let first = "; nothing was applied before it, so that it alone was looked at"
        return words + (isFirst ? first : strangeness(new))
    }

    private func strangeness(_ new: NewCommits) -> String {
        new.knowsBase ? "" : "; the commit in force is not in the repository, so that all were looked at"
    }

    /// Who wrote a commit, on one line; they may have called themselves anything.
    private func line(_ author: SourceTree.Author) -> String {
        let words = "\(author.name) <\(author.email)>".unicodeScalars.prefix(200)
        return words.reduce(into: "") { text, scalar in
            let isPlain = scalar.properties.generalCategory != .control
            text.unicodeScalars.append(isPlain ? scalar : " ")
        }
    }
}

// Who decides in git: whoever signed the commit that brought the file of a Decision.
extension SourceRepositories {
    /// Who brought a file into a source, looking back from the commit that declares it.
    package var introducer: FindIntroducer {
        { [self] name, spec, path, commit in try await findIntroducer(name, spec, path, commit) }
    }

    private func findIntroducer(
        _ name: String,
        _ spec: GitSourceSpec,
        _ path: String,
        _ commit: CommitID
    ) async throws -> Introducer {
        let mirror = try await fetched(name, spec)
        let introduction: FileIntroduction
        do {
            introduction = try await mirror.introduction(of: path, in: commit, limit: Self.commitLimit)
        } catch let failure as Failure where failure.reason == "commit_missing" {
            return .nobody(why: "commit \(commit.short) is not in the repository any more")
        }
        switch introduction {
        case .unknown: return .nobody(why: "nobody can tell which commit brought \(path)")
        case .changed(let commit):
            return .nobody(why: "commit \(commit.short) changed \(path), which another one had brought")
        case .by(let commit):
            let seal = try await mirror.seal(of: commit)
            let judge = try SignatureJudge(allowedSigners: spec.verify?.allowedSigners ?? "")
            let verdict = try await judge.verdict(on: seal)
            guard verdict.reason == .verified else {
                return .nobody(why: "commit \(commit.short) by \(line(seal.author)) \(verdict.words)")
            }
            return .signer(fingerprint: verdict.fingerprint, name: verdict.signer)
        }
    }
}
