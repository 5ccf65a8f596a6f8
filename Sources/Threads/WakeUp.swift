internal import CLinux

/// A descriptor that one thread polls and any other makes readable.
package final class WakeUp: Sendable {
    private let descriptor: OwnedDescriptor

    /// - Throws: `SystemError.failed` when the process has no descriptor left.
    package init() throws(SystemError) {
        descriptor = OwnedDescriptor(try checked(ag_eventfd(), "eventfd"))
    }

    /// Readable from `signal()` to `drain()`; valid for as long as this object lives.
    package var fileDescriptor: Int32 { descriptor.raw }

    /// Makes the descriptor readable; signals that nobody drained are one.
    ///
    /// May be called from any thread.
    package func signal() { _ = ag_eventfd_signal(descriptor.raw) }

    /// Makes the descriptor unreadable again.
    package func drain() { _ = ag_drain(descriptor.raw) }
}
