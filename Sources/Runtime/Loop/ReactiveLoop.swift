internal import Domain

/// Model call, tool results, model call, and so on until the handoff is submitted.
struct ReactiveLoop: Sendable {
    /// How a loop ends when it does not fail.
    enum End: Sendable, Equatable {
        case handedOff(Handoff)
        /// It was asked to stop between two turns.
        case parked
    }

    /// How often in a row a model is told what is missing before it has failed.
    static let correctionLimit = 3

    let contract: Contract
    let model: Model
    let dispatcher: ToolDispatcher
    let desk: HandoffDesk
    let meter: Meter
    let log: TaskLog
    let clock: Timepiece
    /// Asked at each turn boundary.
    let mustPark: @Sendable () -> Bool

    /// Runs to the end.
    ///
    /// - Throws: `AttemptFailure`; `CancellationError`.
    func run() async throws -> End {
        var transcript = Transcript(
            system: systemPrompt(contract),
            tools: dispatcher.toolbox.tools.map(\.description),
            brief: contract.brief
        )
        var corrections = 0
        for iteration in 1... {
            try Task.checkCancellation()
            if mustPark() { return .parked }
            try meter.admitCall(
                promptTokens: tokens(ofBytes: transcript.byteCount),
                iteration: iteration,
                limits: contract.limits
            )
            let turn = try await ask(transcript, iteration)
            transcript.append(.model(text: turn.text, calls: turn.calls))
            if !turn.calls.isEmpty {
                transcript.append(.answers(try await dispatcher.answer(turn.calls)))
                if let handoff = desk.handoff { return .handedOff(handoff) }
                corrections = 0
                continue
            }
            corrections += 1
            guard corrections <= Self.correctionLimit else {
                throw AttemptFailure(
                    .contract,
                    "The model ended its turn without a tool call \(corrections) times in a row and "
                        + "never submitted a handoff"
                )
            }
            transcript.append(.user(correction(contract)))
            log.add(
                .runtime,
                "the model was told what is missing",
                ["correction": .integer(Int64(corrections))]
            )
        }
        throw AttemptFailure(.contract, "The loop has no end")
    }

    /// One turn of the model; a transient failure is tried again as often as the contract says.
    private func ask(_ transcript: Transcript, _ iteration: Int) async throws -> ModelTurn {
        var failures = 0
        while true {
            let started = clock.now()
            do {
                let turn = try await model.reply(transcript)
                meter.count(turn.tokens)
                record(turn, iteration, took: started.duration(to: clock.now()))
                return turn
            } catch let failure as Failure {
                failures += 1
                log.add(
                    .model,
                    "the model call failed",
                    ["iteration": .integer(Int64(iteration)), "error": .string(failure.description)]
                )
                guard failure.isTransient, failures <= contract.limits.modelRetries else {
                    throw AttemptFailure(.model, failure.message)
                }
                try await clock.sleep(min(.seconds(30), .milliseconds(500) * (1 << min(failures - 1, 10))))
            }
        }
    }

    private func record(_ turn: ModelTurn, _ iteration: Int, took: Duration) {
        log.add(
            .model,
            turn.text.isEmpty ? "(no text)" : turn.text,
            [
                "model": .string(contract.model.model), "provider": .string(model.label),
                "scripted": .bool(model.label == "scripted"), "turn": .integer(Int64(iteration)),
                "calls": .strings(turn.calls.map(\.name)), "inputTokens": .integer(turn.tokens.input),
                "outputTokens": .integer(turn.tokens.output), "milliseconds": .integer(took.milliseconds),
                "cost": .string(cost(of: turn.tokens, price: contract.model.price).description),
            ]
        )
    }
}

/// The instructions of the role, and how every task ends.
///
/// No id, clock or lease is in it, so that prompts
/// repeat.
func systemPrompt(_ contract: Contract) -> String {
    let place = contract.workspace.map {
        "The repository is /workspace/repo, branch \($0.branch); relative paths and the shell start there."
    }
    let rules = [
        place, "What earlier agents handed over is in /workspace/context and in `read_predecessor_handoff`.",
        "The task ends when you call `submit_handoff`; a text alone does not end it.",
    ]
    return ([contract.instructions] + rules.compactMap { $0 }).joined(separator: "\n\n")
}

/// What is missing, for a model that stopped too early.
private func correction(_ contract: Contract) -> String {
    var parts = ["This task is not over: no handoff was submitted. Go on, or call `submit_handoff` with"]
    parts.append("`summary`, `completion` (full or blocked)")
    if contract.identity.purpose == .assessment { parts.append("`resolution`") }
    if !contract.requiredHandoff.isEmpty {
        parts.append("`role_data` with \(contract.requiredHandoff.map { "`\($0)`" }.joined(separator: ", "))")
    }
    return parts[0] + " " + parts.dropFirst().joined(separator: ", ") + "."
}
