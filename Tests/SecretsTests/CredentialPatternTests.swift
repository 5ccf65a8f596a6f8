import Secrets
import Testing

// The examples are glued together, so that this file itself holds nothing that looks like a credential.
private let glue = ""
private let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
private let xs = String(repeating: "x", count: 36)

@Suite struct CredentialPatternTests {
    private static let credentials: [(String, String)] = [
        ("ghp_\(body)", "a GitHub token"),
        ("token: ghs_\(body)", "a GitHub token"),
        ("https://x:gho_\(body)@github.com/a/b", "a GitHub token"),
        ("github_pat_\(body)_\(body)", "a GitHub token"),
        ("glpat-\(body.prefix(20))", "a GitLab token"),
        ("sk-ant-\(glue)api03-\(body)", "an Anthropic key"),
        ("OPENAI_API_KEY=sk-\(glue)proj-\(body)", "an OpenAI-style key"),
        ("key: \"sk-\(glue)0123456789abcdef0123456789abcdef\"", "an OpenAI-style key"),
        ("AKIA\(glue)2B3C4D5E6F7G8H9I", "an AWS access key"),
        ("AIza\(body.prefix(35))", "a Google API key"),
        ("xoxb-\(glue)123456789012-abcdefGHIJ", "a Slack token"),
        ("-----BEGIN \(glue)RSA PRIVATE KEY-----\nMIIE", "a private key"),
        ("x\\n-----BEGIN \(glue)OPENSSH PRIVATE KEY-----", "a private key"),
        ("eyJ\(glue)hbGciOiJIUzI1NiJ9.eyJ\(glue)zdWIiOiIxMjM0In0.\(body)", "a JSON Web Token"),
        ("Authorization: Bearer \(body)", "a bearer token"),
        ("npm_\(body)", "an npm token"),
        ("sk_live_\(body.prefix(24))", "a Stripe key"),
        ("hf_\(body.prefix(34))", "a Hugging Face token"),
    ]

    @Test(arguments: credentials)
    func `a credential is named`(text: String, name: String) {
        #expect(looksLikeCredential(text) == name)
        #expect(looksLikeCredential("before \(text)\nafter") == name)
    }

    private static let innocents: [String] = [
        "", "ghp_short", "ghp_\(xs)", "sk-\(xs)",
        "task-0123456789abcdef0123456789abcdef", "disk-image-for-the-build-machine-number-1-of-23",
        "sk-learn-is-a-library", "AKIA\(glue)IOSFODNN7EXAMPLE", "MAKIA2B3C4D5E6F7G8H9I", "Bearer of bad news",
        "Bearer ${TOKEN}", "Bearer <your-token-goes-here>",
        "Bearer authentication-is-required-by-this-server",
        "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.x",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "123e4567-e89b-12d3-a456-426614174000", "The quick brown fox writes sk- and ghp_ and xoxb- for fun.",
    ]

    @Test(arguments: innocents)
    func `innocent text is left alone`(text: String) {
        #expect(looksLikeCredential(text) == nil)
    }

    @Test func `a long text is looked through`() {
        let text = String(repeating: "a-sk-ghp_-----BEGIN eyJ Bearer ", count: 5000)
        #expect(looksLikeCredential(text) == nil)
        #expect(looksLikeCredential("\(text) ghp_\(body)") == "a GitHub token")
    }
}
