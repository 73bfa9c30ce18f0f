/// A piece of a YAML document with its place: the reader of the configuration knows YAML only in this form.
///
/// Scalars stay text; the reader decides about their meaning, so that no rule of YAML turns `no` into a boolean or
/// `1_000` into a number unnoticed.
struct YAMLNode: Sendable {
    /// The kind of a node.
    enum Content: Sendable {
        /// A text. `isPlain`: it had no quotes.
        case scalar(text: String, isPlain: Bool)

        /// A list.
        case sequence([YAMLNode])

        /// Keys and values in the order of the file, no key twice.
        case mapping([YAMLEntry])
    }

    /// The place of its beginning; a value from an alias keeps the place of its anchor.
    let location: Location

    /// The kind.
    let content: Content

    /// The number of its nodes, including itself: the price of an alias to it.
    let size: Int

    /// Its depth: 1 for a scalar.
    let height: Int
}

/// One key of a mapping and its value.
struct YAMLEntry: Sendable {
    /// The key's text.
    let key: String

    /// The place of the key.
    let location: Location

    /// The key's value.
    let value: YAMLNode
}

/// The fault of a YAML text; does not quote the text.
struct YAMLFault: Error, Sendable {
    /// The place.
    let location: Location

    /// The fault, as a part of a sentence.
    let problem: String

    /// The remedy.
    let remedy: String
}

/// The limits of a configuration file: nothing within them can exhaust the stack or the memory.
struct YAMLLimits: Sendable {
    /// Octets of the file.
    var size = 1 << 20

    /// Nodes, including those that aliases repeat.
    var nodes = 100_000

    /// Mappings and lists within one another.
    var depth = 64

    /// Faults after which reading continues.
    var faults = 1000
}
