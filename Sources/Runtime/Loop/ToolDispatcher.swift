internal import Containers
internal import Domain
internal import Threads

/// Carries out the calls of one turn: reads side by side, everything else alone and in order.
struct ToolDispatcher: Sendable {
    /// Reads that run at the same time.
    static let readLimit = 8

    let toolbox: Toolbox
    let context: ToolContext
    let meter: Meter
    let log: TaskLog
    let clock: Timepiece

    /// The answers, one for each call, in the order of the calls.
    ///
    /// - Throws: `AttemptFailure` when the attempt cannot go on; `CancellationError`. What a tool refuses is
    /// an answer.
    func answer(_ calls: [ToolCall]) async throws -> [ToolAnswer] {
        var answers: [ToolAnswer] = []
        var rest = calls[...]
        while let call = rest.first {
            if context.desk.handoff != nil {
                // What comes after the handoff could make it untrue.
                meter.countToolCalls(rest.count)
                answers += rest.map { refusal($0, "The handoff is submitted; nothing is done after it") }
                break
            }
            let reads = rest.prefix { toolbox[$0.name]?.effect == .read }
            let batch = reads.isEmpty ? [call] : Array(reads)
            rest = rest.dropFirst(batch.count)
            // Counted before they are done: a call that ends the attempt was made, too.
            meter.countToolCalls(batch.count)
            if batch.contains(where: { toolbox[$0.name]?.owner == .sandbox }) {
                try await context.workbench.open()
            }
            answers += try await answerTogether(batch)
        }
        return answers
    }

    /// Carries calls out side by side; answers and log lines come in the order of the calls.
    private func answerTogether(_ batch: [ToolCall]) async throws -> [ToolAnswer] {
        try await withThrowingTaskGroup(of: (Int, Timed).self) { group in
            var answers: [Timed?] = Array(repeating: nil, count: batch.count)
            for (index, call) in batch.enumerated() {
                if index >= Self.readLimit, let (done, answer) = try await group.next() {
                    answers[done] = answer
                }
                group.addTask { (index, try await answerOne(call)) }
            }
            for try await (done, answer) in group { answers[done] = answer }
            return zip(batch, answers.compactMap { $0 }).map { call, answer in
                record(call, answer)
                return answer.answer
            }
        }
    }

    /// An answer and how long it took.
    private struct Timed: Sendable {
        let answer: ToolAnswer
        let took: Duration
    }

    private func answerOne(_ call: ToolCall) async throws -> Timed {
        try Task.checkCancellation()
        let started = clock.now()
        let answer = try await carriedOut(call)
        return Timed(answer: answer, took: started.duration(to: clock.now()))
    }

    private func record(_ call: ToolCall, _ timed: Timed) {
        log.add(
            .tool,
            "\(call.name)\(timed.answer.isError ? " (error)" : "")",
            [
                "call": .string(call.id), "tool": .string(call.name), "input": call.input,
                "result": .string(timed.answer.text), "error": .bool(timed.answer.isError),
                "milliseconds": .integer(timed.took.milliseconds),
            ]
        )
    }

    private func carriedOut(_ call: ToolCall) async throws -> ToolAnswer {
        guard let tool = toolbox[call.name] else {
            let near = nearestName(to: call.name, among: toolbox.names).map { " Did you mean `\($0)`?" } ?? ""
            let names = toolbox.names.joined(separator: ", ")
            return refusal(
                call,
                "There is no tool `\(call.name)`.\(near) Tools: \(names)"
            )
        }
        let problems = InputSchema(schema: tool.schema).problems(with: call.input.withoutNulls)
        if !problems.isEmpty { return refusal(call, problems.joined(separator: ". ")) }
        do {
            let input = call.input.withoutNulls
            let context = context
            let output = try await withDeadline(tool.timeout) { try await tool.run(input, context) }
            return ToolAnswer(
                callID: call.id,
                tool: call.name,
                text: shortened(output.text, to: tool.outputLimit),
                isError: output.isError
            )
        } catch {
            return try refusal(call, tool, error)
        }
    }

    /// The answer that an error amounts to, unless it ends the attempt.
    private func refusal(_ call: ToolCall, _ tool: Tool, _ error: any Error) throws -> ToolAnswer {
        switch error {
        case let failure as AttemptFailure: throw failure
        case is CancellationError where Task.isCancelled: throw error
        case let refused as ToolRefusal:
            return refusal(call, shortened(refused.message, to: tool.outputLimit))
        case let failure as Failure: return refusal(call, failure.message)
        case let error as SystemError where error.code == .timedOut:
            return refusal(call, "`\(call.name)` took longer than \(tool.timeout.text) and was stopped")
        default: return refusal(call, "\(error)")
        }
    }

    private func refusal(_ call: ToolCall, _ message: String) -> ToolAnswer {
        ToolAnswer(callID: call.id, tool: call.name, text: message, isError: true)
    }
}

/// Cuts what is longer to its head and tail, with a marker between them; limit in bytes.
func shortened(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var stream = CapturedStream(limit: limit)
    stream.append(Array(text.utf8))
    return stream.text
}
