internal import Domain

/// Why a source is not ready whose commit waits for the end of a freeze.
private let frozenReason = "Frozen"

/// A time in which no commit of a source is applied, as it stands now.
struct Freeze {
    /// When the next commit may be applied.
    let end: Timestamp
    let reason: String?
    let now: Timestamp
    /// Until when it is to be lifted, as somebody wrote it; nil for nobody.
    let override: String?

    /// Until when somebody has lifted it; nil for nobody.
    var liftedUntil: Timestamp? { override.flatMap { Timestamp($0) }.flatMap { $0 > now ? $0 : nil } }
}

// In a freeze nothing new is applied: what people do by hand, and going back, is not held up.
extension SourceController {
    /// The freeze that a commit meets; nil when there is none, or the commit brings nothing new.
    func freeze(_ look: SourceLook) async throws -> Freeze? {
        let windows = look.spec.freeze ?? []
        guard !windows.isEmpty, look.tip == look.newest,
            look.stored.object.status?["appliedCommit"]?.string != look.tip.text
        else { return nil }
        var last: (end: Timestamp, window: FreezeWindow, now: Timestamp)?
        for (zone, windows) in Dictionary(grouping: windows, by: \.timeZone).sorted(by: { $0.key < $1.key }) {
            let back = windows.compactMap { Duration(text: $0.duration) }.max() ?? .zero
            let clock = try await objects.clock(zone, back)
            for window in windows {
                guard let end = window.end(at: clock), last.map({ $0.end < end }) ?? true else { continue }
                last = (end, window, clock.now)
            }
        }
        guard let last else { return nil }
        return Freeze(
            end: last.end,
            reason: last.window.reason,
            now: last.now,
            override: look.stored.object.metadata.annotations?[GitSourceSpec.overrideFreeze]
        )
    }

    /// Ends the look at a commit that waits; what is in force is still kept as its files say.
    func wait(
        _ look: SourceLook,
        _ claimed: ClaimedKey,
        _ signed: SignedCommit,
        _ freeze: Freeze,
        after interval: Duration
    ) async throws -> Outcome {
        let reason = freeze.reason.map { " (\($0))" } ?? ""
        let useless = freeze.override.map { " ('\($0.prefix(40))' is no moment to come)" } ?? ""
        let message =
            "commit \(look.tip.short) waits until \(freeze.end)\(reason); to apply it earlier, annotate the "
            + "source with \(GitSourceSpec.overrideFreeze)=TIME\(useless)"
        let members = signed.members.merging(try await keepInForce(look, claimed)) { told, _ in told }
        try await say(.reconciling(reason: frozenReason, message: message), look.stored, claimed, members)
        return .again(after: min(interval, max(.seconds(1), freeze.end - freeze.now)))
    }

    /// Tells, as an event, that a commit is applied in a freeze, and until when somebody has lifted that.
    func noteLifting(_ look: SourceLook, _ freeze: Freeze, until: Timestamp) async throws {
        try await objects.record(
            PlainEvent(
                type: "source.freeze_overridden",
                subject: look.stored.object.key,
                actor: "controller",
                data: .members([
                    "commit": .string(look.tip.text), "until": .string(until.description),
                    "freezeEnd": .string(freeze.end.description), "reason": freeze.reason.map(Value.string),
                ])
            )
        )
    }
}
