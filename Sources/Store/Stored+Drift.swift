internal import Domain

/// How long corrections of the same object count together, and how many of them are a fight.
private let flappingWindow = Duration.seconds(600)
private let flappingCount = 3

extension Origin {
    /// What a change says about whose fields they are: the type of its event, and what it tells.
    func news(since before: Origin) -> (type: String, members: [String: Value?]) {
        let (now, then) = (gitSource ?? appliedBy, before.gitSource ?? before.appliedBy)
        if gitSource != before.gitSource {
            return (
                "object.ownership_moved",
                [
                    "from": then.map(Value.string), "to": now.map(Value.string),
                    "was": before.place.map(Value.string),
                ]
            )
        }
        let gained = (taken ?? .none).subtracting(before.taken ?? .none)
        if !gained.isEmpty {
            return (
                "object.fields_taken",
                ["fields": .strings(gained.paths), "from": manager.map(Value.string)]
            )
        }
        let restored = (before.taken ?? .none).subtracting(taken ?? .none)
        if !restored.isEmpty, before.givesWay(to: self) {
            return (
                "object.drift_corrected",
                ["fields": .strings(restored.paths), "owners": .strings(before.holders(of: restored))]
            )
        }
        return ("object.changed", [:])
    }

    /// Whether fields that were taken are the file's again because a commit was applied.
    fileprivate func givesWay(to after: Origin) -> Bool {
        after.declared != .unknown && after.gitSource == gitSource && after.gitSource != nil
    }

    /// The names of those who hold fields, sorted.
    fileprivate func holders(of fields: FieldSet) -> [String] {
        (owners ?? []).filter { !$0.fields.intersection(fields).isEmpty }.map(\.name).sorted()
    }
}

extension Stored {
    /// This object with what its status says of fields that were taken, put back, and taken again.
    func tellingDrift(since before: Stored, now: Timestamp) -> Stored {
        guard origin.taken != before.origin.taken else { return self }
        var copy = self
        let generation = object.metadata.generation
        var words: (String, String)?
        if let taken = origin.taken {
            let holders = origin.holders(of: taken).joined(separator: " and ")
            let fields = taken.paths.joined(separator: ", ")
            let place = origin.place ?? "a file"
            words = ("FieldsTaken", "\(fields): declared at \(place), and \(holders) took it")
        }
        copy.object.status = SideCondition.drifted.status(
            object.status,
            words,
            generation: generation,
            now: now
        )
        if origin.news(since: before.origin).type == "object.drift_corrected" {
            copy.object.status = copy.countingCorrection(since: before, now: now)
        }
        return copy
    }

    private func countingCorrection(since before: Stored, now: Timestamp) -> Value? {
        guard let restored = before.origin.taken else { return object.status }
        let earlier = object.status?.at(SideCondition.driftMember, "corrections")?.array ?? []
        let recent = earlier.compactMap { $0.string.flatMap { Timestamp($0) } }
            .filter { now - $0 < flappingWindow }
        let corrections = Array((recent + [now]).suffix(flappingCount))
        var status = object.status ?? [:]
        status[SideCondition.driftMember] = [
            "corrections": .array(corrections.map { .string($0.description) })
        ]
        guard corrections.count == flappingCount else { return status }
        let holders = [origin.manager ?? "git"] + before.origin.holders(of: restored)
        let message =
            "\(holders.joined(separator: " and ")) have changed \(restored.paths.joined(separator: ", ")) "
            + "\(flappingCount) times in ten minutes; change the file, or stop the other"
        return SideCondition.flapping.status(
            status,
            ("ChangedByBoth", message),
            generation: object.metadata.generation,
            now: now
        )
    }

    /// The sources that have to look at what was done to an object, by a person or by a commit of a source.
    ///
    /// What a person did concerns its own source when fields of the file were taken or given back or the
    /// object left it, and the one it is offered to; a commit concerns the source that the object left.
    func sourcesConcerned(since before: Stored, by source: String?) -> Set<String> {
        var names: Set<String> = []
        guard source == nil else {
            if let former = before.origin.gitSource, former != source { names.insert(former) }
            return names
        }
        if origin.taken != before.origin.taken || origin.declared == .unknown
            || origin.gitSource != before.origin.gitSource
        {
            names.formUnion([origin.gitSource, before.origin.gitSource].compactMap(\.self))
        }
        let offer = Transfer.target(of: object.metadata.annotations)
        if offer != Transfer.target(of: before.object.metadata.annotations), let offer { names.insert(offer) }
        return names
    }
}
