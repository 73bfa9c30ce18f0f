/// How the entries of a section differ from those of another file: what is gone, new, and other than it was.
package struct EntryChanges<Entry: MappedEntry> {
    /// Are no more, as they were.
    package private(set) var removed: [Entry] = []

    /// Are new.
    package private(set) var added: [Entry] = []

    /// Say something else of the same, as they are now.
    package private(set) var changed: [Entry] = []

    /// Say the same at another place, as they are now.
    package private(set) var moved: [Entry] = []

    /// Compares the entries of two files. In each no two have the same key.
    init(from old: [Entry], to new: [Entry]) {
        var former = Dictionary(old.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in new {
            guard let before = former.removeValue(forKey: entry.key) else {
                self.added.append(entry)
                continue
            }
            if !entry.isSame(as: before) {
                self.changed.append(entry)
            } else if entry.places != before.places {
                self.moved.append(entry)
            }
        }
        self.removed = old.filter { former[$0.key] != nil }
    }

    /// How many entries are other than they were. One that has only moved is not.
    package var count: Int { self.removed.count + self.added.count + self.changed.count }
}

/// An entry of a section that maps something.
package protocol MappedEntry {
    /// What two files mean the same entry by.
    associatedtype Key: Hashable

    /// What is mapped.
    var key: Key { get }

    /// Where messages say that it stands.
    var places: [Location] { get }

    /// Whether it says the same as another one of the same key, wherever the two stand.
    func isSame(as other: Self) -> Bool
}
