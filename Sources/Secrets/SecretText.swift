internal import CSSL

/// A secret that cannot be printed by accident and is wiped from memory when its last copy is gone.
///
/// What `reveal` and `revealBytes` hand out is outside this protection: pass it on and let it go.
package struct SecretText: Sendable, Equatable {
    private let storage: WipedBytes

    package init(_ text: String) { storage = WipedBytes(text.utf8) }

    package init(_ bytes: some Collection<UInt8>) { storage = WipedBytes(bytes) }

    /// A secret as an editor saves it: the line breaks at its end are not part of it.
    package init(lines bytes: some BidirectionalCollection<UInt8>) {
        let last = bytes.lastIndex { $0 != 10 && $0 != 13 }
        self.init(bytes[..<(last.map(bytes.index(after:)) ?? bytes.startIndex)])
    }

    /// The secret as text; bytes that are not UTF-8 become replacement characters.
    package func reveal() -> String { String(decoding: storage.copy, as: UTF8.self) }

    /// The secret as bytes.
    package func revealBytes() -> [UInt8] { storage.copy }

    /// Bytes.
    package var count: Int { storage.count }

    /// Compares in a time that depends on the lengths alone.
    package static func == (left: SecretText, right: SecretText) -> Bool {
        left.storage.equals(right.storage)
    }
}

extension SecretText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { redactionMark }
    package var debugDescription: String { redactionMark }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What stands in place of a secret wherever text leaves the process.
package let redactionMark = "•••"

/// Memory of its own, shared by all copies of a secret and overwritten before it is given back.
// Sendable: the memory is written in `init` and `deinit` alone, when nobody else has a reference.
@safe private final class WipedBytes: @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        unsafe memory = .allocate(capacity: bytes.count)
        _ = unsafe memory.initialize(fromContentsOf: bytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(memory.baseAddress, memory.count)
        unsafe memory.deallocate()
    }

    var count: Int { unsafe memory.count }

    var copy: [UInt8] { unsafe Array(memory) }

    func equals(_ other: WipedBytes) -> Bool {
        unsafe count == other.count && CRYPTO_memcmp(memory.baseAddress, other.memory.baseAddress, count) == 0
    }
}
