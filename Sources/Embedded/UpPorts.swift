/// What `up` needs from the program that calls it.
package struct UpPorts: Sendable {
    /// Whether the control plane answers `GET /readyz` on the control socket with 200; bounded by its own
    /// time-out.
    package var probe: @Sendable (Installation) async -> Bool
    /// Shows one line to the person who started `up`.
    package var progress: @Sendable (String) -> Void
    /// 32 bytes that nobody can guess, as base64url; that is also how a private key for sealing is written.
    package var newToken: @Sendable () -> String
    /// One element for each Ctrl-C or SIGTERM: the first stops everything in order, the second hurries.
    package var stops: AsyncStream<Void>

    /// Ports of their parts.
    package init(
        probe: @escaping @Sendable (Installation) async -> Bool,
        progress: @escaping @Sendable (String) -> Void,
        newToken: @escaping @Sendable () -> String,
        stops: AsyncStream<Void>
    ) {
        self.probe = probe
        self.progress = progress
        self.newToken = newToken
        self.stops = stops
    }
}
