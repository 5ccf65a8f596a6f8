import Domain
import Glibc
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// How doors behave; the defaults suit a real installation.
package struct DoorSettings: Sendable {
    /// Bytes of a request's body; a file has at most 1 MiB and grows a little as JSON.
    package var bodyLimit = 3 << 20
    /// How long a handler may take to begin its answer; a claim waits up to 30 s.
    package var handlerDeadline: Duration = .seconds(60)
    /// After that long without a request, or in the middle of one, a connection is closed.
    package var idleTimeout: Duration = .seconds(75)
    /// Watches and log streams open at once on one door.
    package var streamLimit = 256
    /// Between two signs of life on a stream on which nothing happens.
    package var heartbeat: Duration = .seconds(15)
    /// When the client names no time.
    package var watchTimeout: Duration = .seconds(1800)
    /// A client on whose stream one write takes that long is cut off, within a quarter of that time more.
    package var writeDeadline: Duration = .seconds(30)
    /// The longest pause between two tries to bind a busy address.
    package var longestRetry: Duration = .seconds(10)

    /// The defaults.
    package init() {}
}

/// What happens to a door, for the screen and the readiness check.
package enum DoorReport: Sendable, Hashable {
    /// Requests are answered; the port is the real one, nil for a unix socket.
    case listening(DoorAddress, port: Int?)
    /// The address is somebody else's; it is tried again after the pause.
    case busy(DoorAddress, retryIn: Duration)
    case closed(DoorAddress)
}

/// Holds a socket's lock until it is released.
package struct SocketHold: Sendable {
    package let release: @Sendable () -> Void

    /// A hold and how to end it.
    package init(release: @escaping @Sendable () -> Void) { self.release = release }
}

/// One listener of the control plane: an address and what is answered there.
package struct Door: Service {
    /// What it is called in the log: `public`, `control` or `workers`.
    package let name: String
    /// Where it listens.
    package let address: DoorAddress
    let responder: DoorResponder
    let settings: DoorSettings
    let acquireSocket: @Sendable (_ lockPath: String) async throws -> SocketHold
    let report: @Sendable (DoorReport) -> Void
    let logger: Logger

    /// Listens until the service group shuts down; a busy TCP port is tried again for as long as it takes.
    ///
    /// A unix socket belongs to who holds the lock file beside it (`<path>.lock`), since a second server
    /// would silently take over a live one.
    /// *Throws* `Failure` when the socket's path is too long or its lock is held.
    package func run() async throws {
        switch address {
        case .tcp(let host, let port):
            try await listenPatiently(.hostname(host, port: port))
        case .unix(let path, let mode):
            try SocketFile.check(path)
            let hold = try await acquireSocket(path + ".lock")
            defer {
                SocketFile.remove(path)
                hold.release()
            }
            try await listen(.unixDomainSocket(path: path)) { _ in try SocketFile.setMode(path, mode) }
        }
        report(.closed(address))
    }

    private func listenPatiently(_ bind: BindAddress) async throws {
        var pause: Duration = .milliseconds(250)
        while !Task.isShuttingDownGracefully {
            try Task.checkCancellation()
            do {
                return try await listen(bind) { _ in }
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                report(.busy(address, retryIn: pause))
                await sleepUntilShutdown(pause)
                pause = min(pause * 2, settings.longestRetry)
            }
        }
    }

    private func listen(
        _ bind: BindAddress,
        prepare: @escaping @Sendable (any Channel) throws -> Void
    ) async throws {
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    idleTimeout: TimeAmount(settings.idleTimeout),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10,
                        maxHeaderListSize: 64 << 10,
                        maxHeaderFieldCount: 100
                    )
                )
            ),
            configuration: ApplicationConfiguration(
                address: bind
            ),
            onServerRunning: { [report, address, logger] channel in
                do {
                    try prepare(channel)
                    report(.listening(address, port: channel.localAddress?.port))
                } catch {
                    logger.error("a door cannot open", metadata: ["door": "\(name)", "error": "\(error)"])
                    channel.close(promise: nil)
                }
            },
            logger: logger
        )
        try await application.run()
    }
}

/// Sleeps, but not into a shutdown.
private func sleepUntilShutdown(_ duration: Duration) async {
    await withTaskGroup(of: Void.self) { group in
        // Both end early only when the task is cancelled, and then the wait is over.
        group.addTask { try? await ContinuousClock().sleep(for: duration) }
        group.addTask { try? await gracefulShutdown() }
        await group.next()
        group.cancelAll()
    }
}
