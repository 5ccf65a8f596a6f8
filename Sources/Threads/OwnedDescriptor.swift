internal import CLinux

/// Owns one descriptor and closes it.
struct OwnedDescriptor: ~Copyable {
    /// Negative when there is none, which `poll(2)` ignores.
    let raw: Int32

    init(_ raw: Int32) { self.raw = raw }

    static var none: OwnedDescriptor { OwnedDescriptor(-1) }

    deinit { if raw >= 0 { _ = ag_close(raw) } }
}
