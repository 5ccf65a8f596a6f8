import Domain
import Foundation
import Outbound
import Secrets
import Testing
import Threads
import WorkerProtocol

@testable import Runtime

/// The door over a real socket, with a small HTTP server at the other end.
@Suite struct SocketDoorTests {
    private static let server = """
        import http.server, json, os, socketserver, sys, time
        folder = sys.argv[1]
        replies = json.load(open(folder + '/replies.json'))
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                with open(folder + '/requests.jsonl', 'a') as log:
                    log.write(json.dumps({'path': self.path, 'token': self.headers['authorization'],
                        'type': self.headers['content-type'], 'body': json.loads(body)}) + '\\n')
                status, reply = replies[self.path].pop(0)
                if status == 0:
                    self.close_connection = True
                    return
                text = reply.encode()
                self.send_response(status)
                self.send_header('content-type', 'application/json')
                self.send_header('content-length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            def log_message(self, *arguments): pass
            def address_string(self): return 'socket'
        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
        # The name is there only when somebody listens.
        with Server(folder + '/door.new', Handler) as server:
            os.rename(folder + '/door.new', folder + '/door')
            server.serve_forever()
        """

    private func withDoor(
        _ replies: Value,
        _ body: (WorkerDoor, _ requests: () throws -> [Value]) async throws -> Void
    ) async throws {
        try HTTPClient.initialise()
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(.internal, "no temporary folder") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // nothing else looks at it
        try replies.canonicalJSON.write(toFile: folder + "/replies.json", atomically: true, encoding: .utf8)
        let command = Command(executable: "/usr/bin/python3", arguments: ["-c", Self.server, folder])
        let server = Task { try await ChildProcess(command).run(until: .after(.seconds(60))) }
        // The child is killed with its task.
        defer { server.cancel() }
        try await eventually("the server listens") {
            FileManager.default.fileExists(atPath: folder + "/door")
        }
        let door = WorkerDoor.socket(
            folder + "/door",
            token: SecretText("provisioned"),
            client: try HTTPClient()
        )
        try await body(door) {
            let text = try String(contentsOfFile: folder + "/requests.jsonl", encoding: .utf8)
            return try text.split(separator: "\n").map { try Value(json: String($0)) }
        }
    }

    @Test func `requests carry the token of the registration and the shapes of the protocol`() async throws {
        let registered: Value = [
            "worker": "w1", "token": "worker-token", "slots": 2, "heartbeatMilliseconds": 5000,
            "leaseMilliseconds": 30_000,
        ]
        let beat: Value = [
            "leases": [["attempt": "a", "leaseMilliseconds": 30_000, "directive": "park"]], "mustDrain": true,
        ]
        let replies: Value = [
            "/worker/v1/register": [[200, .string(registered.canonicalJSON)]],
            "/worker/v1/heartbeat": [[200, .string(beat.canonicalJSON)]],
            "/worker/v1/claim": [[200, .string((["claims": []] as Value).canonicalJSON)]],
            "/worker/v1/announce": [[200, "{\"applied\":false}"]],
        ]
        try await withDoor(replies) { door, requests in
            let reply = try await door.register(
                RegisterRequest(runtime: "r1", commands: ["git"], version: "1")
            )
            #expect(reply.slots == 2)
            let proof = AttemptProof(attempt: UID("a"), token: "attempt-token")
            let leases = try await door.heartbeat(HeartbeatRequest(attempts: [proof], isDraining: false))
            #expect(leases.mustDrain && leases.leases.map(\.directive) == [.park])
            let claims = try await door.claim(ClaimRequest(count: 1, waitMilliseconds: 10, requestID: "c1"))
            #expect(claims.claims.isEmpty)
            let announced = try await door.announce(AnnounceRequest(proof: proof, commit: CommitID("abc")))
            #expect(!announced.applied)
            let seen = try requests()
            #expect(
                seen.map { $0["token"] } == [
                    "Bearer provisioned", "Bearer worker-token", "Bearer worker-token", "Bearer worker-token",
                ]
            )
            #expect(seen[0]["body"] == ["runtime": "r1", "commands": ["git"], "version": "1"])
            #expect(seen[1].at("body", "attempts") == [["attempt": "a", "token": "attempt-token"]])
            #expect(seen[3].at("body", "commit") == "abc")
            #expect(seen.allSatisfy { $0["type"] == "application/json" })
        }
    }

    @Test func `a problem becomes a failure with its reason, and only silence is worth repeating`()
        async throws
    {
        let problem: Value = [
            "title": "Conflict", "detail": "The attempt has ended", "reason": "attempt_ended",
        ]
        // The silence comes first: on a connection that was used before, curl would ask again by itself.
        let replies: Value = [
            "/worker/v1/begin": [
                [0, ""], [409, .string(problem.canonicalJSON)], [403, "no document"], [503, "{}"],
                [200, "[]"],
            ]
        ]
        try await withDoor(replies) { door, _ in
            let request = BeginRequest(proof: AttemptProof(attempt: UID("a"), token: "t"))
            var failures: [Failure] = []
            for _ in 0..<5 {
                failures.append(try await #require(throws: Failure.self) { try await door.begin(request) })
            }
            #expect(failures.map(\.code) == [.unavailable, .conflict, .forbidden, .unavailable, .corrupted])
            #expect(
                failures[1].reason == "attempt_ended" && failures[1].message.contains("The attempt has ended")
            )
            #expect(failures.map(\.isTransient) == [true, false, false, true, false])
        }
        let absent = WorkerDoor.socket("/tmp/no-such-door", token: SecretText("t"), client: try HTTPClient())
        let failure = try await #require(throws: Failure.self) {
            try await absent.heartbeat(HeartbeatRequest(attempts: [], isDraining: false))
        }
        #expect(failure.isTransient)
    }
}
