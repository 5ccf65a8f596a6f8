import Testing

@testable import Secrets

/// Sealed texts, and the scheme below them.
@Suite struct SealingTests {
    private let key = OpeningKey()
    private let secret = SecretText("deploy:afar-token-7QnK2vXw")

    /// RFC 9180, appendix A.2.1.1, sequence number 0.
    @Test func `a message of RFC 9180 is sealed and opened`() throws {
        let recipient = try #require(
            X25519PrivateKey(bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"))
        )
        let ephemeral = try #require(
            X25519PrivateKey(bytes("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"))
        )
        let message = SecretText("Beauty is truth, truth beauty")
        let info = "Ode on a Grecian Urn"
        let sealed = try #require(
            HPKE.seal(message, to: recipient.publicBytes, info: info, aad: "Count-0", ephemeral: ephemeral)
        )
        #expect(
            hex(sealed) == "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
                + "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
        )
        #expect(HPKE.open(sealed, with: recipient, info: info, aad: "Count-0") == message)
        #expect(HPKE.open(sealed, with: recipient, info: info, aad: "Count-1") == nil)
        #expect(HPKE.open(sealed, with: recipient, info: "Ode", aad: "Count-0") == nil)
    }

    @Test func `what is sealed is opened by its key under its name`() throws {
        for text in ["x", "line\nbreaks\n", "naïve 🔑", String(repeating: "k", count: 65_536)] {
            let secret = SecretText(text)
            let sealed = try #require(key.sealingKey.seal(secret, as: "team/vault/token"))
            #expect(isSealed(sealed))
            #expect(key.open(sealed, as: "team/vault/token") == secret)
            #expect(key.open(sealed, as: "team/vault/other") == nil)
            #expect(OpeningKey().open(sealed, as: "team/vault/token") == nil)
        }
    }

    @Test func `a secret is sealed differently each time, and is nowhere to be seen`() throws {
        let first = try #require(key.sealingKey.seal(secret, as: "a/b/c"))
        #expect(first != key.sealingKey.seal(secret, as: "a/b/c"))
        #expect(!first.contains(secret.reveal()) && !first.contains(base64URL(secret.revealBytes())))
        #expect(looksLikeCredential("sealed: \(first)") == nil)
    }

    @Test func `no bit can be changed and no byte be cut`() throws {
        let sealed = try #require(key.sealingKey.seal(secret, as: "a/b/c"))
        let form = "sealed.v1."
        let message = try #require(decodeBase64URL(String(sealed.dropFirst(form.count))))
        for bit in 0..<message.count * 8 {
            var changed = message
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            // The highest bit of a public key means nothing (RFC 7748), but the rest is bound to it.
            #expect(key.open(form + base64URL(changed), as: "a/b/c") == nil, "bit \(bit)")
        }
        for length in 0..<message.count {
            #expect(key.open(form + base64URL(message.prefix(length)), as: "a/b/c") == nil, "\(length) bytes")
        }
    }

    @Test func `keys are read back, and nothing else is a key`() throws {
        let again = try #require(OpeningKey(key.text))
        #expect(again.text == key.text && again.sealingKey == key.sealingKey)
        #expect(SealingKey(key.sealingKey.text) == key.sealingKey)
        #expect(key.sealingKey.text.utf8.count == 43 && key.text.count == 43)
        let text = key.sealingKey.text
        for text in ["", "abc", text + "A", String(text.dropLast()), "ssh-ed25519"] {
            #expect(SealingKey(text) == nil && OpeningKey(SecretText(text)) == nil, "\(text)")
        }
        #expect("\(key)".contains(key.text.reveal()) == false)
    }

    @Test func `a key of low order seals nothing`() throws {
        let zero = try #require(SealingKey(base64URL([UInt8](repeating: 0, count: 32))))
        #expect(zero.seal(secret, as: "a/b/c") == nil)
    }

    @Test(arguments: ["", "sealed", "sealed.v1.", "sealed.v2.AAAA", "sealed.v1.!", "sealed.v1.AAAA"])
    func `other texts are not sealed`(text: String) {
        #expect(!isSealed(text))
        #expect(key.open(text, as: "a/b/c") == nil)
    }

    private func bytes(_ hex: String) -> SecretText { SecretText(decodeHex(hex) ?? []) }
}
