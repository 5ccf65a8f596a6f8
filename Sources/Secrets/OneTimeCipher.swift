internal import CSSL

/// ChaCha20-Poly1305 with a key that encrypts one message and no other.
///
/// *Source*: RFC 8439.
struct OneTimeCipher {
    static let tagLength = 16

    /// 32 bytes.
    let key: SecretText
    /// 12 bytes.
    let nonce: [UInt8]

    /// The ciphertext with its tag behind it.
    func encrypt(_ message: SecretText, aad: String) -> [UInt8] {
        let context = CipherContext()
        let (key, plain, aad) = (key.revealBytes(), message.revealBytes(), Array(aad.utf8))
        var ciphertext = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        let isDone = unsafe context.with { raw in
            var count: Int32 = 0
            return unsafe EVP_EncryptInit_ex(raw, EVP_chacha20_poly1305(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(raw, nil, &count, aad, Int32(aad.count)) == 1
                && EVP_EncryptUpdate(raw, &ciphertext, &count, plain, Int32(plain.count)) == 1
                && EVP_EncryptFinal_ex(raw, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), &tag) == 1
        }
        precondition(isDone, "Any message can be encrypted")
        return ciphertext + tag
    }

    /// The message; nil when a bit of it, of its tag or of `aad` is another.
    func decrypt(_ sealed: some Collection<UInt8>, aad: String) -> SecretText? {
        guard sealed.count >= Self.tagLength else { return nil }
        let context = CipherContext()
        let (key, aad) = (key.revealBytes(), Array(aad.utf8))
        let ciphertext = Array(sealed.prefix(sealed.count - Self.tagLength))
        var tag = Array(sealed.suffix(Self.tagLength))
        var plain = [UInt8](repeating: 0, count: ciphertext.count)
        defer { unsafe plain.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        let isGenuine = unsafe context.with { raw in
            var count: Int32 = 0
            return unsafe EVP_DecryptInit_ex(raw, EVP_chacha20_poly1305(), nil, key, nonce) == 1
                && EVP_DecryptUpdate(raw, nil, &count, aad, Int32(aad.count)) == 1
                && EVP_DecryptUpdate(raw, &plain, &count, ciphertext, Int32(ciphertext.count)) == 1
                && EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), &tag) == 1
                && EVP_DecryptFinal_ex(raw, nil, &count) == 1
        }
        return isGenuine ? SecretText(plain) : nil
    }
}

/// Owns one cipher context of the library.
@safe private struct CipherContext: ~Copyable {
    private let raw: OpaquePointer

    // The library fails here only when there is no memory left.
    init() {
        guard let raw = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("No memory for a cipher") }
        unsafe self.raw = raw
    }

    deinit { unsafe EVP_CIPHER_CTX_free(raw) }

    @unsafe borrowing func with(_ body: (OpaquePointer) -> Bool) -> Bool { unsafe body(raw) }
}
