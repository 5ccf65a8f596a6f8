internal import Domain

extension Model {
    /// A model that plays a screenplay: only the thinking is canned, all else is real.
    ///
    /// What it answers follows from the transcript alone, so the same transcript is always answered alike.
    static func scripted(_ screenplay: Screenplay, for identity: Contract.Identity) -> Model {
        let play = Play(screenplay, for: identity)
        return Model(label: "scripted") { transcript in try play.turn(after: transcript) }
    }
}

/// One scene that is being played.
private struct Play: Sendable {
    private let scene: Screenplay.Scene?
    private let name: String

    init(_ screenplay: Screenplay, for identity: Contract.Identity) {
        scene = screenplay.scene(for: identity)
        name =
            "\(identity.role)/\(identity.stage), revision \(identity.revision), attempt "
            + "\(identity.attemptNumber), workflow \(identity.workflow)"
    }

    func turn(after transcript: Transcript) throws -> ModelTurn {
        guard let scene else { throw departure("there is no scene for \(name)") }
        var turns = scene.turns
        var next = 0
        var departed = false
        var chosen: Screenplay.Turn?
        // The calls before this one are replayed to learn whether and where the scene departed.
        for news in transcript.news {
            do {
                chosen = try turn(next, of: turns, shown: news)
            } catch {
                guard !departed, let departs = scene.departs else { throw error }
                (turns, next, departed) = (departs, 0, true)
                chosen = try turn(next, of: turns, shown: news)
            }
            next += 1
        }
        guard let chosen else { throw departure("the transcript is empty") }
        return answer(chosen, transcript)
    }

    private func turn(
        _ number: Int,
        of turns: [Screenplay.Turn],
        shown news: [Transcript.Message]
    ) throws -> Screenplay.Turn {
        guard number < turns.count else {
            throw departure("call \(number + 1) is past the last turn; seen: \(excerpt(text(of: news)))")
        }
        let turn = turns[number]
        if let seen = turn.seen, !seen.holds(for: news) {
            let shown = excerpt(text(of: news))
            throw departure("turn \(number + 1) expected \(seen.sentence); seen: \(shown)")
        }
        return turn
    }

    private func answer(_ turn: Screenplay.Turn, _ transcript: Transcript) -> ModelTurn {
        let calls = turn.calls.enumerated().map { index, call in
            ToolCall(id: "call-\(transcript.modelTurns + 1)-\(index + 1)", name: call.tool, input: call.input)
        }
        let text = turn.say ?? ""
        return ModelTurn(
            text: text,
            calls: calls,
            tokens: TokenCount(
                input: tokens(ofBytes: transcript.byteCount),
                output: tokens(ofBytes: replyByteCount(text: text, calls: calls))
            )
        )
    }

    private func departure(_ what: String) -> Failure {
        Failure(
            .invalid,
            "The screenplay departs in the scene \(name): \(what)",
            reason: "screenplay_departed"
        )
    }
}

extension Screenplay {
    /// The scene with the most selectors among those that fit; the first of several.
    func scene(for identity: Contract.Identity) -> Scene? {
        var best: Scene?
        for scene in scenes where scene.fits(identity) {
            if let chosen = best, chosen.specificity >= scene.specificity { continue }
            best = scene
        }
        return best
    }
}

extension Screenplay.Scene {
    fileprivate func fits(_ identity: Contract.Identity) -> Bool {
        role == identity.role && (stage ?? identity.stage) == identity.stage
            && (revision ?? identity.revision) == identity.revision
            && (attempt ?? identity.attemptNumber) == identity.attemptNumber
            && (workflow ?? identity.workflow) == identity.workflow
    }

    fileprivate var specificity: Int {
        [stage != nil, revision != nil, attempt != nil, workflow != nil].count { $0 }
    }
}

extension Screenplay.Seen {
    /// Whether everything that is asked for holds for the new messages.
    func holds(for news: [Transcript.Message]) -> Bool {
        var texts: [String] = []
        for message in news {
            switch message {
            case .user(let text) where tool == nil && error == nil: texts.append(text)
            case .answers(let answers): texts += answers.filter(concerns).map(\.text)
            case .user, .model: continue
            }
        }
        guard !texts.isEmpty else { return false }
        let text = texts.joined(separator: "\n")
        return (contains.map { !occurrences(of: $0, in: text).isEmpty } ?? true)
            && (matches.map { globMatches($0, text) } ?? true)
    }

    private func concerns(_ answer: ToolAnswer) -> Bool {
        (tool ?? answer.tool) == answer.tool && (error ?? answer.isError) == answer.isError
    }

    /// What is asked for, for people.
    var sentence: String {
        let source =
            switch (tool, error) {
            case (let tool?, let error?): "a result of `\(tool)` that is \(error ? "an error" : "no error")"
            case (let tool?, nil): "a result of `\(tool)`"
            case (nil, let error?): "a result that is \(error ? "an error" : "no error")"
            case (nil, nil): "something new"
            }
        let texts = [contains.map { "that contains `\($0)`" }, matches.map { "that matches `\($0)`" }]
        return ([source] + texts.compactMap { $0 }).joined(separator: " ")
    }
}

private func text(of news: [Transcript.Message]) -> String {
    news.map { message in
        switch message {
        case .user(let text): text
        case .model(let text, _): text
        case .answers(let answers):
            answers.map { "[\($0.tool)\($0.isError ? ", error" : "")] \($0.text)" }.joined(separator: "\n")
        }
    }.joined(separator: "\n")
}

private func excerpt(_ text: String) -> String {
    text.utf8.count <= 2000 ? "`\(text)`" : "`\(text.prefix(1000)) … \(text.suffix(900))`"
}
