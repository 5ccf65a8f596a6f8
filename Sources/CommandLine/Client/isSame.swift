import Domain

/// Whether a write left everything that people declare as it was.
///
/// A status may move meanwhile, and so may the version.
func isSame(_ before: Object, _ after: Object) -> Bool {
    let (old, new) = (before.metadata, after.metadata)
    return old.generation == new.generation && before.spec == after.spec
        && old.labels ?? [:] == new.labels ?? [:] && old.annotations ?? [:] == new.annotations ?? [:]
}
