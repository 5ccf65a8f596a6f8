internal import CLinux

/// Starts a detached thread that takes no signals; its name is cut to 15 bytes.
///
/// The body decides when it ends.
/// - Throws: `SystemError` when the process may not have another thread; the body then never runs.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let box = unsafe Unmanaged.passRetained(ThreadBody(body))
    let result = unsafe ag_thread_start(
        name,
        { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body()
        },
        box.toOpaque()
    )
    if result < 0 { unsafe box.release() }
    _ = try checked(result, "pthread_create", name)
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs a blocking body on a thread of its own and awaits its answer; the cooperative pool stays free.
///
/// *Cancellation*: signals the wake-up handed to the body, which polls it beside its own descriptors and
/// decides. The body must hold a deadline of its own: nothing else ends it.
/// - Throws: the body's error, or `SystemError` when there is no thread or descriptor left.
package func onOwnThread<Value: Sendable>(
    _ name: String,
    _ body: @escaping @Sendable (_ cancelled: WakeUp) throws -> Value
) async throws -> Value {
    let cancelled = try WakeUp()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread(name) { continuation.resume(with: Result { try body(cancelled) }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    } onCancel: {
        cancelled.signal()
    }
}
