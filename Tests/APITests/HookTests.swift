import Domain
import HTTPTypes
import Secrets
import Synchronization
import Testing

@testable import API

/// Senders and what became of their deliveries.
private final class Hooks: Sendable {
    struct State {
        var secrets: [String: HookSecret] = [
            "hub": HookSecret(signature: .github, secret: SecretText("It's a Secret to Everybody")),
            "lab": HookSecret(signature: .gitlab, secret: SecretText("lab-token")),
            "tea": HookSecret(signature: .gitea, secret: SecretText("It's a Secret to Everybody")),
            "std": HookSecret(
                signature: .standard,
                secret: SecretText("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            ),
        ]
        var delivered: [String] = []
        var failure: Failure?
    }

    private let state = Mutex(State())

    func update<Value: Sendable>(_ body: (inout State) throws -> Value) rethrows -> Value {
        try state.withLock { state in try body(&state) }
    }

    var ports: HookPorts {
        HookPorts(
            secret: { name in self.update { $0.secrets[name] } },
            deliver: { name, _, delivery in
                try self.update { state in
                    if let failure = state.failure { throw failure }
                    state.delivered.append("\(name) \(delivery.id ?? "-") \(delivery.event ?? "-")")
                }
            }
        )
    }
}

private let greeting = Array("Hello, World!".utf8)
/// The example of GitHub's pages on validating deliveries.
private let greetingHMAC = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

@Suite struct HookTests {
    private let hooks = Hooks()

    private func withDoor(
        anonymousRead: AnonymousRead = .health,
        _ body: (Client) async throws -> Void
    ) async throws {
        try await withPublicDoor(
            Installation(),
            hooks: hooks.ports,
            anonymousRead: anonymousRead,
            body
        )
    }

    private func post(
        _ client: Client,
        _ name: String,
        _ headers: [(String, String)],
        body: [UInt8] = greeting
    ) async throws -> Int {
        try await client.send("POST", "/hooks/\(name)", headers: headers, body: body).status
    }

    @Test func `deliveries of each sender are taken by their signatures`() async throws {
        try await withDoor { (client) async throws in
            let hub = [
                ("X-Hub-Signature-256", "sha256=\(greetingHMAC)"), ("X-GitHub-Delivery", "d-1"),
                ("X-GitHub-Event", "push"),
            ]
            #expect(try await post(client, "hub", hub) == 202)
            let tea = [("X-Gitea-Signature", greetingHMAC), ("X-Gitea-Delivery", "d-2")]
            #expect(try await post(client, "tea", tea) == 202)
            let lab = [("X-Gitlab-Token", "lab-token"), ("X-Gitlab-Event", "Push Hook")]
            #expect(try await post(client, "lab", lab) == 202)
        }
        #expect(hooks.update { $0.delivered } == ["hub d-1 push", "tea d-2 -", "lab - Push Hook"])
    }

    @Test func `a wrong signature, a changed body and an unknown hook get one and the same answer`()
        async throws
    {
        try await withDoor { (client) async throws in
            let right = ("X-Hub-Signature-256", "sha256=\(greetingHMAC)")
            let tries: [(String, [(String, String)], String)] = [
                ("hub", [], "Hello, World!"), ("hub", [right], "Hello, World?"), ("hub", [right], ""),
                ("hub", [("X-Hub-Signature-256", greetingHMAC)], "Hello, World!"),
                ("hub", [("X-Hub-Signature-256", "sha256=")], "Hello, World!"),
                ("hub", [("X-Hub-Signature-256", "sha256=zz")], "Hello, World!"),
                ("hub", [right, right], "Hello, World!"),
                ("hub", [("X-Hub-Signature", "sha1=\(greetingHMAC)")], "Hello, World!"),
                ("tea", [right], "Hello, World!"), ("nobody", [right], "Hello, World!"),
                ("lab", [("X-Gitlab-Token", "lab-tokeN")], "Hello, World!"),
                ("lab", [("X-Gitlab-Token", "")], "Hello, World!"), ("lab", [], "Hello, World!"),
            ]
            var answers: Set<String> = []
            for (name, headers, body) in tries {
                let reply = try await client.send(
                    "POST",
                    "/hooks/\(name)",
                    headers: headers,
                    body: Array(body.utf8)
                )
                #expect(reply.status == 401, "\(name) \(headers)")
                answers.insert(reply.text)
            }
            #expect(answers.count == 1)
        }
        #expect(hooks.update { $0.delivered } == [])
    }

    @Test func `Standard Webhooks are verified with their id, their time and any key of a rotation`() {
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let secret = SecretText("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let time: Int64 = 1_614_265_330
        // Computed with another implementation of HMAC.
        let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        func verifies(
            _ signature: String,
            id: String = "msg_p5jXN8AQM9LWM0D4loKWxJek",
            late: Int64 = 0
        ) -> Bool {
            var headers = HTTPFields()
            for (name, value) in [
                ("webhook-id", id), ("webhook-timestamp", "\(time)"), ("webhook-signature", signature),
            ] {
                if let name = HTTPField.Name(name) { headers[name] = value }
            }
            let now = Timestamp(microseconds: (time + late) * 1_000_000)
            return HookSignature.standard.verifies(body, headers, secret: secret, now: now)
        }
        #expect(verifies(right))
        #expect(verifies("v1a,AAAA v1,BBBB \(right)"))
        #expect(verifies(right, late: 300) && verifies(right, late: -300))
        #expect(!verifies(right, late: 301) && !verifies(right, late: -301))
        #expect(!verifies(right, id: "msg_other") && !verifies("v1,AAAA") && !verifies(""))
    }

    @Test func `a delivery that comes again counts once, and one that failed counts when it comes again`()
        async throws
    {
        let headers = [("X-Hub-Signature-256", "sha256=\(greetingHMAC)"), ("X-GitHub-Delivery", "d-1")]
        hooks.update { $0.failure = Failure(.unavailable, "no store") }
        try await withDoor { (client) async throws in
            #expect(try await post(client, "hub", headers) == 503)
            hooks.update { $0.failure = nil }
            for _ in 0..<3 { #expect(try await post(client, "hub", headers) == 202) }
        }
        #expect(hooks.update { $0.delivered } == ["hub d-1 -"])
    }

    @Test func `a body beyond a mebibyte is refused, and one of a mebibyte is not`() async throws {
        try await withDoor { (client) async throws in
            for (size, status) in [(1 << 20, 202), ((1 << 20) + 1, 413)] {
                let body = [UInt8](repeating: 7, count: size)
                let signature = hex(hmacSHA256(body, key: Array("It's a Secret to Everybody".utf8)))
                let headers = [("X-Hub-Signature-256", "sha256=\(signature)")]
                #expect(try await post(client, "hub", headers, body: body) == status)
            }
        }
    }

    @Test func `what is sent too often is put off, with the time to wait`() async throws {
        // The clock of this door stands still, so nothing is filled up.
        try await withDoor { (client) async throws in
            let headers = [("X-Gitlab-Token", "lab-token")]
            var statuses: [Int] = []
            for _ in 0...60 { statuses.append(try await post(client, "lab", headers)) }
            #expect(statuses.filter { $0 == 202 }.count == 60 && statuses.last == 429)
            for _ in 0..<38 { _ = try await post(client, "nobody", headers) }
            let tea = [("X-Gitea-Signature", greetingHMAC)]
            #expect(try await post(client, "tea", tea) == 202, "another source has a part of its own")
            let reply = try await client.send("POST", "/hooks/tea", headers: tea, body: greeting)
            #expect(reply.status == 429 && reply["retry-after"] == "1")
        }
    }

    @Test func `a rate is filled up with time, and never by a clock that goes back`() {
        let gate = HookGate()
        let start = Timestamp(microseconds: 1_000_000_000)
        for _ in 0..<60 { #expect(gate.admitsDelivery(for: "a", now: start)) }
        #expect(!gate.admitsDelivery(for: "a", now: start))
        #expect(!gate.admitsDelivery(for: "a", now: start + .seconds(-100)))
        #expect(!gate.admitsDelivery(for: "a", now: start))
        #expect(gate.admitsDelivery(for: "a", now: start + .seconds(1)))
    }

    @Test func `deliveries are remembered within bounds`() {
        let gate = HookGate()
        for number in 0..<10_000 { gate.remember("\(number)", of: "a") }
        #expect(gate.knows("9999", of: "a") && gate.knows("8000", of: "a") && !gate.knows("1", of: "a"))
        #expect(!gate.knows("9999", of: "b"))
    }

    @Test func `ids and events are kept only when they are plain and short`() {
        func delivery(_ id: String) -> String? {
            var headers = HTTPFields()
            if let name = HTTPField.Name("x-github-delivery") { headers[name] = id }
            return HookSignature.github.delivery(headers).id
        }
        #expect(delivery("72d3162e-cc78") == "72d3162e-cc78")
        #expect(delivery(String(repeating: "a", count: 129)) == nil && delivery("caf\u{e9}") == nil)
    }

    @Test func `a hook is the one thing that the public door takes`() async throws {
        let door = Door.publicDoor(
            .tcp(host: "127.0.0.1", port: 0),
            ports: Installation().reads,
            hooks: hooks.ports,
            anonymousRead: .everything,
            version: "1",
            logger: quiet,
            acquireSocket: takeLock,
            report: { _ in }
        )
        #expect(
            door.responder.routes.writes.map { "\($0.method.rawValue) \($0.pattern)" } == [
                "POST /hooks/{name}"
            ]
        )
        try await withDoor { (client) async throws in
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                #expect(try await client.send(method, "/hooks/hub").status == 405)
            }
        }
    }
}
