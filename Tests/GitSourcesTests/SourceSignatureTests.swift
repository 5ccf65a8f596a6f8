import Domain
import Foundation
import Git
import GitSources
import Reconciler
import Support
import Testing

/// Commits as git signs them, judged by the real ssh-keygen.
@Suite(.timeLimit(.minutes(2))) struct SourceSignatureTests {
    @Test func `whoever signed is named, and others are refused by the fingerprint of their key`()
        async throws
    {
        let fixture = try await SignedRepository()
        let good = try await fixture.commit("1", by: fixture.ann)
        let verified = try await fixture.verify(good)
        #expect(verified.reason == .verified && verified.signer == "ann@example.org")
        #expect(verified.message == "commit \(good.short) is signed by ann@example.org")
        let bad = try await fixture.commit("2", by: fixture.bob)
        let refused = try await fixture.verify(bad)
        #expect(refused.reason == .unknown && refused.rejected == bad && refused.signer == nil)
        let begin = "commit \(bad.short) by Test Author <author@example.org> is signed with the ECDSA key SHA"
        #expect(refused.message.hasPrefix(begin), "\(refused.message)")
        let both = [fixture.ann.allowed(as: "ann"), fixture.bob.allowed(as: "bob")].joined(separator: "\n")
        #expect(try await fixture.verify(bad, signers: both).signer == "bob")
        // Nobody is left who could have signed what was good a moment ago.
        #expect(try await fixture.verify(good, signers: fixture.bob.allowed(as: "b")).reason == .unknown)
    }

    @Test func `an unsigned commit is named with its author, who may be called anything`() async throws {
        let fixture = try await SignedRepository()
        try await fixture.repository.sign(with: nil)
        try await fixture.repository.commit(["a": "1"])
        try await fixture.repository.git(
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "x",
            "--author",
            "Eve\u{1B}[31m <e@x>"
        )
        let tip = CommitID(try await fixture.repository.git("rev-parse", "HEAD"))
        let refused = try await fixture.verify(tip)
        #expect(refused.reason == .missing && refused.rejected == tip)
        #expect(refused.message == "commit \(tip.short) by Eve [31m <e@x> is not signed")
    }

    @Test func `a range is refused for one commit in its middle, which the tip does not show`() async throws {
        let fixture = try await SignedRepository()
        let base = try await fixture.commit("1", by: nil)
        _ = try await fixture.commit("2", by: fixture.ann)
        let bad = try await fixture.commit("3", by: nil)
        let tip = try await fixture.commit("4", by: fixture.ann)
        let refused = try await fixture.verify(tip, since: base, mode: .range)
        #expect(refused.reason == .missing && refused.rejected == bad && refused.commit == tip)
        #expect(refused.message.hasSuffix("is not signed; it is one of the 3 that \(tip.short) brings"))
        #expect(try await fixture.verify(tip, since: base, mode: .tip).reason == .verified)
        let rest = try await fixture.verify(tip, since: bad, mode: .range)
        #expect(rest.reason == .verified)
        // The first time there is nothing to begin at.
        let first = try await fixture.verify(tip, mode: .range)
        #expect(first.message.hasSuffix("; nothing was applied before it, so that it alone was looked at"))
    }

    @Test func `history that was rewritten is judged from where it left what is in force`() async throws {
        let fixture = try await SignedRepository()
        let base = try await fixture.commit("1", by: nil)
        let applied = try await fixture.commit("2", by: fixture.ann)
        try await fixture.repository.git("reset", "-q", "--hard", base.text)
        let sneaked = try await fixture.commit("3", by: nil)
        let tip = try await fixture.commit("4", by: fixture.ann)
        let refused = try await fixture.verify(tip, since: applied, mode: .range)
        #expect(refused.rejected == sneaked)
        try await fixture.repository.git("reset", "-q", "--hard", base.text)
        _ = try await fixture.commit("5", by: fixture.ann)
        let good = try await fixture.commit("6", by: fixture.ann)
        let verified = try await fixture.verify(good, since: applied, mode: .range)
        #expect(verified.message == "2 commits up to \(good.short) are signed, the last by ann@example.org")
        // Without what is in force there is nothing to begin at, and the first commit is not signed.
        let unknown = CommitID(String(repeating: "1", count: 40))
        let whole = try await fixture.verify(good, since: unknown, mode: .range)
        #expect(whole.rejected == base && whole.message.contains("is not in the repository"))
    }

    @Test func `a signature that was moved to another commit does not fit it`() async throws {
        let fixture = try await SignedRepository()
        let good = try await fixture.commit("1", by: fixture.ann)
        let forged = try await fixture.forge(good) {
            $0.replacing("author Test Author", with: "author Best Author")
        }
        let refused = try await fixture.verify(forged)
        #expect(refused.reason == .invalid, "\(refused.message)")
        #expect(refused.message.hasSuffix("has a signature that does not fit it"))
    }

    @Test(arguments: [
        ("PGP SIGNATURE", SourceVerification.Reason.unsupported, "is signed with OpenPGP"),
        ("SIGNED MESSAGE", .unsupported, "is signed with X.509"),
        ("LETTER", .invalid, "has a signature of no known kind"),
    ])
    func `signatures of other kinds are refused by name`(
        kind: String,
        reason: SourceVerification.Reason,
        words: String
    ) async throws {
        let fixture = try await SignedRepository()
        let good = try await fixture.commit("1", by: fixture.ann)
        let other = try await fixture.forge(good) { $0.replacing("SSH SIGNATURE", with: kind) }
        let refused = try await fixture.verify(other)
        #expect(refused.reason == reason && refused.message.contains(words), "\(refused.message)")
    }

    @Test func `a key counts while it was valid at the time of the commit, and for git alone`() async throws {
        let fixture = try await SignedRepository()
        let commit = try await fixture.commit("1", by: fixture.ann)
        for (options, isGood) in [
            ("valid-before=\"20200101\"", false), ("valid-after=\"20990101\"", false),
            ("valid-after=\"20200101\",valid-before=\"20990101Z\"", true), ("namespaces=\"file\"", false),
            ("namespaces=\"git\"", true),
        ] {
            let signers = fixture.ann.allowed(as: "ann", options)
            let judged = try await fixture.verify(commit, signers: signers)
            #expect(judged.reason == (isGood ? .verified : .unknown), "\(options): \(judged.message)")
        }
    }

    @Test func `no file is left behind`() async throws {
        let fixture = try await SignedRepository()
        let commit = try await fixture.commit("1", by: fixture.bob)
        _ = try await fixture.verify(commit)
        let key = fixture.ann.publicKey
        // Other tests have folders of their own while this one looks, with other keys in them.
        let left = try FileManager.default.contentsOfDirectory(atPath: "/tmp")
            .filter { $0.hasPrefix("agirunner.") }
            .compactMap { FileManager.default.contents(atPath: "/tmp/\($0)/signers") }
            .filter { String(decoding: $0, as: UTF8.self).contains(key) }
        #expect(left.isEmpty)
    }
}
