package import WorkerProtocol

/// What a runtime asks of the control plane; each call throws `Failure`, whose `reason` is the door's own.
///
/// A transient failure says that nobody answered, so the same request may be sent again.
package struct WorkerDoor: Sendable {
    /// Presents the runtime; what comes after is authenticated by the token of the reply.
    package let register: @Sendable (RegisterRequest) async throws -> RegisterReply
    package let heartbeat: @Sendable (HeartbeatRequest) async throws -> HeartbeatReply
    package let claim: @Sendable (ClaimRequest) async throws -> ClaimReply
    package let begin: @Sendable (BeginRequest) async throws -> Acknowledgement
    package let announce: @Sendable (AnnounceRequest) async throws -> Acknowledgement
    package let report: @Sendable (ReportRequest) async throws -> Acknowledgement
    package let logs: @Sendable (LogsRequest) async throws -> Acknowledgement

    /// A door of its calls.
    package init(
        register: @escaping @Sendable (RegisterRequest) async throws -> RegisterReply,
        heartbeat: @escaping @Sendable (HeartbeatRequest) async throws -> HeartbeatReply,
        claim: @escaping @Sendable (ClaimRequest) async throws -> ClaimReply,
        begin: @escaping @Sendable (BeginRequest) async throws -> Acknowledgement,
        announce: @escaping @Sendable (AnnounceRequest) async throws -> Acknowledgement,
        report: @escaping @Sendable (ReportRequest) async throws -> Acknowledgement,
        logs: @escaping @Sendable (LogsRequest) async throws -> Acknowledgement
    ) {
        self.register = register
        self.heartbeat = heartbeat
        self.claim = claim
        self.begin = begin
        self.announce = announce
        self.report = report
        self.logs = logs
    }
}
