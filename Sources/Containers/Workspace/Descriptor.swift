internal import CLinux
internal import Domain

/// Owns one descriptor and closes it with the last reference.
final class Descriptor: Sendable {
    let raw: Int32

    init(_ raw: Int32) { self.raw = raw }

    deinit { _ = ag_close(raw) }
}

/// The value of a call of CLinux, or the failure that its negated errno stands for.
func answer<Number: SignedInteger>(
    _ result: Number,
    _ call: String,
    _ about: @autoclosure () -> String
) throws -> Number {
    guard result < 0 else { return result }
    let errno = Int32(truncatingIfNeeded: -result)
    let code: Failure.Code =
        switch errno {
        case ENOENT, ESRCH: .notFound
        case EEXIST: .alreadyExists
        case EACCES, EPERM, EROFS: .forbidden
        case EMFILE, ENFILE, ENOSPC, EDQUOT, ENOMEM, EAGAIN: .exhausted
        case ENOSYS: .unsupported
        case E2BIG, EINVAL, ENAMETOOLONG: .invalid
        default: .internal
        }
    throw Failure(code, "\(about()) was refused by the system (\(call))", outside: "errno \(errno)")
}
