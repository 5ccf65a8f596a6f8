/// That an object's shown form is new.
package struct Change: Sendable, Hashable {
    package enum Act: Sendable, Hashable { case put, removed }

    package let position: Position
    package let act: Act
    /// The object as it is now, or its last image when it was removed.
    package let object: Object
    /// Its labels before, so that a watcher learns of one that left its selector.
    package let labelsBefore: [String: String]?

    /// A change of its parts; `labelsBefore` nil means it did not exist.
    package init(position: Position, act: Act, object: Object, labelsBefore: [String: String]?) {
        self.position = position
        self.act = act
        self.object = object
        self.labelsBefore = labelsBefore
    }
}
