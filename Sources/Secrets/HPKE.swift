/// Hybrid public key encryption of one message in base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
/// ChaCha20-Poly1305.
///
/// *Source*: RFC 9180; the names of its parts are those of sections 4 and 5.
enum HPKE {
    /// The message as the encapsulated key (32 bytes), the ciphertext and its tag (16 bytes).
    ///
    /// *Shape*: nil for what is no public key. `ephemeral` is used for this message alone.
    static func seal(
        _ message: SecretText,
        to recipient: [UInt8],
        info: String,
        aad: String,
        ephemeral: X25519PrivateKey = X25519PrivateKey()
    ) -> [UInt8]? {
        guard let agreed = ephemeral.agree(with: recipient) else { return nil }
        let cipher = schedule(agreed, encapsulated: ephemeral.publicBytes, recipient: recipient, info: info)
        return ephemeral.publicBytes + cipher.encrypt(message, aad: aad)
    }

    /// What was sealed for a key under the same `info` and `aad`; nil for everything else.
    static func open(_ sealed: [UInt8], with key: X25519PrivateKey, info: String, aad: String) -> SecretText?
    {
        let encapsulated = Array(sealed.prefix(X25519PrivateKey.length))
        guard let agreed = key.agree(with: encapsulated) else { return nil }
        let cipher = schedule(agreed, encapsulated: encapsulated, recipient: key.publicBytes, info: info)
        return cipher.decrypt(sealed.dropFirst(encapsulated.count), aad: aad)
    }

    /// Bytes by which a sealed message is longer than the message.
    static let overhead = X25519PrivateKey.length + OneTimeCipher.tagLength

    private static let kem = Suite(id: Array("KEM".utf8) + [0x00, 0x20])
    private static let whole = Suite(id: Array("HPKE".utf8) + [0x00, 0x20, 0x00, 0x01, 0x00, 0x03])

    private static func schedule(
        _ agreed: SecretText,
        encapsulated: [UInt8],
        recipient: [UInt8],
        info: String
    ) -> OneTimeCipher {
        let prk = kem.extract("eae_prk", agreed.revealBytes(), salt: [])
        let shared = kem.expand(prk, "shared_secret", encapsulated + recipient, length: 32)
        let baseMode: [UInt8] = [0]
        let context =
            baseMode + whole.extract("psk_id_hash", [], salt: [])
            + whole.extract("info_hash", Array(info.utf8), salt: [])
        let secret = whole.extract("secret", [], salt: shared)
        return OneTimeCipher(
            key: SecretText(whole.expand(secret, "key", context, length: 32)),
            nonce: whole.expand(secret, "base_nonce", context, length: 12)
        )
    }
}

/// HKDF-SHA-256 with the labels that keep one suite's keys from being another's.
///
/// *Source*: RFC 5869, with the labels of RFC 9180, section 4.
private struct Suite {
    let id: [UInt8]

    func extract(_ label: String, _ material: [UInt8], salt: [UInt8]) -> [UInt8] {
        hmacSHA256(labelled(label) + material, key: salt)
    }

    /// At most 32 bytes, which one round gives.
    func expand(_ key: [UInt8], _ label: String, _ info: [UInt8], length: UInt8) -> [UInt8] {
        Array(hmacSHA256([0, length] + labelled(label) + info + [1], key: key).prefix(Int(length)))
    }

    private func labelled(_ label: String) -> [UInt8] { Array("HPKE-v1".utf8) + id + Array(label.utf8) }
}
