import Containers
import Domain
import Synchronization
import Testing

@testable import Runtime

@Suite struct LoopTests {
    /// A loop over tools of the test's own, with a model that plays the turns of a contract.
    private func loop(
        _ contract: Contract,
        tools: [Tool] = [],
        model: Model? = nil,
        meter: Meter? = nil,
        mustPark: @escaping @Sendable () -> Bool = { false }
    ) throws -> ReactiveLoop {
        let log = TaskLog(clock: .system) { _ in }
        let desk = HandoffDesk()
        let meter = meter ?? Meter(price: contract.model.price)
        let folder = "/nonexistent"
        let bench = Workbench(
            contract: contract,
            engine: .none,
            folder: AttemptFolder(unmade: folder),
            log: log
        )
        let dispatcher = ToolDispatcher(
            toolbox: Toolbox(for: contract, catalogue: tools + [.submitHandoff, .readPredecessorHandoff]),
            context: ToolContext(contract: contract, workbench: bench, desk: desk),
            meter: meter,
            log: log,
            clock: .system
        )
        return ReactiveLoop(
            contract: contract,
            model: try model ?? .named(in: contract),
            dispatcher: dispatcher,
            desk: desk,
            meter: meter,
            log: log,
            clock: .instant,
            mustPark: mustPark
        )
    }

    private func failure(_ loop: ReactiveLoop) async throws -> AttemptFailure {
        try await #require(throws: AttemptFailure.self) { try await loop.run() }
    }

    @Test func `text alone does not end a task, and a correction says what is missing`() async throws {
        let contract = try makeContract {
            $0["requiredHandoff"] = ["verification"]
            $0.setTurns([
                turn(say: "I am done."),
                .members([
                    "seen": ["contains": "`role_data` with `verification`"],
                    "calls": [["tool": "submit_handoff", "input": ["summary": "s", "completion": "full"]]],
                ]),
                turn(
                    (
                        "submit_handoff",
                        ["summary": "s", "completion": "full", "role_data": ["verification": "ran"]]
                    ),
                    seen: ["error": true, "contains": "`role_data.verification` is missing"]
                ),
            ])
        }
        guard case .handedOff(let handoff) = try await loop(contract).run() else {
            throw Failure(.internal, "parked")
        }
        #expect(handoff.body.at("role_data", "verification") == "ran")
    }

    @Test func `a model that never complies fails for the contract's sake after three corrections`()
        async throws
    {
        let contract = try makeContract {
            $0.setTurns(.array(Array(repeating: turn(say: "Done."), count: 9)))
        }
        let meter = Meter(price: nil)
        let failure = try await failure(loop(contract, meter: meter))
        #expect(failure.category == .contract && failure.message.contains("never submitted a handoff"))
        #expect(meter.usage.modelCalls == 4)
    }

    @Test func `corrections are counted in a row only`() async throws {
        let read = turn(("read_predecessor_handoff", [:]))
        let text = turn(say: "Done.")
        let contract = try makeContract { $0.setTurns([text, text, text, read, text, text, text, handOff]) }
        #expect(try await loop(contract).run().isHandedOff)
    }

    @Test func `reads run side by side, mutations alone, and answers come in the order of the calls`()
        async throws
    {
        let trace = Mutex<[String]>([])
        let running = Mutex((now: 0, most: 0))
        let read = Tool.test("read", .read) { input in
            let number = Int(input["number"]?.integer ?? 0)
            running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            // The first of them takes the longest, so that order is not an accident.
            try await Task.sleep(for: .milliseconds(max(5, 120 - number * 10)))
            running.withLock { $0.now -= 1 }
            trace.withLock { $0.append("read") }
            return "read \(number)"
        }
        let write = Tool.test("write", .write) { _ in
            let others = running.withLock { $0.now }
            trace.withLock { $0.append("write with \(others) reads") }
            return "written"
        }
        func reads(_ numbers: Range<Int>) -> [Value] {
            numbers.map { ["tool": "read", "input": ["number": .integer(Int64($0))]] }
        }
        let contract = try makeContract {
            $0["tools"] = ["read", "write", "submit_handoff"]
            let calls = reads(0..<10) + [["tool": "write", "input": [:]]] + reads(10..<11)
            $0.setTurns([["calls": .array(calls)], handOff])
        }
        let loop = try loop(contract, tools: [read, write])
        let answers = try await loop.dispatcher.answer(
            (0..<10).map { ToolCall(id: "\($0)", name: "read", input: ["number": .integer(Int64($0))]) }
        )
        #expect(answers.map(\.text) == (0..<10).map { "read \($0)" })
        #expect(running.withLock { $0.most } == ToolDispatcher.readLimit)
        trace.withLock { $0 = [] }
        #expect(try await loop.run().isHandedOff)
        let expected = Array(repeating: "read", count: 10) + ["write with 0 reads", "read"]
        #expect(trace.withLock { $0 } == expected)
    }

    @Test func `what is wrong with a call is a result, with near names, and the tool is not reached`()
        async throws
    {
        let calls = Mutex(0)
        let tool = Tool.test(
            "file_read",
            .read,
            schema: objectSchema(["path": textSchema("")], required: ["path"])
        ) {
            _ in
            calls.withLock { $0 += 1 }
            throw Failure(.notFound, "There is no `x`", reason: "file_not_found")
        }
        let contract = try makeContract {
            $0.setTurns([
                turn(("file_raed", ["path": "x"])),
                turn(
                    ("file_read", ["pth": "x"]),
                    seen: ["error": true, "contains": "Did you mean `file_read`?"]
                ),
                turn(
                    ("file_read", ["path": 1]),
                    seen: ["contains": "`pth` is unknown; did you mean `path`?"]
                ),
                turn(("file_read", ["path": "x"]), seen: ["contains": "`path` must be a string"]),
                turn(
                    ("submit_handoff", ["summary": "s", "completion": "full"]),
                    seen: ["error": true, "matches": "There is no `x`"]
                ),
            ])
        }
        #expect(try await loop(contract, tools: [tool]).run().isHandedOff)
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func `nothing is done after the handoff, which is submitted once`() async throws {
        let writes = Mutex(0)
        let write = Tool.test("write", .write) { _ in
            writes.withLock { $0 += 1 }
            return ""
        }
        let submit: (String, Value) = ("submit_handoff", ["summary": "first", "completion": "blocked"])
        let contract = try makeContract {
            $0["tools"] = ["write", "submit_handoff"]
            $0.setTurns([
                turn(submit, ("write", [:]), ("submit_handoff", ["summary": "2", "completion": "full"]))
            ])
        }
        let end = try await loop(contract, tools: [write]).run()
        guard case .handedOff(let handoff) = end else { throw Failure(.internal, "parked") }
        #expect(handoff.summary == "first" && handoff.completion == .blocked)
        #expect(writes.withLock { $0 } == 0)
    }

    @Test func `an assessment must give a resolution and a delivery must not`() async throws {
        let approved: Value = ["summary": "s", "completion": "full", "resolution": "approved"]
        let judging = try makeContract {
            $0["identity"]?["purpose"] = "assessment"
            $0.setTurns([
                handOff, turn(("submit_handoff", approved), seen: ["contains": "must give its `resolution`"]),
            ])
        }
        guard case .handedOff(let verdict) = try await loop(judging).run() else {
            throw Failure(.internal, "parked")
        }
        #expect(verdict.resolution == .approved)
        let delivering = try makeContract {
            $0.setTurns([
                turn(("submit_handoff", approved)),
                turn(
                    ("submit_handoff", ["summary": "s", "completion": "full"]),
                    seen: ["contains": "only an assessment gives a `resolution`"]
                ),
            ])
        }
        #expect(try await loop(delivering).run().isHandedOff)
    }

    @Test func `no call starts past a limit`() async throws {
        let text = turn(("read_predecessor_handoff", [:]), say: "thinking")
        let turns = Value.array(Array(repeating: text, count: 50))
        let limits: [(String, Value, String)] = [
            ("iterations", 3, "3 iterations"), ("tokens", 2000, "2000 tokens"), ("cost", "0.01", "$0.01"),
        ]
        for (name, value, words) in limits {
            let contract = try makeContract {
                $0["limits"]?[name] = value
                $0.setTurns(turns)
            }
            let meter = Meter(price: contract.model.price)
            let failure = try await failure(loop(contract, meter: meter))
            #expect(failure.category == .contract && failure.message.contains(words), "\(failure)")
            #expect(meter.usage.modelCalls > 1)
            if name == "iterations" { #expect(meter.usage.modelCalls == 3) }
            if name == "cost" { #expect(meter.usage.cost < USD("0.0105") ?? .zero) }
        }
    }

    @Test func `a transient failure of the model is tried again as often as the contract says`() async throws
    {
        let asked = Mutex(0)
        let contract = try makeContract()
        let failing = Model(label: "test") { _ in
            asked.withLock { $0 += 1 }
            throw Failure(.unavailable, "529")
        }
        let first = try await failure(loop(contract, model: failing))
        #expect(first.category == .model && first.message == "529")
        #expect(asked.withLock { $0 } == 3)
        asked.withLock { $0 = 0 }
        let refusing = Model(label: "test") { _ in
            asked.withLock { $0 += 1 }
            throw Failure(.invalid, "400")
        }
        #expect(try await failure(loop(contract, model: refusing)).category == .model)
        #expect(asked.withLock { $0 } == 1)
    }

    @Test func `a loop parks between two turns`() async throws {
        let contract = try makeContract {
            $0.setTurns([
                turn(("read_predecessor_handoff", [:])), turn(("read_predecessor_handoff", [:])), handOff,
            ])
        }
        let turns = Mutex(0)
        let loop = try loop(
            contract,
            mustPark: {
                turns.withLock {
                    $0 += 1
                    return $0 == 3
                }
            }
        )
        #expect(try await loop.run() == .parked)
        #expect(loop.meter.usage.modelCalls == 2)
    }

    @Test
    func `only tools of the contract are offered, and an assessment gets none that changes its subject`()
        throws
    {
        let everything = Toolbox.catalogue.map(\.name)
        let delivery = try makeContract { $0["tools"] = .strings(everything + ["grep", "web_fetch"]) }
        #expect(Toolbox(for: delivery).names == everything)
        let assessment = try makeContract {
            $0["tools"] = .strings(everything)
            $0["identity"]?["purpose"] = "assessment"
        }
        #expect(
            Toolbox(for: assessment).names == [
                "file_read", "file_list", "grep", "shell_exec", "submit_handoff", "read_predecessor_handoff",
            ]
        )
        let reading = try makeContract {
            $0["tools"] = .strings(everything)
            $0["workspace"] = [
                "name": "calculator", "branch": "agirunner/fix", "abandoned": [],
                "spec": ["type": "git", "branch": "main", "readOnly": true, "setup": []],
            ]
        }
        #expect(Toolbox(for: reading).names == Toolbox(for: assessment).names)
        #expect(Toolbox(for: try makeContract { $0["tools"] = ["grep"] }).names == ["grep"])
    }

    @Test func `predecessors are shown, all or those of a stage`() async throws {
        let contract = try makeContract {
            $0["predecessors"] = [
                [
                    "stage": "reproduce", "role": "developer", "revision": 1,
                    "handoff": ["summary": "It fails."],
                ],
                ["stage": "review", "role": "reviewer", "revision": 1, "handoff": ["summary": "Not yet."]],
            ]
            $0.setTurns([
                turn(("read_predecessor_handoff", [:])),
                turn(
                    ("read_predecessor_handoff", ["stage": "review"]),
                    seen: ["matches": "*It fails.*Not yet.*"]
                ),
                turn(("read_predecessor_handoff", ["stage": "x"]), seen: ["matches": "*Not yet.*"]),
                turn(
                    ("submit_handoff", ["summary": "s", "completion": "full"]),
                    seen: ["error": true, "contains": "there are: reproduce, review"]
                ),
            ])
        }
        #expect(try await loop(contract).run().isHandedOff)
    }
}

extension LoopTests {
    @Test func `calls of a turn that ends the attempt are counted`() async throws {
        let contract = try makeContract {
            $0["tools"] = ["fine", "broken", "submit_handoff"]
            $0.setTurns([turn(("fine", [:]), ("broken", [:]), ("fine", [:]))])
        }
        let meter = Meter(price: nil)
        let tools: [Tool] = [
            .test("fine", .execute) { _ in "done" },
            .test("broken", .execute) { _ in throw AttemptFailure(.infrastructure, "broken") },
        ]
        #expect(try await failure(loop(contract, tools: tools, meter: meter)).message == "broken")
        #expect(meter.usage.toolCalls == 2)
    }
}

extension ReactiveLoop.End {
    fileprivate var isHandedOff: Bool { if case .handedOff = self { true } else { false } }
}

extension Tool {
    /// A tool of a test, owned by the runtime so that it needs no sandbox.
    static func test(
        _ name: String,
        _ effect: Effect,
        schema: Value = ["type": "object"],
        _ run: @escaping @Sendable (Value) async throws -> String
    ) -> Tool {
        Tool(
            name: name,
            summary: "",
            schema: schema,
            effect: effect,
            owner: .runtime,
            timeout: .seconds(10),
            outputLimit: 1000
        ) { input, _ in ToolOutput(try await run(input)) }
    }
}

extension SandboxEngine {
    /// An engine that must not be asked.
    static let none = SandboxEngine(
        name: "none",
        create: { _ in throw Failure(.unsupported, "no sandbox") },
        exec: { _, _ in throw Failure(.unsupported, "no sandbox") },
        destroy: { _ in },
        limits: { _ in [] },
        sweep: { _ in [] }
    )
}

extension Timepiece {
    /// The system's clocks, with pauses that take no time.
    static let instant = Timepiece(
        now: system.now,
        wall: system.wall,
        sleep: { _ in try Task.checkCancellation() }
    )
}
