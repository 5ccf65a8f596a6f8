import Domain
import Testing

@testable import Catalog

@Suite struct AllowedSignerTests {
    private static let ann = Mistake.annKey

    private func read(_ line: String) throws -> AllowedSigner? { try AllowedSigner(line[...]) }

    @Test(arguments: ["", "   ", "# ann@example.org", "\t# tabs"])
    func `an empty line and a comment name nobody`(line: String) throws {
        #expect(try read(line) == nil)
    }

    @Test func `names, options and the key are read, and the comment is passed over`() throws {
        let options = "namespaces=\"git,file\",Valid-Before=\"20270101\",cert-authority"
        let signer = try #require(try read("  ann@example.org,*@b.org \(options)  \(Self.ann) Ann's laptop"))
        #expect(signer.principals == ["ann@example.org", "*@b.org"])
        #expect(
            signer.options == ["namespaces": "git,file", "valid-before": "20270101", "cert-authority": ""]
        )
        #expect(signer.key == Self.ann)
        #expect(try read("\"Ann Lee\" \(Self.ann)")?.principals == ["Ann Lee"])
        let ecdsa =
            "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFduszd6bbRyDzwq7ALIzd9FGsL81p5UD3tRAjvx"
            + "03TdvCawAhsZ9YQKpsx61Uxgx6JIgFJQigXvd6BJZsjhLpM="
        #expect(try read("e ecdsa-sha2-nistp256 \(ecdsa)")?.options == [:])
        for time in ["20260131Z", "202601312359", "20260131235959Z"] {
            #expect(try read("a valid-after=\"\(time)\" \(Self.ann)") != nil)
        }
    }

    @Test(arguments: [
        "ann@example.org", "ann@example.org ssh-ed25519", "ann@example.org ssh-ed25519 AAAA",
        "ann@example.org ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIMyHGi947zOjqmT8xBv/LqZOeT8dfvBPXOm/vSqtFPC+",
        "ann, \(ann)", ",ann \(ann)", "! \(ann)", "\"\" \(ann)", "\"ann \(ann)", "ann\"x\" \(ann)",
        "ann agent-forwarding \(ann)", "ann namespaces \(ann)", "ann namespaces= \(ann)",
        "ann namespaces=git \(ann)", "ann cert-authority=\"yes\" \(ann)",
        "ann cert-authority,cert-authority \(ann)", "ann valid-after=\"2026\" \(ann)",
        "ann valid-after=\"20261301\" \(ann)", "ann valid-before=\"202601012460\" \(ann)",
        "ann namespaces=\"a\\\"b\" \(ann)", "ann ssh-dss AAAAB3NzaC1kc3M=",
        "ann\u{0} \(ann)", "ann\r \(ann)", "ann \u{301}x \(ann)", ann,
    ])
    func `a line that ssh-keygen would pass over is a mistake`(line: String) {
        #expect(throws: AllowedSigner.Mistake.self) { try AllowedSigner(line[...]) }
    }

    @Test func `a signer is covered by the same key on the same terms, for all its names`() throws {
        let broad = try #require(try read("ann,a@example.org \(Self.ann)"))
        let narrow = try #require(try read("ann \(Self.ann) comment"))
        #expect(narrow.isCovered(by: broad) && !broad.isCovered(by: narrow))
        let limited = try #require(try read("ann valid-before=\"20270101\" \(Self.ann)"))
        #expect(!limited.isCovered(by: broad) && !narrow.isCovered(by: limited))
        let other = try #require(try read("ann \(Mistake.bobKey)"))
        #expect(!other.isCovered(by: broad))
    }

    /// A source that accepts Ann, and what another one in its repository says.
    private func judge(_ name: String, _ spec: String) throws -> Loaded {
        var options = LoadOptions()
        options.gitSource = "main"
        let value: Value = ["namespaces": ["default"], "kinds": ["GitSource", "Role"]]
        options.grants = try value.decode()
        options.verify = GitSourceSpec.Verify(mode: .tip, allowedSigners: "ann,a \(Self.ann)")
        let text = """
            apiVersion: agirunner.dev/v1
            kind: GitSource
            metadata: {name: \(name)}
            spec:
              url: /srv/other
              ref: {branch: main}
              \(spec)

            """
        return Loader().load([SourceFile(path: "s.yaml", bytes: Array(text.utf8))], options: options)
    }

    @Test(arguments: ["tip", "range"])
    func `a source may be declared that accepts no more than the one that declares it`(mode: String) throws {
        let loaded = try judge("other", "verify: {mode: \(mode), allowedSigners: \"a \(Self.ann)\"}")
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map(\.message))")
        #expect(loaded.objects.map(\.object.key.name) == ["other"])
    }

    @Test func `a source changes neither whom it accepts nor what it may declare, not even to less`() throws {
        let same = "verify: {mode: tip, allowedSigners: \"ann,a \(Self.ann)\"}\n  grants: "
        let grants = "{namespaces: [default], kinds: [GitSource, Role]}"
        #expect(try judge("main", same + grants).diagnostics.isEmpty)
        let less = try judge("main", same + "{namespaces: [default], kinds: [Role]}")
        #expect(less.diagnostics.map(\.field) == ["spec.grants"] && less.objects.isEmpty)
        let stricter = try judge(
            "main",
            "verify: {mode: range, allowedSigners: \"a \(Self.ann)\"}\n  grants: \(grants)"
        )
        #expect(stricter.diagnostics.map(\.code) == ["POL015"] && stricter.objects.isEmpty)
    }
}
