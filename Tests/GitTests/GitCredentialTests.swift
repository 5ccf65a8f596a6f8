import Domain
import Git
import Secrets
import Testing

@Suite struct GitCredentialTests {
    private let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"

    private func credential(_ secret: String, _ url: String) throws -> GitCredential {
        try GitCredential(SecretText(secret), for: RemoteURL(url))
    }

    @Test func `a token and a password are read for https`() throws {
        let token = try credential("  abc123\n", "https://example.org/x")
        #expect(token == .password(user: "git", SecretText("abc123")))
        let password = try credential("ada:pass:word", "https://example.org/x")
        #expect(password == .password(user: "ada", SecretText("pass:word")))
        #expect(!"\(password)".contains("pass:word"))
    }

    @Test func `a key is read for ssh with the known hosts before and behind it`() throws {
        let text = "# a comment\nexample.org ssh-ed25519 AAAA\r\n" + key + "\nother ssh-rsa BBBB\n"
        for url in ["ssh://git@example.org/x", "git@example.org:x"] {
            let hosts = "example.org ssh-ed25519 AAAA\nother ssh-rsa BBBB\n"
            #expect(try credential(text, url) == .key(SecretText(key), knownHosts: hosts))
        }
    }

    @Test(arguments: [
        ("", "https://h/x", "one line"), ("a\nb", "https://h/x", "one line"),
        ("a\u{1}b", "https://h/x", "control"), ("t0ken", "ssh://h/x", "private key"),
        ("t0ken", "http://example.org/x", "unprotected"),
        ("t0ken", "http://127.0.0.1.example.org/x", "unprotec"),
        ("t0ken", "git://h/x", "takes no credentials"), ("t0ken", "/srv/x", "takes no credentials"),
        ("-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\nh k v", "ssh://h/x", "private key"),
        ("-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n", "ssh://h/x", "known_hosts"),
        ("-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n@revoked h k v", "git@h:x", "@revoked"),
    ])
    func `what fits no transport is refused without being repeated`(
        secret: String,
        url: String,
        says words: String
    ) throws {
        do {
            _ = try credential(secret, url)
            Issue.record("it was accepted")
        } catch let failure as Failure {
            #expect(failure.reason == "secret_invalid" && failure.message.contains(words), "\(failure)")
            #expect(!failure.message.contains("t0ken"))
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:80/x", "http://127.1.2.3/x",
    ])
    func `a token goes over plain http to this machine alone`(url: String) throws {
        #expect(throws: Never.self) { try credential("abc", url) }
    }

    @Test func `a secret that is too large is refused`() {
        let large = String(repeating: "a", count: GitCredential.largestSecret + 1)
        #expect(throws: Failure.self) { try credential(large, "https://example.org/x") }
    }
}
