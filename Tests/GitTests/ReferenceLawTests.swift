import Domain
import Git
import Support
import Testing

/// What is so of URLs and refs that nobody chose; a failure prints the seed that repeats it.
@Suite struct ReferenceLawTests {
    @Test func `a URL is read back from what it is, and shows no password`() {
        var mutator = Mutator(Fuzzing.generator())
        var isRead = 0
        for round in 0..<Fuzzing.rounds(4000) {
            let text = mutator.text(of: tokens, upTo: 9)
            let context: Comment = "seed \(mutator.random.seed), round \(round): \(text.debugDescription)"
            do {
                let url = try RemoteURL(text)
                isRead += 1
                let back = try RemoteURL(url.secretText)
                #expect(back == url && back.secretText == url.secretText, context)
                // The path of a local folder may look like anything.
                #expect(
                    url.localPath != nil || !authority(url.description).contains(":hunter2@"),
                    context
                )
                #expect(url.localPath?.utf8.first ?? UInt8(ascii: "/") == UInt8(ascii: "/"), context)
                let isClean = url.secretText.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
                #expect(isClean, context)
            } catch let failure as Failure {
                #expect([.invalid, .unsupported].contains(failure.code), context)
            } catch {
                Issue.record("\(error): \(context)")
            }
        }
        #expect(isRead > 100)
    }

    private func authority(_ url: String) -> Substring {
        url.firstRange(of: "://").map { url[$0.upperBound...].prefix { $0 != "/" } } ?? ""
    }

    @Test func `a ref is a name that git itself allows, or none`() async throws {
        try Git.initialise()
        let repository = try await TestRepository()
        var mutator = Mutator(Fuzzing.generator())
        var names: [String] = []
        for _ in 0..<Fuzzing.rounds(2000) where names.count < 40 {
            let name = mutator.text(of: refTokens, upTo: 6)
            let spec: Value = ["branch": .string(name)]
            let reference = try spec.decode(GitSourceSpec.Reference.self)
            // A name that is refused is what the others are told apart from.
            if (try? GitReference(reference)) != nil { names.append(name) }
        }
        #expect(names.count > 20)
        for name in names {
            try await repository.git("check-ref-format", "refs/heads/\(name)")
        }
    }

    private let refTokens = [
        "a", "b", "/", ".", "..", "@", "@{", "~", "^", ":", "?", "*", "[", "\\", " ", "-", ".lock", "\u{301}",
        "é",
        "\u{7F}", "\n", "\u{0}", "feature",
    ]

    private let tokens = [
        "https://", "http://", "ssh://", "git://", "file://", "file:///", "ext::", "HTTPS://", "user",
        "hunter2", "@",
        ":", "/", "..", ".", "host", "example.org", "[::1]", ":22", "%20", "%7F", "%C3", "%BC", "%2e", "?",
        "#", " ",
        "\\", "-", "\u{301}", "é", "\r\n", "\u{7F}", "x.git", "~",
    ]
}
