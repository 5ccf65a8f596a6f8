import Domain
import Hummingbird

/// Answers what machines ask about the process itself.
struct PlainRoutes: Sendable {
    let ports: ReadPorts

    /// Answers `GET /healthz`: the process answers.
    func health(_ call: Call) async throws -> Response { text("ok\n") }

    /// Answers `GET /readyz`: everything it needs is well; one line per check.
    func readiness(_ call: Call) async throws -> Response {
        let checks = await ports.readiness()
        let isReady = checks.allSatisfy(\.isReady)
        let lines = checks.map { "[\($0.isReady ? "+" : "-")]\($0.name) \($0.message)\n" }
        return text(
            lines.joined() + (isReady ? "ready\n" : "not ready\n"),
            status: isReady ? .ok : .serviceUnavailable
        )
    }

    /// Answers `GET /metrics` in the Prometheus text format, version 0.0.4.
    func metrics(_ call: Call) async throws -> Response {
        text(await ports.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

/// What every door for people reads; health, readiness and metrics are open to anyone, all else is guarded.
func readRoutes(_ ports: ReadPorts, _ streams: Streams, writes: Bool, version: String) -> [ReadRoute] {
    let plain = PlainRoutes(ports: ports)
    let discovery = Discovery(writes: writes, version: version)
    let openAPI = OpenAPIDocument(ports, writes: writes, version: version)
    let core = CoreGroup(ports: ports)
    let resources = ResourceReader(ports: ports, streams: streams)
    let log = TaskLog(ports: ports, streams: streams)
    let base = "/apis/\(Kind.apiVersion)"
    return [
        ReadRoute("/healthz", access: .open, plain.health),
        ReadRoute("/livez", access: .open, plain.health),
        ReadRoute("/readyz", access: .open, plain.readiness),
        ReadRoute("/metrics", access: .open, plain.metrics),
        ReadRoute("/version", discovery.version),
        ReadRoute("/openapi/v2", openAPI.version2),
        ReadRoute("/openapi/v3", openAPI.index),
        ReadRoute("/openapi/v3\(base)", openAPI.group),
        ReadRoute("/api", discovery.core),
        ReadRoute("/api/v1", discovery.coreVersion),
        ReadRoute("/api/v1/namespaces", core.namespaces),
        ReadRoute("/api/v1/namespaces/{name}", core.namespace),
        ReadRoute("/api/v1/namespaces/{namespace}/events", core.events),
        ReadRoute("/api/v1/events", core.events),
        ReadRoute("/apis", discovery.groups),
        ReadRoute("/apis/\(Kind.group)", discovery.group),
        ReadRoute(base, discovery.groupVersion),
        ReadRoute("\(base)/namespaces/{namespace}/{plural}", resources.list),
        ReadRoute("\(base)/namespaces/{namespace}/{plural}/{name}", resources.get),
        ReadRoute("\(base)/namespaces/{namespace}/{plural}/{name}/status", resources.get),
        ReadRoute("\(base)/namespaces/{namespace}/{plural}/{name}/log", log.read),
        ReadRoute("\(base)/{plural}", resources.list),
        ReadRoute("\(base)/{plural}/{name}", resources.get),
        ReadRoute("\(base)/{plural}/{name}/status", resources.get),
    ]
}
