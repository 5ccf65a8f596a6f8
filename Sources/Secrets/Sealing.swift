/// The public half of a key for sealing: whoever has it can seal, and nobody can open with it.
package struct SealingKey: Sendable, Hashable {
    fileprivate let bytes: [UInt8]

    /// Reads a key as ``text`` writes it; nil for everything else.
    package init?(_ text: String) {
        guard let bytes = decodeBase64URL(text), bytes.count == X25519PrivateKey.length else { return nil }
        self.bytes = bytes
    }

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    /// *Shape*: 43 characters of base64url, an X25519 public key.
    package var text: String { base64URL(bytes) }

    /// Seals a secret, so that it can be opened under the same name alone.
    ///
    /// *Shape*: `sealed.v1.`, then base64url of a message of RFC 9180 whose additional data is the name.
    /// nil for a key that no private key belongs to.
    package func seal(_ secret: SecretText, as name: String) -> String? {
        HPKE.seal(secret, to: bytes, info: form, aad: name).map { form + base64URL($0) }
    }
}

/// The private half of a key for sealing.
package struct OpeningKey: Sendable {
    private let key: X25519PrivateKey

    /// A key that nobody can guess.
    package init() { key = X25519PrivateKey() }

    /// Reads a key as ``text`` writes it; nil for everything else.
    package init?(_ text: SecretText) {
        guard let bytes = decodeBase64URL(text.reveal()), let key = X25519PrivateKey(SecretText(bytes)) else {
            return nil
        }
        self.key = key
    }

    /// *Shape*: 43 characters of base64url, an X25519 private key.
    package var text: SecretText { SecretText(base64URL(key.secret.revealBytes())) }

    /// Its public half.
    package var sealingKey: SealingKey { SealingKey(bytes: key.publicBytes) }

    /// What was sealed for this key and this name; nil for everything else, also where one bit was changed.
    package func open(_ sealed: String, as name: String) -> SecretText? {
        message(in: sealed).flatMap { HPKE.open($0, with: key, info: form, aad: name) }
    }
}

/// Whether a text has the shape of what is sealed; only its key tells whether it can be opened.
package func isSealed(_ text: String) -> Bool { message(in: text) != nil }

/// Dots, and no colons: behind a dot nothing looks like the beginning of a credential.
private let form = "sealed.v1."

private func message(in sealed: String) -> [UInt8]? {
    guard sealed.hasPrefix(form), let message = decodeBase64URL(String(sealed.dropFirst(form.count))),
        message.count > HPKE.overhead
    else { return nil }
    return message
}
