internal import CSSL

/// A private key of X25519; any 32 bytes are one.
///
/// *Source*: RFC 7748.
struct X25519PrivateKey: Sendable {
    static let length = 32

    let secret: SecretText
    /// 32 bytes.
    let publicBytes: [UInt8]

    /// nil for another number of bytes.
    init?(_ secret: SecretText) {
        guard secret.count == Self.length else { return nil }
        self.secret = secret
        publicBytes = KeyHandle(privateKey: secret).publicBytes
    }

    /// A key that nobody can guess.
    init() {
        secret = SecretText(randomBytes(Self.length))
        publicBytes = KeyHandle(privateKey: secret).publicBytes
    }

    /// What this key and that of another one share; 32 bytes.
    ///
    /// *Shape*: nil for what is no public key, or is of a low order and shares the same with everybody.
    func agree(with peer: [UInt8]) -> SecretText? {
        guard peer.count == Self.length else { return nil }
        return KeyHandle(privateKey: secret).derive(KeyHandle(publicKey: peer))
    }
}

/// Owns one key of the library.
@safe private struct KeyHandle: ~Copyable {
    private let raw: OpaquePointer

    // The library fails in both only for another length, or when there is no memory left.
    init(privateKey: SecretText) {
        let bytes = privateKey.revealBytes()
        guard let raw = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, bytes, bytes.count) else {
            preconditionFailure("A private key has 32 bytes")
        }
        unsafe self.raw = raw
    }

    init(publicKey bytes: [UInt8]) {
        guard let raw = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, bytes, bytes.count) else {
            preconditionFailure("A public key has 32 bytes")
        }
        unsafe self.raw = raw
    }

    deinit { unsafe EVP_PKEY_free(raw) }

    var publicBytes: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: X25519PrivateKey.length) { buffer, count in
            count = X25519PrivateKey.length
            let result = unsafe EVP_PKEY_get_raw_public_key(raw, buffer.baseAddress, &count)
            precondition(result == 1, "A private key has a public half")
        }
    }

    borrowing func derive(_ peer: borrowing KeyHandle) -> SecretText? {
        guard let context = unsafe EVP_PKEY_CTX_new(raw, nil) else {
            preconditionFailure("No memory for a key agreement")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var count = X25519PrivateKey.length
        var shared = [UInt8](repeating: 0, count: count)
        let isShared =
            unsafe EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer.raw) == 1
            && EVP_PKEY_derive(context, &shared, &count) == 1
        return isShared ? SecretText(shared) : nil
    }
}
