/// A text from outside, compared as octets. For keys and comparisons.
///
/// Swift's `==` treats texts as equal if Unicode calls them canonically equivalent: `é` as one scalar and as two. To
/// the database and the router they are two topics, two roles, two users.
package struct ExactText: Hashable, Sendable, CustomStringConvertible {
    /// The text as given.
    package let text: String

    /// Takes the text as it is.
    package init(_ text: String) {
        self.text = text
    }

    /// The text.
    package var description: String { self.text }

    /// Whether two texts are the same octets.
    package static func == (one: ExactText, other: ExactText) -> Bool {
        Self.areSame(one.text, other.text)
    }

    /// Whether two texts are the same octets.
    package static func areSame(_ one: String, _ other: String) -> Bool {
        let (one, other) = (one.utf8, other.utf8)
        return one.count == other.count && one.elementsEqual(other)
    }

    /// Hashes the octets.
    package func hash(into hasher: inout Hasher) {
        let isHashed: Void? = self.text.utf8.withContiguousStorageIfAvailable { octets in
            hasher.combine(bytes: UnsafeRawBufferPointer(octets))
        }
        if isHashed == nil {
            for octet in self.text.utf8 { hasher.combine(octet) }
        }
        hasher.combine(self.text.utf8.count)
    }
}
