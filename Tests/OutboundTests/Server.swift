import Foundation
import Outbound
import Threads

/// A real HTTP server in a process of its own, on loopback or on a unix socket, for the length of one
/// closure.
struct Server {
    let url: String
    let socket: String?
    let certificate: String

    static func run<Value>(
        onSocket: Bool = false,
        withTLS: Bool = false,
        _ body: (Server, HTTPClient) async throws -> Value
    ) async throws -> Value {
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        let folder = unsafe String(cString: mkdtemp(&template))
        // A folder that cannot be removed is no reason to fail a test.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try script.write(toFile: "\(folder)/server.py", atomically: true, encoding: .utf8)
        if withTLS { try await makeCertificate(in: folder) }
        var ends: [Int32] = [0, 0]
        _ = unsafe pipe(&ends)
        let command = Command(
            executable: "/usr/bin/python3",
            arguments: ["\(folder)/server.py"] + (onSocket ? ["\(folder)/socket"] : []),
            environment: ["PATH": "/usr/bin:/bin"]
        )
        let started = Result {
            try DetachedProcess(command, output: .descriptor(ends[1]), errorOutput: .file("\(folder)/log"))
                .start()
        }
        close(ends[1])
        defer { close(ends[0]) }
        let process = try started.get()
        let result: Result<Value, any Error>
        do {
            let port = try await readLine(ends[0])
            let server = Server(
                url: "\(withTLS ? "https" : "http")://127.0.0.1:\(port)",
                socket: onSocket ? "\(folder)/socket" : nil,
                certificate: "\(folder)/certificate.pem"
            )
            result = .success(try await body(server, try HTTPClient(maximumTransfers: 64)))
        } catch {
            result = .failure(error)
        }
        _ = try process.killGroup()
        _ = try await DetachedProcess.waitForExit(process, until: .after(.seconds(20)))
        return try result.get()
    }

    func request(_ path: String, method: String = "GET", body: [UInt8] = []) -> HTTPRequest {
        HTTPRequest(method: method, url: url + path, unixSocketPath: socket, body: body)
    }

    /// Waits until the server has seen a connection of this name "arrived" or "ended", ten seconds at most.
    func saw(_ what: String, of name: String, _ client: HTTPClient) async throws -> Bool {
        try await client.send(request("/saw/\(what)/\(name)")).body == Array("yes".utf8)
    }

    private static func makeCertificate(in folder: String) async throws {
        let openssl = Command(
            executable: "/usr/bin/openssl",
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1",
                "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
                "certificate.pem",
            ],
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder],
            directory: folder
        )
        let output = try await ChildProcess(openssl).run(until: .after(.seconds(30)))
        guard output.succeeded else {
            throw SystemError(
                code: .failed,
                message: String(decoding: output.standardError, as: UTF8.self),
                call: "openssl"
            )
        }
    }

    private static func readLine(_ descriptor: Int32) async throws -> String {
        try await onOwnThread("read-line") { _ in
            var line: [UInt8] = []
            var byte: UInt8 = 0
            while line.last != 10 {
                let ready = try poll([PollInterest(descriptor, readable: true)], until: .after(.seconds(30)))
                guard ready[0].readable, unsafe read(descriptor, &byte, 1) == 1 else {
                    throw SystemError(code: .timedOut, message: "The server did not start", call: "read")
                }
                line.append(byte)
            }
            return String(decoding: line.dropLast(), as: UTF8.self)
        }
    }

    /// Ends with its parent, even when that is killed.
    private static let script = #"""
        import http.server, json, os, random, socketserver, ssl, sys, threading, time

        marks = set()
        lock = threading.Condition()
        seen = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def address_string(self): return "client"

            def handle_any(self):
                parts = self.path.split("?")[0].split("/")[1:]
                getattr(self, "do_" + parts[0])(*parts[1:])
            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

            def answer(self, body, status=200, headers=()):
                self.send_response(status)
                for name, value in headers: self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD": self.wfile.write(body)

            def do_echo(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said = {"method": self.command, "headers": [[n, v] for n, v in self.headers.items()],
                        "length": len(body), "body": body[:100].decode("latin1"), "path": self.path}
                self.answer(json.dumps(said).encode(), headers=[
                    ("X-Twice", "a"), ("X-Twice", "b"), ("X-Odd", " é:\t")])

            def do_status(self, code):
                self.answer(b"no", int(code), [("Retry-After", "7"), ("Location", "/echo")])

            def do_early(self):
                self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
                self.answer(b"late")

            def do_silent(self, name):
                self.mark("arrived", name)
                self.wait_for_end(name)

            def do_broken(self):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                self.close_connection = True

            def do_nothing(self):
                self.close_connection = True

            def do_headers(self, count):
                self.send_response(200)
                for number in range(int(count)): self.send_header("X-%d" % number, "v" * 1000)
                self.send_header("Content-Length", "0")
                self.end_headers()

            # Writes "count" pieces of a stream, then ends it or stays silent until the client leaves.
            def do_stream(self, name, count, end):
                self.begin()
                try:
                    for number in range(int(count)): self.piece(b"data: %s %d\n\n" % (name.encode(), number))
                    if end == "end": self.piece(b"")
                    else: self.wait_for_end(name)
                except OSError: self.mark("ended", name)

            # Writes for ever and counts, until the client leaves.
            def do_endless(self, name):
                self.begin()
                seen[name] = 0
                try:
                    while True:
                        self.piece(b"x" * 65536)
                        seen[name] += 65536
                except OSError: self.mark("ended", name)

            # Writes bursts of up to 1 MiB, each a line that begins with its length, and is silent until "/go"
            # asks for the next.
            def do_bursts(self, name, count):
                self.begin()
                dice = random.Random(name)
                try:
                    for number in range(int(count)):
                        left = dice.randrange(10, 1 << 20)
                        self.piece(b"%08d" % left)
                        left -= 8
                        while left > 0:
                            size = min(left, dice.choice([1, 100, 4096, 16384, 65536, 262144]))
                            left -= size
                            self.piece(b"x" * (size - 1) + (b"x" if left else b"\n"))
                        with lock: lock.wait_for(lambda: ("go", name + str(number)) in marks, 30)
                    self.piece(b"")
                except OSError: self.mark("ended", name)

            def do_go(self, name, number):
                self.mark("go", name + number)
                self.answer(b"")

            def do_seen(self, name):
                self.answer(str(seen.get(name, 0)).encode())

            def do_large(self, count):
                count = int(count)
                self.send_response(200)
                self.send_header("Content-Length", str(count))
                self.end_headers()
                self.wfile.write((bytes(range(251)) * (count // 251 + 1))[:count])

            def do_saw(self, what, name):
                with lock: done = lock.wait_for(lambda: (what, name) in marks, 10)
                self.answer(b"yes" if done else b"no")

            def begin(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def piece(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def wait_for_end(self, name):
                self.close_connection = True
                try: self.connection.recv(1)
                except OSError: pass
                self.mark("ended", name)

            def mark(self, what, name):
                self.close_connection = True
                with lock:
                    marks.add((what, name))
                    lock.notify_all()

        class Threads:
            daemon_threads = True
            request_queue_size = 128
        class TCP(Threads, http.server.ThreadingHTTPServer): pass
        class Unix(Threads, socketserver.ThreadingMixIn, socketserver.UnixStreamServer): pass

        parent = os.getppid()
        def watch():
            while os.getppid() == parent: time.sleep(0.5)
            os._exit(0)
        threading.Thread(target=watch, daemon=True).start()
        server = Unix(sys.argv[1], Handler) if len(sys.argv) > 1 else TCP(("127.0.0.1", 0), Handler)
        folder = os.path.dirname(sys.argv[0])
        if os.path.exists(folder + "/key.pem"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1] if len(sys.argv) < 2 else 80, flush=True)
        server.serve_forever()
        """#
}
