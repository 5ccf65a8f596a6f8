package import WorkerProtocol

/// What the worker door does for runtimes and the fleet manager; each port judges the credential itself.
package struct WorkerPorts: Sendable {
    package typealias Port<Request, Reply> = @Sendable (Request, WorkerCredential) async throws -> Reply

    package var register: Port<RegisterRequest, RegisterReply>
    package var heartbeat: Port<HeartbeatRequest, HeartbeatReply>
    package var claim: Port<ClaimRequest, ClaimReply>
    package var begin: Port<BeginRequest, Acknowledgement>
    package var announce: Port<AnnounceRequest, Acknowledgement>
    package var report: Port<ReportRequest, Acknowledgement>
    package var logs: Port<LogsRequest, Acknowledgement>
    package var fleetSnapshot: @Sendable (WorkerCredential) async throws -> FleetSnapshot
    package var provision: Port<ProvisionRequest, ProvisionReply>
    package var inventory: Port<InventoryReport, Acknowledgement>

    /// Ports of their parts.
    package init(
        register: @escaping Port<RegisterRequest, RegisterReply>,
        heartbeat: @escaping Port<HeartbeatRequest, HeartbeatReply>,
        claim: @escaping Port<ClaimRequest, ClaimReply>,
        begin: @escaping Port<BeginRequest, Acknowledgement>,
        announce: @escaping Port<AnnounceRequest, Acknowledgement>,
        report: @escaping Port<ReportRequest, Acknowledgement>,
        logs: @escaping Port<LogsRequest, Acknowledgement>,
        fleetSnapshot: @escaping @Sendable (WorkerCredential) async throws -> FleetSnapshot,
        provision: @escaping Port<ProvisionRequest, ProvisionReply>,
        inventory: @escaping Port<InventoryReport, Acknowledgement>
    ) {
        self.register = register
        self.heartbeat = heartbeat
        self.claim = claim
        self.begin = begin
        self.announce = announce
        self.report = report
        self.logs = logs
        self.fleetSnapshot = fleetSnapshot
        self.provision = provision
        self.inventory = inventory
    }
}
