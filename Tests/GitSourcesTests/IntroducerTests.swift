import Domain
import Reconciler
import Support
import Testing

/// Who brought a file into a repository, by the signature of the commit that did.
@Suite(.timeLimit(.minutes(2))) struct IntroducerTests {
    @Test func `it is whoever signed the commit that brought the file, not those that followed`()
        async throws
    {
        let fixture = try await SignedRepository()
        _ = try await fixture.commit("1", by: nil)
        _ = try await fixture.commit("2", by: fixture.ann, to: "yes.yaml")
        let tip = try await fixture.commit("3", by: nil)
        let found = try await fixture.introducer(of: "yes.yaml", in: tip)
        let fingerprint = try await fixture.ann.fingerprint()
        #expect(found == .signer(fingerprint: fingerprint, name: "ann@example.org"))
        let unsigned = try await fixture.commit("4", by: nil, to: "no.yaml")
        let nobody = try await fixture.introducer(of: "no.yaml", in: unsigned)
        let words = "commit \(unsigned.short) by Test Author <author@example.org> is not signed"
        #expect(nobody == .nobody(why: words))
    }

    @Test func `a file that was changed since, or brought anew, is not that of whoever brought it first`()
        async throws
    {
        let fixture = try await SignedRepository()
        _ = try await fixture.commit("1", by: fixture.ann, to: "yes.yaml")
        let changed = try await fixture.commit("2", by: fixture.ann, to: "yes.yaml")
        let tip = try await fixture.commit("3", by: fixture.ann)
        let words = "commit \(changed.short) changed yes.yaml, which another one had brought"
        #expect(try await fixture.introducer(of: "yes.yaml", in: tip) == .nobody(why: words))
        try await fixture.repository.git("rm", "-q", "yes.yaml")
        _ = try await fixture.commit("4", by: fixture.ann)
        let back = try await fixture.commit("1", by: fixture.bob, to: "yes.yaml")
        guard case .nobody(let why) = try await fixture.introducer(of: "yes.yaml", in: back) else {
            Issue.record("Bob is not accepted")
            return
        }
        #expect(why.contains("commit \(back.short)") && why.contains("ECDSA"), "\(why)")
    }

    @Test func `through a merge it is whoever brought it on the other side`() async throws {
        let fixture = try await SignedRepository()
        _ = try await fixture.commit("1", by: nil)
        try await fixture.repository.git("checkout", "-q", "-b", "topic")
        _ = try await fixture.commit("2", by: fixture.ann, to: "yes.yaml")
        try await fixture.repository.git("checkout", "-q", "main")
        _ = try await fixture.commit("3", by: nil)
        try await fixture.repository.sign(with: nil)
        try await fixture.repository.git("merge", "-q", "--no-ff", "-m", "Merge", "topic")
        let tip = CommitID(try await fixture.repository.git("rev-parse", "HEAD"))
        let fingerprint = try await fixture.ann.fingerprint()
        let found = try await fixture.introducer(of: "yes.yaml", in: tip)
        #expect(found == .signer(fingerprint: fingerprint, name: "ann@example.org"))
    }

    @Test func `what is not there was brought by nobody`() async throws {
        let fixture = try await SignedRepository()
        let tip = try await fixture.commit("1", by: fixture.ann)
        let missing = try await fixture.introducer(of: "no.yaml", in: tip)
        #expect(missing == .nobody(why: "nobody can tell which commit brought no.yaml"))
        let gone = CommitID(String(repeating: "1", count: 40))
        let lost = try await fixture.introducer(of: "a.txt", in: gone)
        #expect(lost == .nobody(why: "commit 1111111 is not in the repository any more"))
    }
}
