internal import CSSL

/// The SHA-256 digest of some bytes; 32 bytes.
package func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finish()
}

/// The SHA-256 digest of some bytes as digests are written: `sha256:` and 64 hexadecimal digits.
package func digestText(_ bytes: some Collection<UInt8>) -> String { "sha256:" + hex(sha256(bytes)) }

/// A SHA-256 digest of bytes that come in pieces.
package struct SHA256Hasher: ~Copyable {
    private let context: DigestContext

    package init() { context = DigestContext() }

    /// Adds the next piece.
    package mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ unsafe context.update($0) }) == nil {
            unsafe Array(bytes).withUnsafeBufferPointer { unsafe context.update($0) }
        }
    }

    /// The digest of everything added; 32 bytes.
    package consuming func finish() -> [UInt8] { context.finish() }
}

/// Owns one digest context of the library.
@safe private struct DigestContext: ~Copyable {
    private let raw: OpaquePointer

    // The library fails here only when there is no memory left.
    init() {
        guard let raw = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(raw, EVP_sha256(), nil) == 1 else {
            preconditionFailure("No memory for a digest")
        }
        unsafe self.raw = raw
    }

    deinit { unsafe EVP_MD_CTX_free(raw) }

    borrowing func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        let result = unsafe EVP_DigestUpdate(raw, bytes.baseAddress, bytes.count)
        precondition(result == 1, "A digest that was not finished takes bytes")
    }

    borrowing func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            let result = unsafe EVP_DigestFinal_ex(raw, buffer.baseAddress, nil)
            precondition(result == 1, "A digest is finished once")
            count = 32
        }
    }
}

/// The HMAC-SHA-256 of some bytes under a key of any length; 32 bytes.
///
/// *Source*: RFC 2104.
package func hmacSHA256(_ bytes: some Collection<UInt8>, key: some Collection<UInt8>) -> [UInt8] {
    var block = key.count > 64 ? sha256(key) : Array(key)
    block += repeatElement(0, count: 64 - block.count)
    defer { unsafe block.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
    var inner = SHA256Hasher()
    inner.update(block.map { $0 ^ 0x36 })
    inner.update(bytes)
    var outer = SHA256Hasher()
    outer.update(block.map { $0 ^ 0x5c })
    outer.update(inner.finish())
    return outer.finish()
}

/// Bytes that nobody can guess, from the generator of the library.
package func randomBytes(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        // It fails only where the kernel gives no randomness; going on would make secrets guessable.
        let result = unsafe count == 0 ? 1 : RAND_bytes(buffer.baseAddress, Int32(count))
        precondition(result == 1, "The operating system gives no randomness")
        filled = count
    }
}

/// A random token as base64url text, four characters for three bytes.
package func randomToken(bytes count: Int = 32) -> String { base64URL(randomBytes(count)) }

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
package func constantTimeEquals(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    let (left, right) = (Array(left), Array(right))
    return unsafe left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
