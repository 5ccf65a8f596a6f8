internal import CLinux

/// A failed call of the operating system, or a limit of this module that was reached.
package struct SystemError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as a closed set that callers may branch on.
    package enum Code: String, Sendable {
        /// The deadline passed before the work was done.
        case timedOut = "timed_out"
        /// Somebody else holds the lock.
        case busy
        /// A file, folder, program or process does not exist.
        case notFound = "not_found"
        /// The operating system refused for lack of rights.
        case notPermitted = "not_permitted"
        /// A process wrote more than it may.
        case tooLong = "too_long"
        /// The request itself makes no sense, such as a NUL inside an argument.
        case invalid
        /// Every other refusal of the operating system; see `errno`.
        case failed
    }

    package let code: Code
    /// One sentence for people.
    package let message: String
    /// The call that failed.
    package let call: String
    /// The outside code; 0 where there is none.
    package let errno: Int32

    package init(code: Code, message: String, call: String, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.call = call
        self.errno = errno
    }

    package var description: String {
        errno == 0 ? "\(message) (\(call))" : "\(message) (\(call), errno \(errno))"
    }
}

/// The value of a call of CLinux, which answers a negated errno when it fails.
///
/// - Throws: `SystemError` with the code that fits the errno.
func checked<Number: SignedInteger>(
    _ result: Number,
    _ call: String,
    _ about: @autoclosure () -> String = ""
) throws(SystemError) -> Number {
    guard result < 0 else { return result }
    let errno = Int32(truncatingIfNeeded: -result)
    let (code, reason): (SystemError.Code, String) =
        switch errno {
        case EPERM, EACCES: (.notPermitted, "Not permitted")
        case ENOENT, ESRCH, ENOTDIR: (.notFound, "Not found")
        case EBUSY: (.busy, "Busy")
        default: (.failed, "The operating system refused")
        }
    let subject = about()
    throw SystemError(
        code: code,
        message: subject.isEmpty ? reason : "\(reason): \(subject)",
        call: call,
        errno: errno
    )
}
