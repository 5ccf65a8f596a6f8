/// The annotations by which people steer an object that a file declares, without a commit.
///
/// The names are the design's: everything else of such an object is changed in its file.
package enum DoorAnnotations {
    /// Leaves a source alone while it is `true`.
    package static let suspend = "agirunner.dev/suspend"

    /// Every one of them.
    package static let all: Set<String> = [
        suspend, GitSourceSpec.applyPlan, GitSourceSpec.reconcileAt, GitSourceSpec.rollback,
    ]
}

extension Declared {
    /// What a file declares, with what people have set on the stored object and the file does not speak of.
    ///
    /// A plan keeps it, and whoever writes the plan does so again, for what was set or taken away since.
    package func keepingDoorAnnotations(of stored: Stored) -> Declared {
        let held = stored.origin.doorAnnotations ?? []
        let kept = origin.doorAnnotations ?? []
        guard origin.gitSource != nil, !(held + kept).isEmpty else { return self }
        var copy = self
        var annotations = object.metadata.annotations ?? [:]
        for name in kept { annotations[name] = nil }
        let names = held.filter { annotations[$0] == nil }
        for name in names { annotations[name] = stored.object.metadata.annotations?[name] }
        copy.object.metadata.annotations = annotations.isEmpty ? nil : annotations
        copy.origin.doorAnnotations = names.isEmpty ? nil : names
        return copy
    }

    /// The stored object of a file with the annotations that this one, which a person sent, has of those that
    /// may be set on the control door.
    ///
    /// Nil when it differs in anything else, or in an annotation that the file declares itself; and when it
    /// differs in nothing, since whoever sends what a file declares takes it for their own.
    package func annotating(_ stored: Stored) -> Declared? {
        let (wanted, there) = (object.metadata, stored.object.metadata)
        guard digest == stored.digest, wanted.labels ?? [:] == there.labels ?? [:] else { return nil }
        var held = Set(stored.origin.doorAnnotations ?? [])
        let (new, old) = (wanted.annotations ?? [:], there.annotations ?? [:])
        let changed = Set(new.keys).union(old.keys).filter { new[$0] != old[$0] }
        guard !changed.isEmpty else { return nil }
        for name in changed {
            guard DoorAnnotations.all.contains(name), held.contains(name) || old[name] == nil else {
                return nil
            }
            if new[name] == nil { held.remove(name) } else { held.insert(name) }
        }
        var copy = self
        copy.origin = stored.origin
        copy.origin.doorAnnotations = held.isEmpty ? nil : held.sorted()
        return copy
    }
}
