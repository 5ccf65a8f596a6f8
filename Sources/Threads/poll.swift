internal import CLinux

/// What a wait wants to know about one descriptor.
package struct PollInterest: Sendable {
    package let fileDescriptor: Int32
    package let readable: Bool
    package let writable: Bool

    package init(_ fileDescriptor: Int32, readable: Bool = false, writable: Bool = false) {
        self.fileDescriptor = fileDescriptor
        self.readable = readable
        self.writable = writable
    }
}

/// What a wait found out about one descriptor.
package struct PollResult: Sendable, Equatable {
    package let fileDescriptor: Int32
    package let readable: Bool
    package let writable: Bool
    /// The other side is gone, or the descriptor is broken or closed.
    package let hungUp: Bool

    /// Whether anything happened.
    package var isReady: Bool { readable || writable || hungUp }
}

/// Waits on the calling thread until a descriptor is ready or the deadline passes; interrupted waits go on.
///
/// *Shape*: one result for each interest, in the same order; none is ready when the deadline passed.
/// - Throws: `SystemError.failed` when `poll(2)` refuses.
package func poll(_ interests: [PollInterest], until deadline: Deadline) throws(SystemError) -> [PollResult] {
    var entries = interests.map { interest in
        let events = (interest.readable ? POLLIN : 0) | (interest.writable ? POLLOUT : 0)
        return pollfd(fd: interest.fileDescriptor, events: Int16(events), revents: 0)
    }
    var found: Int32 = 0
    repeat {
        found = unsafe ag_poll(&entries, entries.count, deadline.pollTimeoutMilliseconds)
    } while found == -EINTR
    _ = try checked(found, "poll")
    return entries.map { entry in
        let events = Int32(entry.revents)
        return PollResult(
            fileDescriptor: entry.fd,
            readable: events & POLLIN != 0,
            writable: events & POLLOUT != 0,
            hungUp: events & (POLLHUP | POLLERR | POLLNVAL) != 0
        )
    }
}
